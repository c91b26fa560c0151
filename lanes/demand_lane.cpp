#include <twinlane/lanes/demand_lane.hpp>

namespace twinlane {

decode_status demand_lane_base::apply(decoder&, const lane_input&) {
  return {lane_errc::bad_value, "demand lane '" + name() + "' is computed and takes no records"};
}

}  // namespace twinlane
