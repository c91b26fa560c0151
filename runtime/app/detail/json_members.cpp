#include <twinlane/runtime/app/detail/json_members.hpp>

#include <algorithm>

namespace twinlane::app::detail {

namespace {

decode_status bad(const char* what) { return {lane_errc::bad_json, what}; }

/// Walks over a text by its strings, brackets and commas.
class scanner {
 public:
  explicit scanner(std::string_view text) : rest_(text) {}

  void skip_space() noexcept { rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\r\n"), rest_.size())); }
  bool take(char c) noexcept {
    skip_space();
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool at_end() noexcept {
    skip_space();
    return rest_.empty();
  }
  /// The string that begins here, in its quotes; nothing when none does.
  std::string_view string() noexcept {
    skip_space();
    return rest_.starts_with('"') ? take_first(string_end(0)) : std::string_view();
  }
  /// What lies before the next comma or closing bracket of this level; nothing when there is none.
  std::string_view value() noexcept {
    skip_space();
    std::size_t depth = 0, at = 0;
    for (; at < rest_.size(); ++at) {
      const char c = rest_[at];
      if (c == '"') {
        at = string_end(at) - 1;
        if (at >= rest_.size()) break;
      } else if (c == '{' || c == '[') {
        ++depth;
      } else if (depth == 0 && (c == ',' || c == '}' || c == ']')) {
        break;
      } else if (c == '}' || c == ']') {
        --depth;
      }
    }
    if (at >= rest_.size()) return {};
    const auto found = take_first(at);
    return found.substr(0, found.find_last_not_of(" \t\r\n") + 1);
  }

 private:
  /// Behind the string that begins at `at`; 0 when it does not end.
  std::size_t string_end(std::size_t at) const noexcept {
    for (++at; at < rest_.size(); ++at) {
      if (rest_[at] == '\\')
        ++at;
      else if (rest_[at] == '"')
        return at + 1;
    }
    return 0;
  }
  std::string_view take_first(std::size_t n) noexcept {
    const auto first = rest_.substr(0, n);
    rest_.remove_prefix(n);
    return first;
  }

  std::string_view rest_;
};

}  // namespace

decode_status split_members(decoder& d, std::string_view text, std::vector<json_member>& to) {
  to.clear();
  scanner at(text);
  if (!at.take('{')) return bad("not a JSON object");
  if (at.take('}')) return at.at_end() ? decode_status{} : bad("there is more behind the object");
  for (bool more = true; more;) {
    const auto name = at.string();
    if (name.empty() || !at.take(':')) return bad("not a JSON object, or it is cut off");
    json_member found;
    if (auto status = d.decode(name, found.name); !status) return status;
    found.value = at.value();
    if (found.value.empty()) return bad("not a JSON object, or it is cut off");
    to.push_back(std::move(found));
    more = at.take(',');
  }
  if (!at.take('}')) return bad("not a JSON object, or it is cut off");
  return at.at_end() ? decode_status{} : bad("there is more behind the object");
}

std::string_view find_member(const std::vector<json_member>& all, std::string_view name) noexcept {
  const auto found = std::find_if(all.begin(), all.end(), [&](const json_member& m) { return m.name == name; });
  return found == all.end() ? std::string_view() : found->value;
}

}  // namespace twinlane::app::detail
