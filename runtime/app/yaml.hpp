#pragma once

#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace twinlane::app {

/// Where something was written: a line of a file, or an option of the command line (line 0).
struct place {
  std::shared_ptr<const std::string> file;
  int line = 0;
  int column = 0;  // from 1; 0 when it is the whole line

  /// `file:line`, `file:line:column`, or the option alone.
  std::string text() const;
};

/// A value of a YAML document, with its line.
struct yaml_node {
  enum class kind : unsigned char { null, scalar, sequence, map };
  struct member;

  kind what = kind::null;
  bool quoted = false;  // a scalar that is text whatever it looks like
  std::string text;     // scalar
  place at;
  std::size_t offset = std::string::npos;  // scalar of a file: bytes before it
  std::vector<yaml_node> items;            // sequence
  std::vector<member> members;             // map, in the order of the file

  const yaml_node* find(std::string_view key) const;
  yaml_node* find(std::string_view key);
};

struct yaml_node::member {
  std::string key;
  place at;  // of the key
  yaml_node value;
};

/// The document is no YAML, or beyond the bounds; what() says why, with a hint.
class yaml_error : public std::runtime_error {
 public:
  yaml_error(place at, const std::string& what) : std::runtime_error(what), at_(std::move(at)) {}
  const place& at() const noexcept { return at_; }

 private:
  place at_;
};

struct yaml_limits {
  std::size_t bytes_max = 1024 * 1024;
  std::size_t nodes_max = 50'000;  // aliases count with all that they stand for
  int depth_max = 32;
};

/// One document; an empty one is null. Keys are plain scalars and come once in a map.
///
/// Errors  yaml_error
yaml_node parse_yaml(std::string_view text, const std::string& file, const yaml_limits& limits = {});

}  // namespace twinlane::app
