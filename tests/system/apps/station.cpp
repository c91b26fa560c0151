// A station whose readings come in over HTTP: what is too high it says aloud, its mean is asked for, and its lanes are
// queried.
#include <cstdint>
#include <stdexcept>
#include <string>

#include <twinlane/runtime/app/application.hpp>

using twinlane::computed;
using twinlane::did_update;
using twinlane::keep_last;

struct reading {
  std::string station, sensor;
  std::int64_t n{};
  double value{};
};
BOOST_DESCRIBE_STRUCT(reading, (), (station, sensor, n, value))

struct warning {
  std::string sensor;
  std::int64_t n{};
};
BOOST_DESCRIBE_STRUCT(warning, (), (sensor, n))

struct summary {
  std::uint64_t sensors{};
  double mean{};
};
BOOST_DESCRIBE_STRUCT(summary, (), (sensors, mean))

class station final : public twinlane::agent {
 public:
  using agent::agent;
  map_lane<std::string, reading> sensors{*this, "sensors", did_update<&station::changed>};
  log_lane<reading> history{*this, "history", keep_last(1'000)};
  value_lane<reading> last{*this, "last"};
  supply_lane<warning> alarms{*this, "alarms"};
  supply_lane<reading> ticks{*this, "ticks"};
  demand_lane<summary> mean{*this, "mean", computed<&station::mean_now>};

 private:
  // snippet: emit
  void changed(const std::string& sensor, const reading& now, const reading*) {
    history.append(now);
    last.set(now);
    if (now.value > 100) alarms.emit({sensor, now.n});
  }
  summary mean_now() const {
    if (sensors.empty()) throw std::runtime_error("no sensor has said anything");
    double sum = 0;
    for (const auto& e : sensors) sum += e.value.value;
    return {sensors.size(), sum / static_cast<double>(sensors.size())};
  }
  // end
};

int main(int argc, char** argv) {
  twinlane::application app{"station", argc, argv};
  app.agent<station>("station", "/station/:id");
  app.default_config("station.yaml");
  return app.run();
}
