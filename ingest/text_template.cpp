#include <twinlane/ingest/text_template.hpp>

#include <algorithm>
#include <span>
#include <stdexcept>

#include <twinlane/agents/uri.hpp>

namespace twinlane::ingest {
namespace {

[[noreturn]] void fail(std::string_view text, const std::string& why) {
  throw std::invalid_argument("'" + std::string(text) + "': " + why);
}

std::vector<std::string> split_path(std::string_view path) {
  std::vector<std::string> names(1);
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (path[i] == '\\') {
      if (i + 1 == path.size() || (path[i + 1] != '.' && path[i + 1] != '\\'))
        fail(path, "a backslash escapes '.' or another backslash");
      names.back() += path[++i];
    } else if (path[i] == '.') {
      names.emplace_back();
    } else {
      names.back() += path[i];
    }
  }
  for (const auto& name : names)
    if (name.empty()) fail(path, "a field's name is empty");
  return names;
}

struct special {
  std::string_view name;
  part_kind kind;
};
constexpr special of_record[] = {{"$key", part_kind::key},
                                 {"$topic", part_kind::topic},
                                 {"$partition", part_kind::partition},
                                 {"$offset", part_kind::offset},
                                 {"$timestamp", part_kind::timestamp}};
constexpr special of_item[] = {{"$key", part_kind::key},
                               {"$uri", part_kind::uri},
                               {"$id", part_kind::id},
                               {"$timestamp", part_kind::timestamp},
                               {"$value", part_kind::value}};

template_part special_part(std::string_view text, std::string_view name, template_of what) {
  const auto known = what == template_of::record ? std::span<const special>(of_record) : std::span(of_item);
  std::string names;
  for (const auto& s : known) {
    if (s.name == name) return {s.kind, {}, 0};
    names += (names.empty() ? "{" : ", {") + std::string(s.name) + '}';
  }
  fail(text, "'{" + std::string(name) + "}' is not one of " + names);
}

// A URI's slashes inside {…} belong to the field's name.
std::vector<std::string_view> split_segments(std::string_view text) {
  std::vector<std::string_view> segments;
  bool open = false;
  std::size_t from = 1;
  for (std::size_t i = 1; i <= text.size(); ++i) {
    if (i == text.size() || (text[i] == '/' && !open)) {
      segments.push_back(text.substr(from, i - from));
      from = i + 1;
    } else if (text[i] == '{') {
      open = true;
    } else if (text[i] == '}') {
      open = false;
    }
  }
  return segments;
}

}  // namespace

unsigned field_paths::add(std::string_view path) {
  node* at = &root_;
  for (const auto& name : split_path(path)) {
    if (at->number >= 0) fail(path, "'" + paths_[static_cast<unsigned>(at->number)] + "' is taken as text already");
    auto child = std::find_if(at->children.begin(), at->children.end(), [&](const node& n) { return n.name == name; });
    if (child == at->children.end()) child = at->children.insert(child, node{name, -1, {}});
    at = &*child;
  }
  if (!at->children.empty()) fail(path, "is taken as an object by another path");
  if (at->number < 0) {
    at->number = static_cast<int>(paths_.size());
    paths_.emplace_back(path);
  }
  return static_cast<unsigned>(at->number);
}

text_template::text_template(std::string_view text, field_paths& fields, template_of what) {
  std::string_view rest = text;
  while (!rest.empty()) {
    const auto brace = rest.find_first_of("{}");
    add_literal(rest.substr(0, brace));
    if (brace == std::string_view::npos) break;
    rest.remove_prefix(brace);
    if (rest.substr(0, 2) == "{{" || rest.substr(0, 2) == "}}") {
      add_literal(rest.substr(0, 1));
      rest.remove_prefix(2);
      continue;
    }
    if (rest[0] == '}') fail(text, "has a '}' without its '{'");
    const auto end = rest.find('}');
    if (end == std::string_view::npos) fail(text, "has a '{' without its '}'");
    const auto name = rest.substr(1, end - 1);
    if (name.empty() || name.find('{') != std::string_view::npos) fail(text, "write {field}, {a.b} or {$key}");
    parts_.push_back(name[0] == '$' ? special_part(text, name, what)
                                    : template_part{part_kind::field, {}, fields.add(name)});
    rest.remove_prefix(end + 1);
  }
}

void text_template::add_literal(std::string_view text) {
  if (text.empty()) return;
  if (parts_.empty() || parts_.back().kind != part_kind::literal) parts_.push_back({part_kind::literal, {}, 0});
  parts_.back().text += text;
}

text_template text_template::literal(std::string text) {
  text_template t;
  t.parts_.push_back({part_kind::literal, std::move(text), 0});
  return t;
}

bool text_template::uses(part_kind kind) const noexcept {
  return std::any_of(parts_.begin(), parts_.end(), [&](const template_part& p) { return p.kind == kind; });
}

uri_template::uri_template(std::string_view text, field_paths& fields) {
  if (text.size() < 2 || text[0] != '/') fail(text, "a URI template starts with '/', as in /customer/{customer_id}");
  for (const auto segment : split_segments(text)) {
    if (segment.empty()) fail(text, "has an empty segment");
    segments_.emplace_back(segment, fields);
    if (!segments_.back().is_literal()) continue;
    std::string canonical;
    auto decoded = decode_segment(segment);
    if (!decoded || !append_segment(canonical, *decoded) || canonical != segment)
      fail(text, "segment '" + std::string(segment) + "' is not in canonical percent-encoding");
    segments_.back() = text_template::literal(std::move(*decoded));
  }
}

bool uri_template::uses(part_kind kind) const noexcept {
  return std::any_of(segments_.begin(), segments_.end(), [&](const text_template& s) { return s.uses(kind); });
}

unsigned uri_template::first_open_segment() const noexcept {
  const auto open = std::find_if(segments_.begin(), segments_.end(), [](const auto& s) { return !s.is_literal(); });
  return static_cast<unsigned>(open - segments_.begin());
}

}  // namespace twinlane::ingest
