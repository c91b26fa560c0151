#include <twinlane/lanes/dirty_paths.hpp>

#include <tuple>
#include <utility>

#include <nlohmann/json.hpp>

namespace twinlane {

const dirty_paths::node* dirty_paths::node::find(std::string_view segment) const {
  const auto it = children_.find(segment);
  return it == children_.end() ? nullptr : &it->second;
}

dirty_paths::node& dirty_paths::node::child(std::string_view segment) {
  auto it = children_.lower_bound(segment);
  if (it == children_.end() || it->first != segment) {
    it = children_.emplace_hint(it, std::piecewise_construct, std::forward_as_tuple(segment),
                                std::forward_as_tuple(bytes_));
    constexpr std::size_t tree_links = 4 * sizeof(void*);
    const auto heap = it->first.capacity() > std::string().capacity() ? it->first.capacity() : 0;
    *bytes_ += sizeof(*it) + tree_links + heap;
  }
  return it->second;
}

dirty_paths::node& dirty_paths::root() {
  if (!state_) state_ = std::make_unique<state>();
  return state_->root;
}

namespace detail {

using nlohmann::json;

void mark_json_leaves(dirty_node& n, const json& v) {
  if (!v.is_object()) return n.mark();
  mark_leaves(n, v.get_ref<const json::object_t&>());
}

void mark_json_changes(dirty_node& n, const json& before, const json& now) {
  if (before.is_object() && now.is_object()) {
    return mark_pair(n, &before.get_ref<const json::object_t&>(), &now.get_ref<const json::object_t&>());
  }
  mark_json_leaves(n, before);
  n.mark();
}

void write_dirty_json(std::string& out, const dirty_node& n, bool whole, const json& now, unsigned depth) {
  if (now.is_object()) return write_dirty_object(out, n, whole, now.get_ref<const json::object_t&>(), depth);
  write_json(out, now, depth);
}

}  // namespace detail
}  // namespace twinlane
