#include <twinlane/lanes/command_lane.hpp>

namespace twinlane {
namespace {

struct no_log final : lane_log {
  void clear() noexcept override {}
};

}  // namespace

decode_status command_lane_base::apply(decoder& d, const lane_input& in) {
  if (in.op != lane_input::kind::put)
    return {lane_errc::bad_value, "command lane '" + name() + "' takes requests only"};
  reply ignored;
  return run(d, in.value, ignored);
}

decode_status command_lane_base::load_row(decoder&, std::string_view, std::string_view) {
  return {lane_errc::bad_value, "a command lane has no rows"};
}

std::unique_ptr<lane_log> command_lane_base::make_log() const { return std::make_unique<no_log>(); }

}  // namespace twinlane
