#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>

#include <twinlane/lanes/codec.hpp>
#include <twinlane/lanes/diff.hpp>

namespace twinlane {

/// What a receiver has not been told yet: a set of paths (lane, key, field, …), not of operations.
///
/// When it is sent, each path is looked up in the present state: its value, or null once at the highest absent
/// ancestor. So the merged patch is right whatever happened in between. A subtree that is replaced or removed marks
/// every leaf path that it had: only so can members that the receiver still holds be told to be gone when the place
/// is taken again.
///
/// Shape    a trie of text segments. A marked node stands for everything below it; what else lies below it are paths
///          that the receiver may know and that may be gone
/// Units    bytes() estimates memory
/// Cost     one node a marked segment, about 150 bytes; O(log n) a segment
/// Threads  none of its own
class dirty_paths {
 public:
  class node {
   public:
    using children_map = std::map<std::string, node, std::less<>>;

    explicit node(std::size_t* bytes) noexcept : bytes_(bytes) {}
    node(const node&) = delete;
    node& operator=(const node&) = delete;

    bool marked() const noexcept { return marked_; }
    bool empty() const noexcept { return !marked_ && children_.empty(); }
    const children_map& children() const noexcept { return children_; }
    /// Null when there is none.
    const node* find(std::string_view segment) const;

    void mark() noexcept { marked_ = true; }
    /// The child of that name, made when it is missing.
    node& child(std::string_view segment);

   private:
    friend class dirty_paths;
    children_map children_;
    std::size_t* bytes_;
    bool marked_ = false;
  };

  dirty_paths() = default;

  node& root();
  bool empty() const noexcept { return !state_ || state_->root.empty(); }
  std::size_t bytes() const noexcept { return state_ ? state_->bytes : 0; }
  void clear() noexcept { state_.reset(); }

 private:
  struct state {
    std::size_t bytes = sizeof(state);
    node root{&bytes};
  };
  std::unique_ptr<state> state_;  // made by the first mark
};

namespace detail {

using dirty_node = dirty_paths::node;

void mark_json_leaves(dirty_node& n, const nlohmann::json& v);
void mark_json_changes(dirty_node& n, const nlohmann::json& before, const nlohmann::json& now);
void write_dirty_json(std::string& out, const dirty_node& n, bool whole, const nlohmann::json& now, unsigned depth);

// Calls f(name, value) for each member that is there.
template <class T, class F>
void for_each_present(const T& v, F&& f) {
  if constexpr (record<T>) {
    for_each_member<T>([&](auto d) {
      if (!detail::is_null(v.*d.pointer)) f(key_text<decltype(d)>::name, v.*d.pointer);
    });
  } else {
    for (const auto& [key, e] : v) {
      if (!detail::is_null(e)) f(std::string_view(key), e);
    }
  }
}

template <class T>
void mark_pair(dirty_node& n, const T* before, const T* now);

// Every leaf path of a value that is there; an empty object is a leaf.
template <class T>
void mark_leaves(dirty_node& n, const T& v) {
  if constexpr (json_type<T>) {
    mark_json_leaves(n, v);
  } else if constexpr (is_optional<T>) {
    detail::mark_leaves(n, *v);
  } else if constexpr (reducer<T>) {
    detail::mark_leaves(n, v.shown());
  } else if constexpr (record<T> || is_map<T>) {
    bool any = false;
    detail::for_each_present(v, [&](std::string_view name, const auto& e) {
      any = true;
      detail::mark_leaves(n.child(name), e);
    });
    if (!any) n.mark();
  } else {
    n.mark();
  }
}

template <class T>
void mark_child(dirty_node& n, std::string_view name, const T* before, const T* now) {
  if (!before && !now) return;
  if (before && now && detail::same(*before, *now)) return;
  detail::mark_pair(n.child(name), before, now);
}

// Two different values, at most one of them null.
template <class T>
void mark_pair(dirty_node& n, const T* before, const T* now) {
  if (!before) return n.mark();
  if (!now) return detail::mark_leaves(n, *before);
  if constexpr (json_type<T>) {
    mark_json_changes(n, *before, *now);
  } else if constexpr (is_optional<T>) {
    detail::mark_pair(n, &**before, &**now);
  } else if constexpr (reducer<T>) {
    const auto& was = before->shown();
    const auto& is = now->shown();
    detail::mark_pair(n, &was, &is);
  } else if constexpr (record<T>) {
    for_each_member<T>([&](auto d) {
      const auto& b = before->*d.pointer;
      const auto& w = now->*d.pointer;
      detail::mark_child(n, key_text<decltype(d)>::name, detail::is_null(b) ? nullptr : &b,
                         detail::is_null(w) ? nullptr : &w);
    });
  } else if constexpr (is_map<T>) {
    detail::walk_maps(*before, *now, [&](const std::string& key, const auto* b, const auto* w) {
      detail::mark_child(n, key, b, w);
      return true;
    });
  } else {
    n.mark();
  }
}

template <class T>
bool has_member(const T& v, const std::string& name) noexcept {
  if constexpr (record<T>) {
    bool found = false;
    detail::for_each_present(v, [&](std::string_view member, const auto&) { found = found || member == name; });
    return found;
  } else {
    const auto it = v.find(name);
    return it != v.end() && !detail::is_null(it->second);
  }
}

template <class T>
void write_dirty(std::string& out, const dirty_node& n, bool whole, const T& now, unsigned depth);

// Members of an object: all of them when it is sent whole, else those on a path; and null for what is gone.
template <class T>
void write_dirty_object(std::string& out, const dirty_node& n, bool whole, const T& now, unsigned depth) {
  if (depth >= nesting_max) throw_too_deep();
  out += '{';
  const auto write_key = [&](std::string_view name) {
    append_json_string(out, name);
    out += ':';
  };
  detail::for_each_present(now, [&](std::string_view name, const auto& e) {
    const auto* below = n.find(name);
    if (!whole && (!below || below->empty())) return;
    write_key(name);
    if (below) {
      detail::write_dirty(out, *below, whole, e, depth + 1);
    } else {
      detail::write(out, e, depth + 1);
    }
    out += ',';
  });
  for (const auto& [name, below] : n.children()) {
    if (below.empty() || detail::has_member(now, name)) continue;
    write_key(name);
    out += "null,";
  }
  detail::close(out, '{', '}');
}

// The patch for one place that is there.
template <class T>
void write_dirty(std::string& out, const dirty_node& n, bool whole, const T& now, unsigned depth) {
  whole = whole || n.marked();
  if constexpr (json_type<T>) {
    write_dirty_json(out, n, whole, now, depth);
  } else if constexpr (is_optional<T>) {
    detail::write_dirty(out, n, whole, *now, depth);
  } else if constexpr (reducer<T>) {
    detail::write_dirty(out, n, whole, now.shown(), depth);
  } else if constexpr (record<T> || is_map<T>) {
    detail::write_dirty_object(out, n, whole, now, depth);
  } else {
    detail::write(out, now, depth);
  }
}

}  // namespace detail

/// Marks what differs between two values of the same place. Null pointers stand for absent.
template <class T>
void mark_changes(dirty_paths::node& n, const T* before, const T* now) {
  if (before && detail::is_null(*before)) before = nullptr;
  if (now && detail::is_null(*now)) now = nullptr;
  if ((before || now) && !(before && now && detail::same(*before, *now))) detail::mark_pair(n, before, now);
}

template <class T>
requires(!std::is_pointer_v<T>) void mark_changes(dirty_paths::node& n, const T& before, const T& now) {
  mark_changes(n, &before, &now);
}

/// Appends the merge patch of the place's marked paths as they are now; `null` when the place is absent.
template <class T>
void encode_dirty(std::string& out, const dirty_paths::node& n, const T* now) {
  if (!now || detail::is_null(*now)) {
    out += "null";
  } else {
    detail::write_dirty(out, n, false, *now, 0);
  }
}

template <class T>
requires(!std::is_pointer_v<T>) void encode_dirty(std::string& out, const dirty_paths::node& n, const T& now) {
  encode_dirty(out, n, &now);
}

}  // namespace twinlane
