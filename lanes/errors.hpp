#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace twinlane {

/// Why a text does not become a record, or a record not a text.
enum class lane_errc : std::uint8_t {
  none,
  bad_json,   // not JSON, or cut off
  empty,      // no bytes
  too_deep,   // nesting over the bound
  too_large,  // over the size bound
  bad_utf8,   // invalid UTF-8
  bad_value,  // wrong type, out of range, unknown enumerator, NaN or infinity
};

std::string_view name_of(lane_errc e) noexcept;

/// The answer of a decoder: none, or what is wrong and where (`field 'amount': not a number`).
struct decode_status {
  lane_errc code = lane_errc::none;
  std::string detail;
  explicit operator bool() const noexcept { return code == lane_errc::none; }
};

/// Thrown inside a turn when a value cannot be held by its lane; the turn is undone.
class lane_error : public std::runtime_error {
 public:
  lane_error(lane_errc code, const std::string& what) : std::runtime_error(what), code_(code) {}
  lane_errc code() const noexcept { return code_; }

 private:
  lane_errc code_;
};

}  // namespace twinlane
