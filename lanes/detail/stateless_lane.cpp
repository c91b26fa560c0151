#include <twinlane/lanes/detail/stateless_lane.hpp>

namespace twinlane::detail {
namespace {

struct no_log final : lane_log {
  void clear() noexcept override {}
};

}  // namespace

decode_status stateless_lane::load_row(decoder&, std::string_view, std::string_view) {
  return {lane_errc::bad_value, "a " + std::string(name_of(info().kind)) + " lane has no rows"};
}

std::unique_ptr<lane_log> stateless_lane::make_log() const { return std::make_unique<no_log>(); }

}  // namespace twinlane::detail
