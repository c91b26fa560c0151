#include <algorithm>

#include <twinlane/agents/detail/expression_checker.hpp>
#include <twinlane/agents/detail/expression_functions.hpp>

namespace twinlane::detail::expr {
namespace {

// Changes of one letter that make one word of the other; counted up to 3.
std::size_t distance(std::string_view a, std::string_view b) {
  if (a.size() > b.size() + 2 || b.size() > a.size() + 2) return 3;
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const auto changed = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      row[j] = std::min({changed, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row.back();
}

template <class Names>
std::string nearest(std::string_view word, const Names& names) {
  for (std::size_t least = 0; least <= 2; ++least)
    for (const auto& n : names)
      if (word.size() > least && distance(word.substr(0, 100), n.name) == least)
        return " Did you mean '" + std::string(n.name) + "'?";
  return {};
}

std::string listed(const std::vector<expression_scope::lane>& lanes) {
  std::string out;
  for (const auto& l : lanes) out += (out.empty() ? "" : ", ") + l.name;
  return out.empty() ? "there are none" : out;
}

std::string counted(std::size_t n) { return std::to_string(n) + (n == 1 ? " argument" : " arguments"); }

}  // namespace

bool checker::named(ref r, std::string_view word) const {
  return program_.nodes[r].what == op::name && program_.nodes[r].text == word;
}

void checker::name(node& n) {
  const auto become = [&](op what, bool possible, std::string_view why) {
    if (!possible) throw mistake{n.at, "'" + n.text + "': " + std::string(why)};
    n.what = what;
  };
  if (n.text == "record") return become(op::record, scope_.record, "there is no record here, only lanes.");
  if (n.text == "entry")
    return become(op::entry, in_reducer_ > 0, "there is no entry here. Use it in count() and such.");
  if (n.text == "lane") throw mistake{n.at, "'lane' names a lane: lane.profile, or lane['odd-name']."};
  if (n.text == "key") {
    become(op::key, in_reducer_ > 0 || scope_.record, "there is no record and no entry here that could have a key.");
    n.is = in_reducer_ > 0 ? any_kind : a_text;
    return;
  }
  if (lane(n, n.text)) return;
  if (in_reducer_ == 0 && !scope_.record) unknown_name(n);
  n.what = op::member;
  n.in = {in_reducer_ > 0 ? the_entry : the_record};
}

bool checker::lane(node& n, std::string_view called) {
  const auto found =
      std::find_if(scope_.lanes.begin(), scope_.lanes.end(), [&](const auto& l) { return l.name == called; });
  if (found == scope_.lanes.end()) return false;
  if (found->is == expression_scope::shape::none)
    throw mistake{n.at, "lane '" + found->name + "' has no value that could be read."};
  n.index = static_cast<std::uint32_t>(found - scope_.lanes.begin());
  n.what = found->is == expression_scope::shape::single ? op::lane : op::entries;
  n.is = n.what == op::entries ? an_object : any_kind;
  n.in.clear();
  program_.lanes.push_back(n.index);
  return true;
}

void checker::member(node& n) {
  if (named(n.in[0], "lane")) {
    if (!lane(n, n.text)) unknown_name(n);
    return;
  }
  resolve(n.in[0]);
  if (!fits(n.in[0], an_object))
    throw mistake{n.at, "'." + n.text + "' needs an object, and before it is " + describe(of(n.in[0])) + "."};
}

void checker::index(node& n) {
  if (named(n.in[0], "lane")) {
    const auto& inside = program_.nodes[n.in[1]];
    if (inside.what != op::literal || inside.is != a_text)
      throw mistake{n.at, "the name of a lane is written out: lane['odd-name']."};
    n.text = inside.text;
    if (!lane(n, n.text)) unknown_name(n);
    return;
  }
  resolve_children(n);
  if (!fits(n.in[0], a_list | an_object))
    throw mistake{n.at, "'[' needs a list or an object, and before it is " + describe(of(n.in[0])) + "."};
  if (!fits(n.in[1], a_number | a_text))
    throw mistake{program_.nodes[n.in[1]].at,
                  "between [ and ] stands a number or text, and this is " + describe(of(n.in[1])) + "."};
}

void checker::call(node& n) {
  if (n.text == "param") return param(n);
  if (!reduce(n)) function(n);
}

void checker::function(node& n) {
  const auto all = functions();
  const auto found = std::find_if(all.begin(), all.end(), [&](const auto& f) { return f.name == n.text; });
  if (found == all.end()) unknown_call(n);
  if (n.in.size() < found->least || n.in.size() > found->most)
    throw mistake{n.at, "here are " + counted(n.in.size()) + ". It is written " + std::string(found->shown) + "."};
  resolve_children(n);
  n.what = op::function;
  n.index = static_cast<std::uint32_t>(found - all.begin());
  n.is = found->gives;
  for (std::size_t i = 0; i < n.in.size(); ++i) {
    if (!fits(n.in[i], found->taken(i)))
      throw mistake{program_.nodes[n.in[i]].at, std::string(found->shown) + " takes " + describe(found->taken(i)) +
                                                    " here, and this is " + describe(of(n.in[i])) + "."};
    if (found->gives == 0) n.is |= of(n.in[i]);
  }
}

// min and max of a keyed lane, or of one list, are reducers; of several values they are functions.
bool checker::reduce(node& n) {
  const auto all = reducers();
  const auto found = std::find_if(all.begin(), all.end(), [&](const auto& r) { return r.name == n.text; });
  if (found == all.end()) return false;
  if (n.in.empty()) throw mistake{n.at, "here are no arguments. It is written " + std::string(found->shown) + "."};
  resolve(n.in[0]);
  const bool keyed = program_.nodes[n.in[0]].what == op::entries;
  if ((found->by == reducer::min || found->by == reducer::max) && !keyed && n.in.size() > 1) return false;
  const bool given = n.in.size() == 2;
  if (n.in.size() > 2 || (given ? !found->may_give : !found->may_omit))
    throw mistake{n.at, "here are " + counted(n.in.size()) + ". It is written " + std::string(found->shown) + "."};
  if (!keyed && !fits(n.in[0], a_list))
    throw mistake{
        program_.nodes[n.in[0]].at,
        std::string(found->shown) + " takes a lane with entries or a list, and this is " + describe(of(n.in[0])) + "."};
  if (keyed && found->by == reducer::latest &&
      scope_.lanes[program_.nodes[n.in[0]].index].is == expression_scope::shape::unordered)
    throw mistake{program_.nodes[n.in[0]].at, "this lane does not know which of its entries came last."};
  n.what = op::reduce;
  n.by = found->by;
  n.is = found->gives;
  if (!given && found->by != reducer::count && found->by != reducer::latest) n.in.push_back(the_entry);
  if (!given) return true;
  ++in_reducer_;
  resolve(n.in[1]);
  --in_reducer_;
  if (!fits(n.in[1], found->takes))
    throw mistake{program_.nodes[n.in[1]].at, std::string(found->shown) + " takes " + describe(found->takes) +
                                                  " here, and this is " + describe(of(n.in[1])) + "."};
  return true;
}

void checker::param(node& n) {
  const auto& params = scope_.params;
  if (n.in.size() != 1 || of(n.in[0]) != a_text || program_.nodes[n.in[0]].what != op::literal)
    throw mistake{n.at, "it is written param('id'), with a parameter of the route."};
  const auto found = std::find(params.begin(), params.end(), program_.nodes[n.in[0]].text);
  if (found == params.end())
    throw mistake{program_.nodes[n.in[0]].at, "the route has no parameter '" + program_.nodes[n.in[0]].text + "'."};
  n.what = op::param;
  n.index = static_cast<std::uint32_t>(found - params.begin());
  n.is = a_text;
  n.in.clear();
}

void checker::unknown_name(const node& n) const {
  auto hint = nearest(n.text, scope_.lanes);
  throw mistake{n.at, "there is no lane '" + n.text + "'." +
                          (hint.empty() ? " The lanes are: " + listed(scope_.lanes) + "." : hint)};
}

void checker::unknown_call(const node& n) const {
  auto hint = nearest(n.text, functions());
  if (hint.empty()) hint = nearest(n.text, reducers());
  throw mistake{n.at, "there is no function '" + n.text + "'." + (hint.empty() ? " See docs/expressions.md." : hint)};
}

}  // namespace twinlane::detail::expr
