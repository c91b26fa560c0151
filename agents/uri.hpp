#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace twinlane {

/// Kafka's own key hash, with the sign bit cleared, so that our shards and Kafka's partitions agree.
///
/// Source   org.apache.kafka.common.utils.Utils.murmur2; `(murmur2(key) & 0x7fffffff) mod shards`
std::uint32_t murmur2(std::string_view key) noexcept;

/// Appends one decoded path segment in canonical percent-encoding: the characters of RFC 3986 `pchar` stand for
/// themselves, everything else is %XX in upper case. Returns false, with nothing appended, for segments that no URI
/// can carry: empty, `.` and `..`, or invalid UTF-8.
bool append_segment(std::string& uri, std::string_view decoded);

/// Decodes %XX; nothing when an escape is cut off, the text is not UTF-8, or holds NUL.
std::optional<std::string> decode_segment(std::string_view encoded);

/// The one spelling of a URI path: starts with `/`, no empty or dot segments, canonical escapes, no query.
/// Nothing when the text cannot be made into one.
std::optional<std::string> canonical_uri(std::string_view path);

/// A route pattern such as `/customer/:id`, or `/store/:city/shelf/:nr`.
class route {
 public:
  /// Throws std::invalid_argument when the pattern is malformed or has no parameter.
  explicit route(std::string_view pattern);

  const std::string& pattern() const noexcept { return pattern_; }
  const std::vector<std::string>& params() const noexcept { return params_; }
  std::size_t segments() const noexcept { return parts_.size(); }
  /// Index of the first parameter's segment.
  unsigned first_param_segment() const noexcept { return first_; }

  /// Does the canonical URI fit?
  bool matches(std::string_view uri) const noexcept;
  /// The decoded text of parameter n of a URI that matches.
  std::string param(std::string_view uri, std::size_t n) const;
  /// The shard hash of a URI that matches.
  std::uint32_t hash(std::string_view uri) const;

  /// True when some URI could fit both routes, or a URI of `other` could be the URL of one of this route's lanes
  /// or of an entry in it.
  bool meets(const route& other, const std::vector<std::string>& lanes) const;

 private:
  struct part {
    std::string text;  // literal text, or the parameter's name
    bool param;
  };
  std::string pattern_;
  std::vector<part> parts_;
  std::vector<std::string> params_;
  unsigned first_ = 0;
};

/// Splits a canonical URI into its encoded segments.
std::vector<std::string_view> split_uri(std::string_view uri);

}  // namespace twinlane
