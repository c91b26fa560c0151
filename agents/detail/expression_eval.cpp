#include <twinlane/agents/detail/expression_eval.hpp>

#include <algorithm>
#include <array>

#include <twinlane/agents/detail/expression_functions.hpp>

namespace twinlane::detail::expr {

using nlohmann::json;

void evaluation::out_of_steps() {
  throw expression_overrun("an expression took more than " + std::to_string(expression::steps_max) +
                           " steps: " + program_.source.substr(0, 100) + ". Keep fewer entries in the lanes it reads.");
}

void evaluation::check_result(std::size_t bytes) {
  if (bytes > expression::result_bytes_max)
    throw expression_overrun("an expression gives more than " + std::to_string(expression::result_bytes_max) +
                             " bytes. Give less: the fields that are needed.");
}

void evaluation::hold(std::size_t bytes) {
  held_ += bytes;
  spend_bytes(bytes);
  if (held_ > 16 * expression::result_bytes_max)
    throw expression_overrun("an expression holds more than " + std::to_string(16 * expression::result_bytes_max) +
                             " bytes on the way to its answer: " + program_.source.substr(0, 100));
}

value evaluation::keep(std::string made) {
  check_result(made.size());
  hold(made.size());
  return value::of(std::string_view(texts_.emplace_front(std::move(made))));
}

value evaluation::keep(json made) {
  const auto bytes = bytes_of(made, expression::result_bytes_max + 1);
  check_result(bytes);
  hold(bytes);
  return value::of(documents_.emplace_front(std::move(made)));
}

value evaluation::at(std::uint32_t ref) {
  spend(1);
  const auto& n = program_.nodes[ref];
  switch (n.what) {
    case op::literal:
      return n.constant;
    case op::record:
      return value::of(context_.record());
    case op::entry:
      return entry_;
    case op::key:
      return key();
    case op::lane:
      return value::of(context_.value(n.index));
    case op::entries:
      return whole_lane(n);
    case op::param:
      return value::of(context_.param(n.index));
    case op::function:
      return function(n);
    case op::reduce:
      return reduce(n);
    case op::member:
      return member(n);
    case op::index:
      return index(n);
    case op::all_of:
      return all_of(n);
    case op::any_of:
      return any_of(n);
    case op::equal:
    case op::unequal:
      return test_equal(n);
    case op::less:
    case op::at_most:
    case op::greater:
    case op::at_least:
      return test_order(n);
    default:
      return operate(n);
  }
}

value evaluation::operate(const node& n) {
  switch (n.what) {
    case op::one_of:
      return one_of(n);
    case op::between:
      return between(n);
    case op::like:
      return like(n);
    case op::choose:
      return choose(n);
    case op::object:
      return object(n);
    case op::list:
      return list(n);
    default:
      break;
  }
  const auto a = at(n.in[0]);
  if (n.what == op::is_null) return value::of(a.is_null());
  if (n.what == op::invert) return a.is_true() ? value::of(false) : a.is_false() ? value::of(true) : value();
  if (n.what == op::negate) return negate(a);
  const auto b = at(n.in[1]);
  switch (n.what) {
    case op::add:
      return add(a, b);
    case op::subtract:
      return subtract(a, b);
    case op::multiply:
      return multiply(a, b);
    case op::divide:
      return divide(a, b);
    default:
      return remainder(a, b);
  }
}

value evaluation::all_of(const node& n) {
  bool unknown = false;
  for (const auto child : n.in) {
    const auto v = at(child);
    if (v.is_false()) return v;
    unknown = unknown || !v.is_true();
  }
  return unknown ? value() : value::of(true);
}

value evaluation::any_of(const node& n) {
  bool unknown = false;
  for (const auto child : n.in) {
    const auto v = at(child);
    if (v.is_true()) return v;
    unknown = unknown || !v.is_false();
  }
  return unknown ? value() : value::of(false);
}

bool evaluation::equal(const value& a, const value& b) {
  if (a.is_text() && b.is_text()) {
    spend_bytes(std::min(a.text().size(), b.text().size()));
  } else if (a.what() == value::kind::json && b.what() == value::kind::json) {
    spend(bytes_of(a.json(), 64 * expression::steps_max) / 64);
  }
  return equals(a, b);
}

std::optional<std::strong_ordering> evaluation::order(const value& a, const value& b) {
  if (a.is_text() && b.is_text()) spend_bytes(std::min(a.text().size(), b.text().size()));
  return compare(a, b);
}

value evaluation::test_equal(const node& n) {
  const auto a = at(n.in[0]);
  const auto b = at(n.in[1]);
  if (a.is_null() || b.is_null()) return {};
  return value::of(equal(a, b) == (n.what == op::equal));
}

value evaluation::test_order(const node& n) {
  const auto a = at(n.in[0]);
  const auto b = at(n.in[1]);
  const auto found = order(a, b);
  if (!found) return {};
  switch (n.what) {
    case op::less:
      return value::of(*found < 0);
    case op::at_most:
      return value::of(*found <= 0);
    case op::greater:
      return value::of(*found > 0);
    default:
      return value::of(*found >= 0);
  }
}

value evaluation::one_of(const node& n) {
  const auto a = at(n.in[0]);
  if (a.is_null()) return {};
  bool unknown = false;
  for (std::size_t i = 1; i < n.in.size(); ++i) {
    const auto b = at(n.in[i]);
    if (b.is_null())
      unknown = true;
    else if (equal(a, b))
      return value::of(true);
  }
  return unknown ? value() : value::of(false);
}

value evaluation::between(const node& n) {
  const auto x = at(n.in[0]);
  const auto low = order(x, at(n.in[1]));
  const auto high = order(x, at(n.in[2]));
  if ((low && *low < 0) || (high && *high > 0)) return value::of(false);
  return low && high ? value::of(true) : value();
}

value evaluation::like(const node& n) {
  const auto a = at(n.in[0]);
  if (!a.is_text()) return {};
  spend(a.text().size() / 64);
  return value::of(program_.patterns[n.index].matches(a.text()));
}

value evaluation::choose(const node& n) {
  for (std::size_t i = 0; i + 1 < n.in.size(); i += 2)
    if (at(n.in[i]).is_true()) return at(n.in[i + 1]);
  return at(n.in.back());
}

value evaluation::function(const node& n) {
  const auto& f = functions()[n.index];
  std::array<value, arguments_max> arguments;
  for (std::size_t i = 0; i < n.in.size(); ++i) {
    arguments[i] = at(n.in[i]);
    const bool fits = arguments[i].is_null() ? f.takes_null : (arguments[i].bits() & f.taken(i)) != 0;
    if (!fits) return {};
  }
  return f.run(*this, std::span(arguments).first(n.in.size()));
}

value evaluation::object(const node& n) {
  json made = json::object();
  std::size_t bytes = 2;
  for (std::size_t i = 0; i < n.in.size(); ++i) {
    const auto v = at(n.in[i]);
    if (v.is_null()) continue;
    bytes += n.members[i].size() + 4 + bytes_of(v, expression::result_bytes_max + 1);
    check_result(bytes);
    made[n.members[i]] = to_json(v);
  }
  return keep(std::move(made));
}

value evaluation::list(const node& n) {
  json made = json::array();
  std::size_t bytes = 2;
  for (const auto child : n.in) {
    const auto v = at(child);
    bytes += bytes_of(v, expression::result_bytes_max + 1);
    check_result(bytes);
    made.push_back(to_json(v));
  }
  return keep(std::move(made));
}

value evaluation::member(const node& n) {
  const auto& of = program_.nodes[n.in[0]];
  if (of.what == op::entries) return value::of(context_.entry(of.index, n.text));
  const auto v = at(n.in[0]);
  if (v.what() != value::kind::json) return {};
  const auto* members = v.json().get_ptr<const json::object_t*>();
  if (!members) return {};
  const auto found = members->find(n.text);
  return found == members->end() ? value() : value::of(found->second);
}

value evaluation::index(const node& n) {
  const auto& of = program_.nodes[n.in[0]];
  const auto v = of.what == op::entries ? value() : at(n.in[0]);
  const auto k = at(n.in[1]);
  if (!k.is_text() && !k.is_number()) return {};
  if (v.bits() == a_list) {
    if (k.what() != value::kind::integer || k.integer() < 0) return {};
    const auto i = static_cast<std::size_t>(k.integer());
    return i < v.json().size() ? value::of(v.json()[i]) : value();
  }
  std::string text;
  if (k.is_text()) spend_bytes(k.text().size());
  append_text(text, k);
  if (of.what == op::entries) return value::of(context_.entry(of.index, text));
  if (v.bits() != an_object) return {};
  const auto found = v.json().find(text);
  return found == v.json().end() ? value() : value::of(*found);
}

value evaluation::whole_lane(const node& n) {
  json made = json::object();
  std::size_t bytes = 0;
  context_.each(n.index, [&](std::string_view name, const json& entry) {
    spend(1);
    bytes += name.size() + 4 + bytes_of(entry, expression::result_bytes_max + 1);
    check_result(bytes);
    made[std::string(name)] = entry;
    return true;
  });
  return keep(std::move(made));
}

value evaluation::key() { return in_entry_ ? key_ : value::of(context_.record_key()); }

}  // namespace twinlane::detail::expr
