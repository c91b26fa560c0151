// A bank in which every number follows from the events alone, so that a test may kill it and then recount: accounts
// count what they are paid, follow rates, and tell tallies, which count once more, and a sink.
#include <cstdint>
#include <string>

#include <twinlane/runtime/app/application.hpp>

using twinlane::did_update;
using twinlane::keep_last;

struct payment {
  std::string id;
  std::uint64_t event{}, account{};  // no two events have the same number
  std::int64_t amount{};
};
BOOST_DESCRIBE_STRUCT(payment, (), (id, event, account, amount))

/// Asks an account to follow a rate, or to stop following it.
struct watch {
  std::uint64_t event{}, account{}, rate{};
  bool on{};
};
BOOST_DESCRIBE_STRUCT(watch, (), (event, account, rate, on))

struct price {
  std::uint64_t event{}, rate{};
  std::int64_t cents{};
};
BOOST_DESCRIBE_STRUCT(price, (), (event, rate, cents))

struct booking {
  std::uint64_t event{};
  std::int64_t amount{};
};
BOOST_DESCRIBE_STRUCT(booking, (), (event, amount))

struct deposit {
  std::int64_t amount{};
};
BOOST_DESCRIBE_STRUCT(deposit, (), (amount))

struct sums {
  std::uint64_t count{};
  std::int64_t amount{};
};
BOOST_DESCRIBE_STRUCT(sums, (), (count, amount))

class account final : public twinlane::agent {
 public:
  using agent::agent;
  map_lane<std::string, payment> payments{*this, "payments", keep_last(8), did_update<&account::paid>};
  log_lane<booking> history{*this, "history", keep_last(5)};
  value_lane<sums> balance{*this, "balance"};
  value_lane<std::string> whisper{*this, "whisper", twinlane::transient};
  map_lane<std::uint64_t, watch> watches{*this, "watches", did_update<&account::asked>};
  join_value_lane<std::uint64_t, price> rates{*this, "rates"};
  value_lane<sums> deposits{*this, "deposits"};
  command_lane<deposit> pay_in{*this, "pay_in", twinlane::on_command<&account::take>};

 private:
  void paid(const std::string&, const payment& now, const payment*) {
    const booking b{now.event, now.amount};
    history.append(b);
    balance.update([&](sums& s) {
      ++s.count;
      s.amount += now.amount;
    });
    whisper.set("sotto voce " + std::to_string(now.event));
    send("/tally/" + std::to_string(now.account % 50), "heard", b);
    emit("audit", "", b);
  }

  reply take(const deposit& d) {
    deposits.update([&](sums& s) {
      ++s.count;
      s.amount += d.amount;
    });
    return reply::with(*deposits);
  }

  void asked(std::uint64_t rate, const watch& now, const watch*) {
    if (now.on)
      rates.join(rate, "/rate/" + std::to_string(rate), "now");
    else
      rates.leave(rate);
  }
};

class rate final : public twinlane::agent {
 public:
  using agent::agent;
  value_lane<price> now{*this, "now", did_update<&rate::moved>};
  value_lane<std::uint64_t> moves{*this, "moves"};

 private:
  void moved(const price&, const price*) {
    moves.update([](std::uint64_t& n) { ++n; });
  }
};

class tally final : public twinlane::agent {
 public:
  using agent::agent;
  log_lane<booking> heard{*this, "heard", keep_last(10), did_update<&tally::count>};
  value_lane<sums> total{*this, "total"};

 private:
  void count(std::uint64_t, const booking& b) {
    total.update([&](sums& s) {
      ++s.count;
      s.amount += b.amount;
    });
  }
};

int main(int argc, char** argv) {
  twinlane::application app{"bank", argc, argv};
  app.agent<account>("account", "/account/:id");
  app.agent<rate>("rate", "/rate/:id");
  app.agent<tally>("tally", "/tally/:id");
  app.default_config("bank.yaml");
  return app.run();
}
