#include <twinlane/lanes/errors.hpp>

namespace twinlane {

std::string_view name_of(lane_errc e) noexcept {
  constexpr std::string_view names[] = {"none", "bad_json", "empty", "too_deep", "too_large", "bad_utf8", "bad_value"};
  return names[static_cast<std::size_t>(e)];
}

}  // namespace twinlane
