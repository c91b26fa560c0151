#include <twinlane/lanes/command_lane.hpp>

namespace twinlane {

decode_status command_lane_base::apply(decoder& d, const lane_input& in) {
  if (in.op != lane_input::kind::put)
    return {lane_errc::bad_value, "command lane '" + name() + "' takes requests only"};
  reply ignored;
  return run(d, in.value, ignored);
}

}  // namespace twinlane
