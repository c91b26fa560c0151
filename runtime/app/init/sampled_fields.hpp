#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace twinlane::app {

/// What JSON says that a scalar is.
enum class scalar_kind : std::uint8_t { text, integer, real, flag };

struct sampled_scalar {
  std::uint32_t record = 0;
  scalar_kind kind{};
  std::string text;
};

/// A field, wherever the sample's records have it.
struct sampled_field {
  std::vector<std::string> names;      // from the outside in
  std::string path;                    // the same as templates write it: `a.b`
  std::vector<sampled_scalar> values;  // in the order of records; no nulls, no empty texts
  std::uint32_t nested = 0;            // how often it is an object or an array
};

/// The scalar fields of JSON records, with their values.
///
/// Shape    fields in the order of their first sight; of a name that is twice in an object the first counts
/// Cost     bounded: 400 fields, 8 levels, texts of 512 bytes; what lies beyond is left out
/// Threads  one
class sampled_fields {
 public:
  sampled_fields();
  ~sampled_fields();
  sampled_fields(const sampled_fields&) = delete;
  sampled_fields& operator=(const sampled_fields&) = delete;

  /// Takes the next record. False when it is no JSON object; nothing is taken then.
  bool add(std::string_view json);

  std::uint32_t records() const noexcept { return records_; }
  const std::vector<sampled_field>& fields() const noexcept { return fields_; }

 private:
  struct parser;

  std::vector<sampled_field> fields_;
  std::unordered_map<std::string, std::size_t> by_path_;
  std::unique_ptr<parser> parser_;
  std::uint32_t records_ = 0;
};

}  // namespace twinlane::app
