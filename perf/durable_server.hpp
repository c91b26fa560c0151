#pragma once

#include <condition_variable>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <twinlane/runtime/sqlite_store.hpp>

#include "customer_feed.hpp"

/// What durable_bench.cpp measures: a runtime over the SQLite store, and calls on it.
namespace twinlane::perf {

struct settings {
  std::uint32_t agents = 100'000;
  std::uint64_t events = 0;  // 0: ten an agent
  unsigned rounds = 3;       // in place
  std::size_t active_max = 50'000;
  std::uint32_t subscriptions = 50'000;
  bool timed = false;  // and as many agents more whose entries end some day
  std::string file, phase;
};

class account final : public agent {
 public:
  using agent::agent;
  value_lane<std::int64_t> sum{*this, "sum"};
  command_lane<int> add{*this, "add", on_command<&account::do_add>};

 private:
  reply do_add(const int& n) {
    sum.set((sum ? *sum : 0) + n);
    return reply::with(*sum);
  }
};

/// What it holds ends after a month: the runtime must know when.
class visit final : public agent {
 public:
  using agent::agent;
  value_lane<int> page{*this, "page", keep_for(std::chrono::days{30})};
};

/// A runtime over the store, as a server has it.
struct server {
  explicit server(const settings& s, std::size_t active_max = 0) {
    sqlite_store_options o;
    o.file = s.file;
    auto made = std::make_unique<sqlite_store>(o);
    store = made.get();
    runtime_options r;
    r.shard.active_max = active_max == 0 ? 0 : std::max<std::size_t>(active_max / r.shards, 1);
    rt = std::make_unique<runtime>(r, std::move(made));
    rt->add<customer>("customer", "/customer/:id");
    rt->add<visit>("visit", "/visit/:id");
    type_options by_command;
    by_command.create = creation::commands;
    rt->add<account>("account", "/account/:id", by_command);
    rt->start();
  }
  void stop() {
    if (!rt->stop(std::chrono::seconds(60))) std::exit(1);
  }
  sqlite_store* store;
  std::unique_ptr<runtime> rt;
};

// As a source's flow bounds it by default.
inline constexpr std::int64_t in_flight_max = 100'000;
inline constexpr std::size_t batch = 8192;

/// Calls that are open at a time, bounded; and how long each took.
class calls {
 public:
  void enter(std::size_t at_most) {
    std::unique_lock lock(mutex_);
    less_.wait(lock, [&] { return open_ < at_most; });
    ++open_;
  }
  void leave(double ms) {
    std::lock_guard lock(mutex_);
    --open_;
    ms_.push_back(ms);
    less_.notify_all();
  }
  /// Until none is open.
  std::vector<double> wait() {
    std::unique_lock lock(mutex_);
    less_.wait(lock, [&] { return open_ == 0; });
    return std::exchange(ms_, {});
  }

 private:
  std::mutex mutex_;
  std::condition_variable less_;
  std::size_t open_ = 0;
  std::vector<double> ms_;
};

/// Visits each of n numbers once, in an order that is none.
inline std::uint32_t shuffled(std::uint64_t i, std::uint32_t n) {
  constexpr std::uint64_t prime = 2'654'435'761;  // does not divide n, which is smaller
  return static_cast<std::uint32_t>((i + 1) * prime % n);
}

inline void touch(runtime& rt, std::uint32_t number, calls& c, clock::time_point since, std::size_t at_most) {
  c.enter(at_most);
  rt.get("/customer/" + std::to_string(number), {}, [&c, since](const outcome<snapshot>& a) {
    if (!ok(a) && std::get<error>(a).code != problem::no_such_entity) std::abort();
    c.leave(seconds_since(since) * 1e3);
  });
}

}  // namespace twinlane::perf
