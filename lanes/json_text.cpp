#include <twinlane/lanes/json_text.hpp>

#include <algorithm>
#include <vector>

namespace twinlane {
namespace {

std::size_t string_size(std::string_view text) {
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '\\')
      ++i;
    else if (text[i] == '"')
      return i + 1;
  }
  return text.size();
}

std::size_t value_size(std::string_view text) {
  if (text.starts_with('"')) return string_size(text);
  if (!text.starts_with('{') && !text.starts_with('[')) return std::min(text.find_first_of(",}] \t\r\n"), text.size());
  std::size_t depth = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"') {
      i += string_size(text.substr(i)) - 1;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if ((c == '}' || c == ']') && --depth == 0) {
      return i + 1;
    }
  }
  return text.size();
}

std::string_view take(std::string_view& from, std::size_t size) {
  const auto taken = from.substr(0, size);
  from.remove_prefix(size);
  return taken;
}

void skip(std::string_view& from, const char* what) {
  from.remove_prefix(std::min(from.find_first_not_of(what), from.size()));
}

}  // namespace

bool member_reader::next(json_member& m) {
  skip(rest_, " \t\r\n,");
  if (!rest_.starts_with('"')) return false;
  m.name = take(rest_, string_size(rest_));
  skip(rest_, " \t\r\n:");
  m.value = take(rest_, value_size(rest_));
  return !m.value.empty();
}

std::string_view member_of(std::string_view object, std::string_view quoted_name) {
  member_reader members(object);
  for (json_member m; members.next(m);)
    if (m.name == quoted_name) return m.value;
  return {};
}

void append_merged(std::string& out, std::string_view base, std::string_view patch) {
  if (!patch.starts_with('{')) {
    out += patch;
    return;
  }
  struct change {
    json_member to;
    bool used;
  };
  std::vector<change> changes;
  member_reader read(patch);
  for (json_member m; read.next(m);) changes.push_back({m, false});
  std::vector<change*> by_name;
  for (auto& c : changes) by_name.push_back(&c);
  std::sort(by_name.begin(), by_name.end(), [](auto* a, auto* b) { return a->to.name < b->to.name; });
  const auto append = [&](std::string_view name, std::string_view before, std::string_view now) {
    if (now == "null") return;
    if (out.back() != '{') out += ',';
    out += name;
    out += ':';
    append_merged(out, before, now);
  };
  out += '{';
  member_reader members(base.starts_with('{') ? base : std::string_view());
  for (json_member m; members.next(m);) {
    const auto at = std::lower_bound(by_name.begin(), by_name.end(), m.name,
                                     [](auto* c, std::string_view name) { return c->to.name < name; });
    if (at != by_name.end() && (*at)->to.name == m.name) {
      (*at)->used = true;
      append(m.name, m.value, (*at)->to.value);
    } else {
      if (out.back() != '{') out += ',';
      out.append(m.name).append(":").append(m.value);
    }
  }
  for (const auto& c : changes)
    if (!c.used) append(c.to.name, {}, c.to.value);
  out += '}';
}

}  // namespace twinlane
