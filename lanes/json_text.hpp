#pragma once

#include <string>
#include <string_view>

namespace twinlane {

/// A member of a JSON object as it is written.
struct json_member {
  std::string_view name;  // in its quotes
  std::string_view value;
};

/// Reads an object's members one by one, without decoding anything.
///
/// Shape    text as the runtime writes it; it may lack the brace in front or the one behind. What is not JSON ends it
/// Cost     one pass over the bytes
class member_reader {
 public:
  explicit member_reader(std::string_view object) : rest_(object) {
    if (rest_.starts_with('{')) rest_.remove_prefix(1);
  }
  /// False behind the last one.
  bool next(json_member& m);

 private:
  std::string_view rest_;
};

/// The value of a member, or nothing. quoted_name: as it is written, in its quotes.
std::string_view member_of(std::string_view object, std::string_view quoted_name);

/// Appends what the merge patch makes of the base; an empty base is none. What the patch does not touch stays as it is
/// written, in its order and with all its digits.
///
/// Source   RFC 7396
void append_merged(std::string& out, std::string_view base, std::string_view patch);

}  // namespace twinlane
