#pragma once

#include <chrono>
#include <string>

#include <twinlane/agents/agent.hpp>
#include <twinlane/lanes/reduce.hpp>

// The agent of docs/write_an_agent.md, docs/lanes.md and docs/windows.md.

// snippet: records
struct place {
  std::string site, bay;
};
BOOST_DESCRIBE_STRUCT(place, (), (site, bay))

struct fault {
  std::string text;
  int severity{};
};
BOOST_DESCRIBE_STRUCT(fault, (), (text, severity))

struct reading {
  double kw{};
  std::string vehicle;
};
BOOST_DESCRIBE_STRUCT(reading, (), (kw, vehicle))
// end

struct tariff {
  double cents_per_kwh{};
};
BOOST_DESCRIBE_STRUCT(tariff, (), (cents_per_kwh))

struct health {
  std::string state;
  int worst{};
};
BOOST_DESCRIBE_STRUCT(health, (), (state, worst))

// snippet: reducers
struct load {
  twinlane::reduce::count readings;
  twinlane::reduce::mean kw;
  twinlane::reduce::max<double> peak;
  twinlane::reduce::distinct<std::string> vehicles;

  void add(const reading& r) {
    readings.add();
    kw.add(r.kw);
    peak.add(r.kw);
    vehicles.add(r.vehicle);
  }
};
BOOST_DESCRIBE_STRUCT(load, (), (readings, kw, peak, vehicles))
// end

using namespace std::chrono_literals;
using twinlane::did_close, twinlane::did_update, twinlane::grace, twinlane::keep_for, twinlane::keep_last;
using twinlane::on_change, twinlane::on_command, twinlane::roll_up_into, twinlane::tumbling;

// snippet: agent
class charger final : public twinlane::agent {
 public:
  using agent::agent;

  // What the streams say.
  value_lane<place> site{*this, "site", did_update<&charger::moved>};
  map_lane<std::string, fault> faults{*this, "faults", keep_last(50)};
  log_lane<reading> readings{*this, "readings", keep_last(100) & keep_for(1h), did_update<&charger::measured>};

  // What other agents say.
  join_value_lane<std::string, tariff> prices{*this, "prices"};

  // What follows from it.
  window_lane<load> per_minute{*this,
                               "per_minute",
                               tumbling(1min),
                               grace(30s),
                               keep_last(60),
                               did_close<&charger::minute_closed>,
                               roll_up_into<&charger::per_hour>};
  window_lane<load> per_hour{*this, "per_hour", tumbling(1h), keep_last(48)};
  value_lane<health> state{*this, "state"};

  // What people do.
  command_lane<std::string> clear_fault{*this, "clear_fault", on_command<&charger::clear>};

 private:
  rule judge{*this, on_change(faults), &charger::assess};
  timer silence{*this, "silence", &charger::go_silent};

  void moved(const place& now, const place* before);
  void measured(std::uint64_t number, const reading& r);
  void minute_closed(std::int64_t start_ms, const twinlane::window<load>& w);
  void assess();
  void go_silent();
  reply clear(const std::string& code);
};
// end

// snippet: callbacks
inline void charger::measured(std::uint64_t, const reading& r) {
  per_minute.add(r);
  silence.set_after(5min);
  state.update([](health& h) {
    if (h.state != "faulty") h.state = "charging";
  });
}

inline void charger::assess() {
  health now;
  for (const auto& f : faults) now.worst = std::max(now.worst, f.value.severity);
  now.state = now.worst > 2 ? "faulty" : silence.is_set() ? "charging" : "idle";
  state.set(now);
}

inline void charger::go_silent() {
  state.update([](health& h) { h.state = "silent"; });
}
// end

// snippet: join
inline void charger::moved(const place& now, const place* before) {
  if (before && before->site == now.site) return;
  prices.join("here", "/site/" + now.site, "tariff");
}
// end

// snippet: command
inline charger::reply charger::clear(const std::string& code) {
  const auto* f = faults.find(code);
  if (!f) return reply::refuse("there is no fault " + code);
  const auto text = f->text;
  faults.remove(code);
  return reply::with(text);
}
// end

// snippet: closed
inline void charger::minute_closed(std::int64_t start_ms, const twinlane::window<load>& w) {
  emit("load", param("id") + '@' + std::to_string(start_ms), w);
  if (site) send("/site/" + site->site, "load", param("id"), w.value);
}
// end
