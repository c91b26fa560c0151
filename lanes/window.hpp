#pragma once

#include <cstdint>

#include <boost/mp11/list.hpp>
#include <twinlane/lanes/record.hpp>

namespace twinlane {

/// What a window lane holds under the start of a window.
///
/// Shape    {"end":…,"closed":…,"value":…}
/// Units    milliseconds since the epoch, UTC
template <class A>
struct window {
  std::int64_t end_ms = 0;  // tumbling and hopping: exclusive; session: time of the last event
  bool closed = false;      // no event can change it any more
  A value{};

  struct end_member {
    static constexpr const char* name = "end";
    static constexpr auto pointer = &window::end_ms;
  };
  struct closed_member {
    static constexpr const char* name = "closed";
    static constexpr auto pointer = &window::closed;
  };
  struct value_member {
    static constexpr const char* name = "value";
    static constexpr auto pointer = &window::value;
  };
  using twinlane_members = boost::mp11::mp_list<end_member, closed_member, value_member>;
};

namespace detail {
template <class A>
inline constexpr bool keeps_more<window<A>> = true;
}

}  // namespace twinlane
