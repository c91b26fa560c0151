#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace twinlane::ingest {

/// The record fields that a source's templates take, as a tree, so that one pass over a record finds them all.
///
/// Shape    `a.b` is field b of the object in field a; `\.` and `\\` escape within a name. Each path has a number
class field_paths {
 public:
  struct node {
    std::string name;
    int number = -1;  // of the path that ends here
    std::vector<node> children;
  };

  /// The number of a path, new or known. Throws std::invalid_argument when the path is malformed, or one path would
  /// need a field as text and another as object.
  unsigned add(std::string_view path);

  const node& root() const noexcept { return root_; }
  std::size_t size() const noexcept { return paths_.size(); }
  /// As it was written, for messages.
  const std::string& path(unsigned number) const noexcept { return paths_[number]; }

 private:
  node root_;
  std::vector<std::string> paths_;
};

/// Where a part of a template gets its text from.
enum class part_kind : unsigned char { literal, field, key, topic, partition, offset, timestamp, uri, id, value };

/// Whose texts a template takes, beside fields.
enum class template_of : unsigned char {
  record,  // {$key}, {$topic}, {$partition}, {$offset}, {$timestamp}
  item,    // of a sink: {$key}, {$uri}, {$id}, {$timestamp}, {$value}
};

struct template_part {
  part_kind kind{};
  std::string text;         // literal
  unsigned field_number{};  // field
};

/// Text with `{…}` parts, compiled once: `{a.b}` takes a field of the record, `{$key}` and the like what else is known
/// about it. `{{` and `}}` stand for braces.
class text_template {
 public:
  text_template() = default;
  /// Throws std::invalid_argument with what is wrong, and where.
  text_template(std::string_view text, field_paths& fields, template_of what = template_of::record);
  /// Text that stands for itself, braces and all.
  static text_template literal(std::string text);

  const std::vector<template_part>& parts() const noexcept { return parts_; }
  bool empty() const noexcept { return parts_.empty(); }
  bool uses(part_kind kind) const noexcept;
  bool is_literal() const noexcept { return parts_.size() == 1 && parts_[0].kind == part_kind::literal; }

 private:
  void add_literal(std::string_view text);

  std::vector<template_part> parts_;
};

/// A path of segments: `/customer/{customer_id}`. A literal segment is written in canonical percent-encoding and held
/// decoded, as the text of a template is.
class uri_template {
 public:
  /// Throws std::invalid_argument with what is wrong, and where.
  uri_template(std::string_view text, field_paths& fields);

  const std::vector<text_template>& segments() const noexcept { return segments_; }
  bool uses(part_kind kind) const noexcept;
  /// The first segment that is not literal; segments().size() when all are.
  unsigned first_open_segment() const noexcept;

 private:
  std::vector<text_template> segments_;
};

}  // namespace twinlane::ingest
