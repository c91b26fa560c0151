#include <algorithm>
#include <unordered_set>
#include <vector>

#include <twinlane/agents/detail/expression_eval.hpp>

namespace twinlane::detail::expr {

using nlohmann::json;

namespace {

bool before(const value& a, const value& b) {
  const auto order = compare(a, b);
  return order && *order < 0;
}

}  // namespace

// Children: a keyed lane or a list, then the inner expression.
void evaluation::walk(const node& n, const std::function<bool(const value&)>& see) {
  const auto inner = n.in.back();
  const auto entry_before = entry_, key_before = key_;
  const bool in_before = in_entry_;
  const auto visit = [&] {
    in_entry_ = true;
    return see(at(inner));
  };
  const auto& source = program_.nodes[n.in[0]];
  if (source.what == op::entries) {
    context_.each(source.index, [&](std::string_view key, const json& entry) {
      entry_ = value::of(entry);
      key_ = value::of(key);
      return visit();
    });
  } else if (const auto list = at(n.in[0]); list.bits() == a_list) {
    std::int64_t i = 0;
    for (const auto& element : list.json()) {
      entry_ = value::of(element);
      key_ = value::of(i++);
      if (!visit()) break;
    }
  }
  entry_ = entry_before;
  key_ = key_before;
  in_entry_ = in_before;
}

value evaluation::reduce(const node& n) {
  switch (n.by) {
    case reducer::count:
      return count(n);
    case reducer::sum:
    case reducer::mean:
      return number_of(n);
    case reducer::min:
    case reducer::max:
      return extreme(n);
    case reducer::median:
      return median(n);
    case reducer::any:
    case reducer::all:
      return test(n);
    case reducer::latest:
      return latest(n);
    case reducer::distinct:
      return distinct(n);
    case reducer::collect:
      return collect(n);
  }
  return {};
}

value evaluation::count(const node& n) {
  if (n.in.size() == 2) {
    std::int64_t found = 0;
    walk(n, [&](const value& v) {
      found += v.is_true();
      return true;
    });
    return value::of(found);
  }
  const auto& source = program_.nodes[n.in[0]];
  if (source.what == op::entries) return value::of(static_cast<std::int64_t>(context_.count(source.index)));
  const auto list = at(n.in[0]);
  return list.bits() == a_list ? value::of(static_cast<std::int64_t>(list.json().size())) : value();
}

value evaluation::latest(const node& n) {
  const auto& source = program_.nodes[n.in[0]];
  if (source.what == op::entries) {
    spend(context_.count(source.index) / 64);  // a map is searched for it
    return value::of(context_.latest(source.index));
  }
  const auto list = at(n.in[0]);
  return list.bits() == a_list && !list.json().empty() ? value::of(list.json().back()) : value();
}

value evaluation::number_of(const node& n) {
  auto sum = value::of(std::int64_t{0});
  std::int64_t found = 0;
  walk(n, [&](const value& v) {
    if (!v.is_number()) return true;
    sum = add(sum, v);
    ++found;
    return true;
  });
  if (n.by == reducer::sum) return sum;
  return found == 0 ? value() : value::of(sum.real() / static_cast<double>(found));
}

value evaluation::extreme(const node& n) {
  value best;
  walk(n, [&](const value& v) {
    if (!v.is_number()) return true;
    if (best.is_null() || (n.by == reducer::min ? before(v, best) : before(best, v))) best = v;
    return true;
  });
  return best;
}

value evaluation::median(const node& n) {
  std::vector<value> all;
  walk(n, [&](const value& v) {
    if (v.is_number()) all.push_back(v);
    return true;
  });
  if (all.empty()) return {};
  spend(all.size());
  const auto middle = all.begin() + static_cast<std::ptrdiff_t>(all.size() / 2);
  std::nth_element(all.begin(), middle, all.end(), before);
  if (all.size() % 2 == 1) return *middle;
  const auto lower = *std::max_element(all.begin(), middle, before);
  return divide(add(lower, *middle), value::of(std::int64_t{2}));
}

value evaluation::test(const node& n) {
  bool answer = n.by == reducer::all;
  walk(n, [&](const value& v) {
    answer = v.is_true();
    return answer == (n.by == reducer::all);
  });
  return value::of(answer);
}

value evaluation::distinct(const node& n) {
  std::unordered_set<std::string> seen;
  walk(n, [&](const value& v) {
    if (v.is_null()) return true;
    if (v.what() == value::kind::json) check_result(bytes_of(v.json(), expression::result_bytes_max + 1));
    // 2 and 2.0 are one number; '2' is another value.
    std::string text(1, static_cast<char>('0' + v.bits()));
    append_text(text, v.what() == value::kind::real ? whole_if_whole(v.real()) : v);
    hold(text.size());
    seen.insert(std::move(text));
    return true;
  });
  return value::of(static_cast<std::int64_t>(seen.size()));
}

value evaluation::collect(const node& n) {
  json made = json::array();
  std::size_t bytes = 2;
  walk(n, [&](const value& v) {
    if (v.is_null()) return true;
    bytes += bytes_of(v, expression::result_bytes_max + 1);
    check_result(bytes);
    made.push_back(to_json(v));
    return true;
  });
  return keep(std::move(made));
}

}  // namespace twinlane::detail::expr
