// An application with what tests need of agents: a generator, one that blocks on demand, one that throws, and one
// that sends.
#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>

#include <twinlane/runtime/app/application.hpp>

struct nap {
  std::int64_t ms{};
};
BOOST_DESCRIBE_STRUCT(nap, (), (ms))

struct count {
  std::uint64_t n{}, seed{};
};
BOOST_DESCRIBE_STRUCT(count, (), (n, seed))

class sleeper final : public twinlane::agent {
 public:
  using agent::agent;
  map_lane<std::string, count> counts{*this, "counts"};
  command_lane<nap> sleep{*this, "sleep", twinlane::on_command<&sleeper::take>};

 private:
  reply take(const nap& n) {
    std::this_thread::sleep_for(std::chrono::milliseconds{n.ms});
    return {};
  }
};

struct booking {
  std::int64_t id{}, amount{};
};
BOOST_DESCRIBE_STRUCT(booking, (), (id, amount))

/// Sums what is booked, and refuses what is negative by throwing.
class ledger final : public twinlane::agent {
 public:
  using agent::agent;
  log_lane<booking> bookings{*this, "bookings", twinlane::did_update<&ledger::booked>};
  value_lane<std::int64_t> total{*this, "total"};

 private:
  void booked(std::uint64_t, const booking& now) {
    if (now.amount < 0) throw std::runtime_error("a booking cannot be negative");
    total.update([&](std::int64_t& sum) { sum += now.amount; });
  }
};

struct subject {
  std::string ledger;
};
BOOST_DESCRIBE_STRUCT(subject, (), (ledger))

/// Has what the others lack: a join, a bound, a timer, and what is not kept.
class watcher final : public twinlane::agent {
 public:
  using agent::agent;
  value_lane<subject> whom{*this, "whom", twinlane::did_update<&watcher::follow>};
  join_value_lane<std::string, std::int64_t> totals{*this, "totals"};
  map_lane<std::string, count> recent{*this, "recent", twinlane::keep_last(2)};
  log_lane<std::int64_t> reminders{*this, "reminders", twinlane::keep_last(1)};
  value_lane<bool> typing{*this, "typing", twinlane::transient};
  timer remind{*this, "remind", &watcher::rang};

 private:
  void follow(const subject& now, const subject*) {
    totals.join("it", "/ledger/" + now.ledger, "total");
    typing.set(true);
    for (const std::int64_t n : {1, 2, 3}) reminders.append(n);
    remind.set_after(std::chrono::hours{1});
  }
  void rang() { reminders.append(now_ms()); }
};

/// Sends a receipt for what is sold.
class till final : public twinlane::agent {
 public:
  using agent::agent;
  log_lane<booking> sales{*this, "sales", twinlane::did_update<&till::sold>};

 private:
  void sold(std::uint64_t, const booking& now) { emit("receipts", std::to_string(now.id), now); }
};

int main(int argc, char** argv) {
  twinlane::application app{"probe", argc, argv};
  app.agent<sleeper>("sleeper", "/sleeper/:id", {twinlane::hosting::dedicated, twinlane::creation::commands});
  app.agent<ledger>("ledger", "/ledger/:id");
  app.agent<watcher>("watcher", "/watcher/:id");
  app.agent<till>("till", "/till/:id");
  app.generator("probe.counts", [](std::uint64_t seed, std::uint64_t n, const auto& parameters, auto& out) {
    out.has_key = true;
    out.key = "k" + std::to_string(n % 10);
    out.remove = n % 7 == 6;
    out.value = R"({"n":)" + std::to_string(n) + R"(,"seed":)" + std::to_string(seed) + R"(,"at":)" +
                std::to_string(out.time_ms) + R"(,"of":")" + parameters.at("of") + "\"}";
  });
  app.default_config("probe.yaml");
  return app.run();
}
