#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace twinlane {

/// Which parts of a JSON document somebody wants or may see: the places that paths lead to, whole.
///
/// Shape    a trie of names; the first is the lane's. An object on the way to a place is shown as an object with only
///          those members, `{}` when it has none of them; anything else on the way is not shown
/// Cost     a map entry a segment
/// Threads  any, once built
class field_set {
 public:
  using path = std::vector<std::string>;

  /// Everything.
  static field_set all();
  /// Nothing, until paths are added.
  field_set() = default;
  static field_set of(const std::vector<path>& paths);

  /// Adds the place that the path leads to; the empty path: everything.
  void add(const path& p);
  /// Adds what the other one has.
  void add(const field_set& other);
  /// Adds what the other one has to this member.
  void add(const std::string& name, const field_set& other);

  bool is_all() const noexcept { return all_; }
  bool empty() const noexcept { return !all_ && members_.empty(); }
  /// What of this member is shown; null: nothing.
  const field_set* find(std::string_view name) const;
  const std::map<std::string, field_set, std::less<>>& members() const noexcept { return members_; }
  /// Equal texts: equal sets.
  std::string text() const;

  friend bool operator==(const field_set&, const field_set&) = default;

 private:
  bool all_ = false;
  std::map<std::string, field_set, std::less<>> members_;  // none when all_
};

/// What both have.
field_set intersection(const field_set& a, const field_set& b);

/// Appends what the set has of a JSON value; false, and nothing is appended, when it has nothing of it.
///
/// Shape    text as the lanes write it; what stays is as it was written
/// Cost     one pass over the text
bool append_selected(std::string& out, std::string_view json, const field_set& fields);

}  // namespace twinlane
