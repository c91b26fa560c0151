#pragma once

#include <cstdint>
#include <string>

#include <twinlane/agents/agent.hpp>

struct scan {
  std::string place, what;  // what: collected, moved, delivered
};
BOOST_DESCRIBE_STRUCT(scan, (), (place, what))

struct progress {
  std::string place, to;
  int scans{};
  bool delivered{}, late{};
};
BOOST_DESCRIBE_STRUCT(progress, (), (place, to, scans, delivered, late))

/// One parcel on its way: where it was seen, and where it is to go.
class parcel final : public twinlane::agent {
 public:
  using agent::agent;

  log_lane<scan> scans{*this, "scans", twinlane::keep_last(20), twinlane::did_update<&parcel::scanned>};
  value_lane<progress> state{*this, "state"};
  command_lane<std::string> redirect{*this, "redirect", twinlane::on_command<&parcel::send_to>};

 private:
  timer silence{*this, "silence", &parcel::note_delay};

  void scanned(std::uint64_t, const scan& s) {
    state.update([&](progress& p) {
      p.place = s.place;
      p.scans += 1;
      p.delivered = s.what == "delivered";
      p.late = false;
    });
    state->delivered ? silence.cancel() : silence.set_after(days{2});
  }
  void note_delay() {
    state.update([](progress& p) { p.late = true; });
  }
  reply send_to(const std::string& place) {
    if (state.has_value() && state->delivered) return reply::refuse("it is delivered already");
    state.update([&](progress& p) { p.to = place; });
    return reply::with(place);
  }
};
