#include <twinlane/web/access/policy_table.hpp>

#include <algorithm>
#include <stdexcept>

#include <twinlane/web/access/token_text.hpp>
#include <twinlane/web/fields.hpp>

namespace twinlane::web {
namespace {

constexpr std::size_t known_max = 1'000, tag_digits = 12;

bool among(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::shared_ptr<const field_set> field_set_of(const std::vector<std::string>& paths) {
  auto set = std::make_shared<field_set>();
  for (const auto& text : paths) set->add(text == "*" ? field_set::path() : *split_field(text));
  return set;
}

// Names without `*`, which says all of them.
std::vector<std::string> names_of(const std::vector<std::string>& from, bool& all) {
  all = among(from, "*");
  return all ? std::vector<std::string>() : from;
}

void join(std::vector<std::string>& to, const std::vector<std::string>& from) {
  for (const auto& name : from)
    if (!among(to, name)) to.push_back(name);
}

std::string tag_of(const field_set& read) {
  return read.is_all() ? std::string() : hex(sha256(read.text())).substr(0, tag_digits);
}

}  // namespace

std::shared_ptr<const rights> rights::all() {
  static const auto everything = [] {
    rights r;
    r.read = std::make_shared<const field_set>(field_set::all());
    r.all_commands = r.all_writes = r.remove = true;
    return std::make_shared<const rights>(std::move(r));
  }();
  return everything;
}

bool rights::may_command(std::string_view lane) const { return all_commands || among(commands, lane); }
bool rights::may_write(std::string_view lane) const { return all_writes || among(writes, lane); }

bool has_role(const principal& who, std::string_view role) {
  return role == "self" || std::binary_search(who.roles.begin(), who.roles.end(), role);
}

policy_table::policy_table(const std::vector<policy_line>& lines, std::vector<type_description> types) {
  if (lines.size() > UINT16_MAX) throw std::invalid_argument("policies: there are more than 65535 lines");
  for (const auto& from : lines) {
    if (const auto wrong = wrong_policy(from, types))
      throw std::invalid_argument("policies: " + wrong->field + ": " + wrong->text);
    line l{from.role, {}, {}, true, {}, from.api};
    if (const auto* type = type_of_pattern(from.on, types)) {
      l.type = type->name;
      const auto own = split_uri(from.on), route = split_uri(type->route);
      for (std::size_t i = 0; i < own.size(); ++i) {
        const auto claim = claim_of(own[i]);
        if (claim && !among(claims_, *claim)) claims_.push_back(*claim);
        l.every = l.every && !claim;
        using kind = segment::kind;
        l.segments.push_back(claim                       ? segment{kind::claim, *claim}
                             : route[i].starts_with(':') ? segment{kind::any, {}}
                                                         : segment{kind::literal, std::string(own[i])});
      }
      l.gives.read = field_set_of(from.read);
      l.gives.commands = names_of(from.command, l.gives.all_commands);
      l.gives.writes = names_of(from.write, l.gives.all_writes);
      l.gives.remove = from.remove;
    }
    lines_.push_back(std::move(l));
  }
}

bool policy_table::fits(const line& l, const principal& who, const std::vector<std::string_view>& uri) const {
  const auto same = [&](const segment& s, std::string_view own) {
    if (s.what == segment::kind::any) return true;
    if (s.what == segment::kind::literal) return own == s.text;
    const auto claim = who.claims.find(s.text);
    return claim != who.claims.end() && decode_segment(own) == claim->second;
  };
  return !l.segments.empty() && has_role(who, l.role) &&
         std::equal(l.segments.begin(), l.segments.end(), uri.begin(), uri.end(), same);
}

std::shared_ptr<const rights> policy_table::on(const principal& who, std::string_view uri) const {
  const auto segments = split_uri(uri);
  line_set of;
  for (std::size_t i = 0; i < lines_.size(); ++i)
    if (fits(lines_[i], who, segments)) of.push_back(static_cast<std::uint16_t>(i));
  const std::lock_guard lock(mutex_);
  const auto found = known_.find(of);
  if (found != known_.end()) return found->second;
  auto made = merged(of);
  if (known_.size() < known_max) known_.emplace(std::move(of), made);
  return made;
}

std::shared_ptr<const rights> policy_table::merged(const line_set& of) const {
  rights r;
  auto read = std::make_shared<field_set>();
  for (const auto i : of) {
    const auto& gives = lines_[i].gives;
    read->add(*gives.read);
    join(r.commands, gives.commands);
    join(r.writes, gives.writes);
    r.all_commands = r.all_commands || gives.all_commands;
    r.all_writes = r.all_writes || gives.all_writes;
    r.remove = r.remove || gives.remove;
  }
  r.tag = tag_of(*read);
  r.read = std::move(read);
  return std::make_shared<const rights>(std::move(r));
}

bool policy_table::may(const principal& who, std::string_view api) const {
  return std::any_of(lines_.begin(), lines_.end(),
                     [&](const line& l) { return among(l.api, api) && has_role(who, l.role); });
}

bool policy_table::reads_some(const principal& who, std::string_view type) const {
  return std::any_of(lines_.begin(), lines_.end(), [&](const line& l) {
    return l.type == type && !l.segments.empty() && !l.gives.read->empty() && has_role(who, l.role);
  });
}

bool policy_table::reads_every(const principal& who, std::string_view type) const {
  return std::any_of(lines_.begin(), lines_.end(), [&](const line& l) {
    return l.type == type && l.every && !l.segments.empty() && !l.gives.read->empty() && has_role(who, l.role);
  });
}

}  // namespace twinlane::web
