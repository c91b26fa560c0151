#pragma once

#include <string>

#include <nlohmann/json.hpp>
#include <twinlane/agents/agent.hpp>
#include <twinlane/lanes/reduce.hpp>

// The agents of the runtime's tests; what builds them is in cast.cpp, compiled once.
namespace runtime_test {

using nlohmann::json;
using namespace twinlane;

/// Sums what it is told; `poison` in a note makes it throw.
class account final : public agent {
 public:
  explicit account(construction c);
  ~account() override;
  map_lane<int, int> amounts{*this, "amounts"};
  log_lane<std::string> notes{*this, "notes", keep_last(100), did_update<&account::noted>};
  value_lane<std::string> name{*this, "name", writable};
  map_lane<int, std::string> labels{*this, "labels", writable};
  map_lane<int, int> recent{*this, "recent", keep_for(std::chrono::milliseconds{1000})};
  value_lane<int> sum{*this, "sum"};
  value_lane<int> events{*this, "events"};
  value_lane<int> rings{*this, "rings"};
  command_lane<int> add{*this, "add", on_command<&account::do_add>};
  command_lane<int> alarm{*this, "alarm", on_command<&account::do_alarm>};
  timer ring{*this, "ring", &account::rang};

 private:
  rule total{*this, on_change(amounts), &account::add_up};

  void noted(std::uint64_t, const std::string& now) {
    if (now == "poison") throw std::runtime_error("poison");
    if (now == "silent poison") throw std::runtime_error("");
    events.update([](int& n) { ++n; });
  }
  void add_up() {
    int all = 0;
    for (const auto& e : amounts) all += e.value;
    if (all == 666) throw std::runtime_error("the sum of all evil");
    sum.set(all);
  }
  reply do_add(const int& n) {
    if (n == 0) return reply::refuse("nothing to add");
    sum.update([&](int& all) { all += n; });
    if (n < 0) throw std::runtime_error("only more");
    return reply::with(*sum);
  }
  reply do_alarm(const int& delay_ms) {
    ring.set_after(std::chrono::milliseconds{delay_ms});
    return {};
  }
  void rang() {
    rings.update([](int& n) { ++n; });
    if (sum && *sum == 13) throw std::runtime_error("unlucky");
  }
};

/// Passes on what it gets: `to` names the next agent.
class relay final : public agent {
 public:
  explicit relay(construction c);
  ~relay() override;
  value_lane<std::string> to{*this, "to"};
  log_lane<int> inbox{*this, "inbox", keep_last(1000), did_update<&relay::pass_on>};
  value_lane<int> seen{*this, "seen"};

 private:
  void pass_on(std::uint64_t, const int& n) {
    seen.update([](int& all) { ++all; });
    if (to) send(*to, "inbox", n + 1);
    if (n == -1) throw std::runtime_error("no");
  }
};

/// Follows products; `wish` names the product under a key.
class fan final : public agent {
 public:
  explicit fan(construction c);
  ~fan() override;
  map_lane<int, std::string> wish{*this, "wish", did_update<&fan::wished>, did_remove<&fan::forgot>};
  join_value_lane<int, int> prices{*this, "prices"};
  value_lane<int> cheapest{*this, "cheapest"};

 private:
  rule compare{*this, on_change(prices), &fan::look};
  void wished(const int& key, const std::string& uri, const std::string*) { prices.join(key, uri, "price"); }
  void forgot(const int& key, const std::string&) { prices.leave(key); }
  void look() {
    std::optional<int> least;
    prices.for_each([&](const int&, const int& p) { least = std::min(p, least.value_or(p)); });
    least ? cheapest.set(*least) : cheapest.clear();
  }
};

class product final : public agent {
 public:
  explicit product(construction c);
  ~product() override;
  value_lane<int> price{*this, "price"};
  value_lane<int> other{*this, "other"};
};

/// Emits what it gets, and counts it.
class clerk final : public agent {
 public:
  explicit clerk(construction c);
  ~clerk() override;
  map_lane<int, int> papers{*this, "papers", did_update<&clerk::file>};
  value_lane<int> filed{*this, "filed"};
  value_lane<int> whisper{*this, "whisper", transient};

 private:
  void file(const int& key, const int& now, const int*) {
    filed.update([](int& n) { ++n; });
    emit("audit", std::to_string(key), now);
  }
};

/// Says aloud what rises high, passes on what it is told to shout, and is asked for its mean.
class siren final : public agent {
 public:
  explicit siren(construction c);
  ~siren() override;
  map_lane<int, int> levels{*this, "levels", did_update<&siren::rose>};
  supply_lane<int> alarms{*this, "alarms"};
  supply_lane<std::string> shouts{*this, "shouts", did_update<&siren::shouted>};
  value_lane<int> shouted_count{*this, "shouted_count"};
  demand_lane<int> mean{*this, "mean", computed<&siren::mean_level>};
  demand_lane<int> broken{*this, "broken", computed<&siren::change_level>};

 private:
  void rose(const int&, const int& now, const int*) {
    if (now > 10) alarms.emit(now);
    if (now == 666) throw std::runtime_error("too loud");
  }
  void shouted(const std::string&) {
    shouted_count.update([](int& n) { ++n; });
  }
  int mean_level() const {
    int sum = 0;
    for (const auto& e : levels) sum += e.value;
    if (levels.empty()) throw std::runtime_error("no level yet");
    return sum / static_cast<int>(levels.size());
  }
  int change_level() const {
    const_cast<siren*>(this)->levels.put(1, 1);
    return 1;
  }
};

/// Sums what it is told by windows of event time, and emits those that close; -1 makes it throw.
class meter final : public agent {
 public:
  using milliseconds = std::chrono::milliseconds;
  explicit meter(construction c);
  ~meter() override;
  log_lane<int> told{*this, "told", keep_last(10), did_update<&meter::hear>};
  window_lane<reduce::sum<int>> per_second{*this,
                                           "per_second",
                                           tumbling(milliseconds{1000}),
                                           grace(milliseconds{500}),
                                           keep_last(100),
                                           did_close<&meter::second_closed>,
                                           roll_up_into<&meter::per_minute>};
  window_lane<reduce::sum<int>> per_minute{*this, "per_minute", tumbling(milliseconds{60'000})};
  window_lane<reduce::count> bursts{*this, "bursts", twinlane::session(milliseconds{100}),
                                    close_after_idle(milliseconds{2000})};

 private:
  void hear(std::uint64_t, const int& n) {
    per_second.add(n);
    bursts.add();
    if (n == -1) throw std::runtime_error("no");
  }
  void second_closed(std::int64_t start_ms, const window<reduce::sum<int>>& w) {
    emit("audit", std::to_string(start_ms), w.value);
  }
};

/// Has lanes of all kinds, of integers alone, so that random operations can be made of what its type says of them.
class chest final : public agent {
 public:
  explicit chest(construction c);
  ~chest() override;
  value_lane<int> single{*this, "single", writable};
  map_lane<int, int> table{*this, "table", writable};
  map_lane<int, int> few{*this, "few", keep_last(3)};
  map_lane<int, int> fresh{*this, "fresh", keep_for(std::chrono::milliseconds{1000})};
  log_lane<int> notes{*this, "notes", keep_last(4)};
  value_lane<int> whisper{*this, "whisper", transient};
  map_lane<int, int> follows{*this, "follows", did_update<&chest::join>, did_remove<&chest::leave>};
  join_value_lane<int, int> singles{*this, "singles"};
  join_map_lane<int, int> tables{*this, "tables"};
  supply_lane<int> ticks{*this, "ticks", did_update<&chest::ticked>};
  window_lane<reduce::sum<int>> spans{*this, "spans", tumbling(std::chrono::milliseconds{200}),
                                      grace(std::chrono::milliseconds{400}), keep_last(4)};
  window_lane<reduce::count> visits{*this, "visits", twinlane::session(std::chrono::milliseconds{40}),
                                    grace(std::chrono::milliseconds{400}), keep_last(5)};
  demand_lane<int> mean{*this, "mean", computed<&chest::mean_of_table>};
  value_lane<int> sum{*this, "sum"};
  command_lane<int> drop{*this, "drop", on_command<&chest::do_drop>};

 private:
  rule total{*this, on_change(table), &chest::add_up};

  void join(const int& key, const int& other, const int*) {
    const auto uri = "/chest/" + std::to_string(other);
    singles.join(key, uri, "single");
    tables.join(key, uri, "table");
  }
  void leave(const int& key, const int&) {
    singles.leave(key);
    tables.leave(key);
  }
  void add_up() {
    int all = 0;
    for (const auto& e : table) all += e.value;
    sum.set(all);
  }
  void ticked(const int& n) {
    spans.add(n);
    visits.add();
  }
  int mean_of_table() const { return table.empty() ? 0 : *sum / static_cast<int>(table.size()); }
  reply do_drop(const int& key) {
    table.remove(key);
    return {};
  }
};

inline std::shared_ptr<const agent_type> accounts(type_options o = {}) {
  return make_agent_type<account>("account", "/account/:id", o);
}

}  // namespace runtime_test
