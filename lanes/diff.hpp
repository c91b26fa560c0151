#pragma once

#include <string>
#include <string_view>

#include <twinlane/lanes/codec.hpp>

namespace twinlane {
namespace detail {

template <class T>
bool diff_value(std::string& out, const T& before, const T& now, unsigned depth);

// The two sides of a member or entry, null pointers for absent; appends `key:patch,` when they differ.
template <class T, class Key>
void diff_entry(std::string& out, const Key& append_key, const T* before, const T* now, unsigned depth) {
  const auto start = out.size();
  append_key();
  if (now == nullptr) {
    out += "null,";
  } else if (before == nullptr) {
    detail::write(out, *now, depth);
    out += ',';
  } else if (detail::diff_value(out, *before, *now, depth)) {
    out += ',';
  } else {
    out.resize(start);
  }
}

template <class T>
void diff_members(std::string& out, const T& before, const T& now, unsigned depth) {
  for_each_member<T>([&](auto d) {
    const auto& b = before.*d.pointer;
    const auto& n = now.*d.pointer;
    using M = std::remove_cvref_t<decltype(n)>;
    if constexpr (plain<M> || std::same_as<M, std::string>) {
      if (detail::same(b, n)) return;
      out += key_text<decltype(d)>::view;
      detail::write(out, n, depth);
      out += ',';
    } else {
      const M* before_or_null = detail::is_null(b) ? nullptr : &b;
      const M* now_or_null = detail::is_null(n) ? nullptr : &n;
      if (!before_or_null && !now_or_null) return;
      detail::diff_entry(
          out, [&] { out += key_text<decltype(d)>::view; }, before_or_null, now_or_null, depth);
    }
  });
}

// For two objects: nothing when they are equal, else the object of the members that differ.
template <class T>
bool diff_object(std::string& out, const T& before, const T& now, unsigned depth) {
  const auto start = out.size();
  out += '{';
  if constexpr (record<T>) {
    detail::diff_members(out, before, now, depth + 1);
  } else {
    detail::walk_maps(before, now, [&](const std::string& key, const auto* b, const auto* n) {
      const auto append_key = [&] {
        append_json_string(out, key);
        out += ':';
      };
      detail::diff_entry(out, append_key, b, n, depth + 1);
      return true;
    });
  }
  if (out.size() == start + 1) {
    out.resize(start);
    return false;
  }
  out.back() = '}';
  return true;
}

template <class T>
bool diff_value(std::string& out, const T& before, const T& now, unsigned depth) {
  if constexpr (nullable<T>()) {
    const bool was_null = detail::is_null(before);
    if (was_null || detail::is_null(now)) {
      if (was_null && detail::is_null(now)) return false;
      detail::write(out, now, depth);
      return true;
    }
  }
  if constexpr (json_type<T>) {
    return diff_json(out, before, now, depth);
  } else if constexpr (is_optional<T>) {
    return detail::diff_value(out, *before, *now, depth);
  } else if constexpr (reducer<T>) {
    return detail::diff_value(out, before.shown(), now.shown(), depth);
  } else if constexpr (id_type<T>) {
    return detail::diff_value(out, before.value, now.value, depth);
  } else if constexpr (record<T> || is_map<T>) {
    return detail::diff_object(out, before, now, depth);
  } else {
    if (detail::same(before, now)) return false;
    detail::write(out, now, depth);
    return true;
  }
}

}  // namespace detail

/// Appends the merge patch (RFC 7396) that turns encode(before) into encode(now) and returns true; returns false and
/// appends nothing when the two are equal.
///
/// Shape    objects field by field, what is gone as null; arrays, scalars and changes of type whole. The patch of a
///          value that became null is `null`: as a member's patch it removes the member
/// Cost     one comparison a field, one copy of what changed
/// Errors   throws as encode() does; out may then end in half a patch
/// Source   RFC 7396
template <class T>
bool encode_diff(std::string& out, const T& before, const T& now) {
  return detail::diff_value(out, before, now, 0);
}

}  // namespace twinlane
