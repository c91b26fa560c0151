#include <twinlane/lanes/field_set.hpp>

#include <twinlane/lanes/codec.hpp>
#include <twinlane/lanes/json_text.hpp>
#include <twinlane/lanes/selected_patch.hpp>

#include <nlohmann/json.hpp>

namespace twinlane {
namespace {

// A member's name as it is written, in its quotes, without them and its escapes.
std::string_view name_of(const json_member& m, std::string& unescaped) {
  const auto inner = m.name.substr(1, m.name.size() - 2);
  if (inner.find('\\') == std::string_view::npos) return inner;
  return unescaped = nlohmann::json::parse(m.name).get<std::string>();
}

void open_member(std::string& out, const json_member& m) {
  out += m.name;
  out += ':';
}

void close_object(std::string& out) {
  if (out.back() == ',')
    out.back() = '}';
  else
    out += '}';
}

// whole: a place above is marked. changed: null below such a place, where nobody knows anything of this one.
bool select_patch(std::string& out, std::string_view patch, const field_set& fields, const dirty_paths::node* changed,
                  bool whole) {
  if (fields.is_all()) {
    out += patch;
    return true;
  }
  if (!patch.starts_with('{')) {
    if (changed) out += "null";
    return changed != nullptr;
  }
  whole = whole || !changed || changed->marked();
  const auto start = out.size();
  out += '{';
  std::string unescaped;
  member_reader members(patch);
  for (json_member m; members.next(m);) {
    const auto name = name_of(m, unescaped);
    const auto* below = fields.find(name);
    if (!below) continue;
    const auto at = out.size();
    open_member(out, m);
    if (select_patch(out, m.value, *below, changed ? changed->find(name) : nullptr, whole))
      out += ',';
    else
      out.resize(at);
  }
  if (out.size() == start + 1 && !whole) {
    out.resize(start);
    return false;
  }
  close_object(out);
  return true;
}

}  // namespace

field_set field_set::all() {
  field_set s;
  s.all_ = true;
  return s;
}

field_set field_set::of(const std::vector<path>& paths) {
  field_set s;
  for (const auto& p : paths) s.add(p);
  return s;
}

void field_set::add(const path& p) {
  auto* at = this;
  for (const auto& name : p) {
    if (at->all_) return;
    at = &at->members_[name];
  }
  at->all_ = true;
  at->members_.clear();
}

void field_set::add(const field_set& other) {
  if (all_) return;
  if (other.all_) {
    *this = all();
    return;
  }
  for (const auto& [name, below] : other.members_) members_[name].add(below);
}

const field_set* field_set::find(std::string_view name) const {
  if (all_) return this;
  const auto it = members_.find(name);
  return it == members_.end() ? nullptr : &it->second;
}

void field_set::add(const std::string& name, const field_set& other) {
  if (!all_) members_[name].add(other);
}

std::string field_set::text() const {
  if (all_) return "*";
  std::string out = "{";
  for (const auto& [name, below] : members_) {
    append_json_string(out, name);
    out += ':' + below.text() + ',';
  }
  return out += '}';
}

field_set intersection(const field_set& a, const field_set& b) {
  if (a.is_all()) return b;
  if (b.is_all()) return a;
  field_set both;
  for (const auto& [name, below] : a.members()) {
    const auto* other = b.find(name);
    if (!other) continue;
    if (auto common = intersection(below, *other); !common.empty()) both.add(name, common);
  }
  return both;
}

bool append_selected(std::string& out, std::string_view json, const field_set& fields) {
  if (fields.is_all()) {
    out += json;
    return true;
  }
  if (!json.starts_with('{')) return false;
  out += '{';
  std::string unescaped;
  member_reader members(json);
  for (json_member m; members.next(m);) {
    const auto* below = fields.find(name_of(m, unescaped));
    if (!below) continue;
    const auto at = out.size();
    open_member(out, m);
    if (append_selected(out, m.value, *below))
      out += ',';
    else
      out.resize(at);
  }
  close_object(out);
  return true;
}

bool append_selected_patch(std::string& out, std::string_view patch, const field_set& fields,
                           const dirty_paths::node& changed) {
  return select_patch(out, patch, fields, &changed, false);
}

}  // namespace twinlane
