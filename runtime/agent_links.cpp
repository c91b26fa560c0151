#include <twinlane/runtime/agent_links.hpp>

#include <twinlane/agents/turn.hpp>
#include <twinlane/lanes/selected_patch.hpp>

namespace twinlane {
namespace {

outcome<std::uint64_t> lanes_of(const agent_type& type, const view& what, bool followed) {
  if (what.all) return ~std::uint64_t{0};
  std::uint64_t lanes = 0;
  for (const auto& name : what.lanes) {
    const int i = type.lane_index(name);
    const auto kind = i < 0 ? lane_kind::command : type.lanes()[static_cast<std::size_t>(i)].kind;
    if (!in_document(kind) && !(followed && kind == lane_kind::supply))
      return error{problem::no_such_lane, "agent type '" + type.name() + "' has no lane '" + name + "' to read"};
    lanes |= std::uint64_t{1} << i;
  }
  return lanes;
}

// Opens the text of a diff; the patch follows.
std::string begin_diff(diff& d) {
  std::string tail = "\"rev\":" + std::to_string(d.rev) + ",\"patch\":";
  d.patch_at = tail.size();
  return tail;
}

void end_diff(diff& d, std::string tail) {
  tail += '}';
  d.tail = shared_text(std::move(tail));
}

// Appends the patch as the view shows it; false when that is nothing.
bool append_shown(std::string& out, const std::string& patch, const link_view& v, const dirty_paths::node& changed) {
  if (v.fields) return append_selected_patch(out, patch, *v.fields, changed);
  out += patch;
  return patch != "{}";
}

}  // namespace

outcome<link_view> view_of(const agent_type& type, const view& what, bool followed) {
  auto lanes = lanes_of(type, what, followed);
  if (!ok(lanes)) return std::get<error>(std::move(lanes));
  link_view v{std::get<0>(lanes), what.fields, what.rights};
  if (!v.fields) return v;
  for (std::size_t i = 0; i < type.lanes().size(); ++i)
    if (!v.fields->find(type.lanes()[i].name)) v.lanes &= ~(std::uint64_t{1} << i);
  if (v.fields->is_all()) v.fields = nullptr;
  return v;
}

void watchers::share_view(link& l) const {
  const auto same = std::find_if(links.begin(), links.end(), [&](const link& other) { return *other.sees == *l.sees; });
  if (same != links.end()) l.sees = same->sees;
}

const diff* turn_diffs::of(const link_view& v) {
  const auto lanes = turn_.changed() & v.lanes;
  if (!lanes) return nullptr;
  auto it = std::find_if(made_.begin(), made_.end(), [&](const entry& e) { return e.of == &v; });
  if (it == made_.end()) {
    const auto same = std::find_if(made_.begin(), made_.end(),
                                   [&](const entry& e) { return !v.fields && !e.of->fields && e.lanes == lanes; });
    auto what = same == made_.end() ? make(v, lanes) : same->what;
    it = made_.insert(made_.end(), {&v, lanes, std::move(what)});
  }
  return it->what.tail ? &it->what : nullptr;
}

diff turn_diffs::make(const link_view& v, std::uint64_t lanes) {
  diff d;
  d.rev = rev_;
  d.arrived = arrived_;
  auto tail = begin_diff(d);
  if (v.fields) {
    if (paths_.empty()) turn_.mark_paths(paths_.root(), ~std::uint64_t{0});
    patch_.clear();
    turn_.encode_patch(patch_, lanes);
    if (!append_shown(tail, patch_, v, paths_.root())) return d;
  } else {
    turn_.encode_patch(tail, lanes);
  }
  end_diff(d, std::move(tail));
  return d;
}

diff make_merged_diff(const agent& a, std::uint64_t rev, const link_view& v, dirty_paths& paths) {
  diff d;
  d.rev = rev;
  d.merged = true;
  d.arrived = std::chrono::steady_clock::now();
  if (paths.empty()) return d;
  const auto& all = paths.root();
  std::string patch = "{";
  for (std::size_t i = 0; i < a.lane_count(); ++i) {
    const auto& name = a.type().lanes()[i].name;
    const auto* marked = v.lanes >> i & 1 ? all.find(name) : nullptr;
    if (!marked || marked->empty()) continue;
    if (patch.size() > 1) patch += ',';
    append_json_string(patch, name);
    patch += ':';
    a.lane_at(i).encode_marked(patch, *marked);
  }
  patch += '}';
  auto tail = begin_diff(d);
  if (append_shown(tail, patch, v, all)) end_diff(d, std::move(tail));
  return d;
}

}  // namespace twinlane
