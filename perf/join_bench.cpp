// Joins at scale. A price of one product that 50,000 customers wish changes, while other agents get events at a steady
// rate: how long it takes to reach all, whether it reached each of them once, and what the others' events feel of it.
// Then many products with three followers each, for what the machinery of the many costs the few.
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <malloc.h>
#include <unistd.h>

#include <twinlane/agents/agent.hpp>
#include <twinlane/runtime/runtime.hpp>
#include <twinlane/runtime/sqlite_store.hpp>

#include "measure.hpp"

namespace twinlane::perf {
namespace {

struct settings {
  unsigned joiners = 50'000;
  unsigned changes = 20;
  unsigned rate = 5'000;  // events a second to other agents
  unsigned devices = 2'000;
  unsigned seconds = 5;  // without a fan-out
  unsigned products = 10'000;
  unsigned few_changes = 200'000;
  unsigned step = 0;  // followers told at a time; 0: as shards do
  std::string file;   // of the store; empty: in memory
};

class product final : public agent {
 public:
  using agent::agent;
  value_lane<int> price{*this, "price"};
};

/// Counts each change that its join hears.
class customer final : public agent {
 public:
  using agent::agent;
  map_lane<int, std::string> wishes{*this, "wishes", did_update<&customer::wished>};
  join_value_lane<int, int> prices{*this, "prices"};
  value_lane<int> heard{*this, "heard"};

 private:
  rule count{*this, on_change(prices), &customer::hear};
  void wished(const int& key, const std::string& uri, const std::string*) { prices.join(key, uri, "price"); }
  void hear() { heard.set((heard ? *heard : 0) + 1); }
};

class device final : public agent {
 public:
  using agent::agent;
  value_lane<std::int64_t> sent{*this, "sent"};  // nanoseconds of the steady clock
};

std::int64_t now_ns() { return clock::now().time_since_epoch().count(); }

/// Diffs as they are made: how old the devices' events are then, and how many customers have changed.
class diff_watch {
 public:
  void take(std::span<const agent_delta> deltas) {
    std::uint64_t customers = 0;
    const auto now = now_ns();
    for (const auto& d : deltas) {
      if (d.uri.starts_with("/customer/")) ++customers;
      if (!d.uri.starts_with("/device/")) continue;
      const auto at = d.patch.find(':');
      const auto ms = static_cast<double>(now - std::strtoll(d.patch.data() + at + 1, nullptr, 10)) * 1e-6;
      std::lock_guard lock(mutex_);
      ages_.push_back(ms);
    }
    if (customers != 0) customers_.fetch_add(customers);
  }
  std::uint64_t customers() const { return customers_; }
  std::vector<double> take_ages() {
    std::lock_guard lock(mutex_);
    return std::exchange(ages_, {});
  }

 private:
  std::mutex mutex_;
  std::vector<double> ages_;
  std::atomic<std::uint64_t> customers_{0};
};

class bench {
 public:
  explicit bench(const settings& s) : s_(s), on_(options(), store_of(s)) {
    on_.add<product>("product", "/product/:id");
    on_.add<customer>("customer", "/customer/:id");
    on_.add<device>("device", "/device/:id");
    on_.start();
  }
  ~bench() { on_.stop(std::chrono::seconds(60)); }

  void post(const char* source, const std::string& type, const std::string& lane, std::vector<std::string> ids,
            const std::string& key, const std::string& value) {
    const auto partition = on_.partition(source, "bench", 0);
    const auto target = std::get<target_info>(on_.resolve_target('/' + type + "/{id}", lane));
    const route path('/' + type + "/:id");
    std::vector<routed_record> records;
    std::int64_t offset = std::max<std::int64_t>(partition->posted_mark(), 0);
    for (auto& id : ids) id.insert(0, '/' + type + '/');
    const auto padded = value + std::string(64, '\0');
    for (const auto& uri : ids)
      records.push_back(
          {uri, path.hash(uri), target.id, key, std::string_view(padded).substr(0, value.size()), false, offset++, 0});
    on_.post(partition, records, {}, offset, clock::now());
  }
  void wait_for_customers(std::uint64_t count) {
    while (watch_.customers() < count) std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
  bool drain() { return on_.drain(std::chrono::seconds(60)); }

  int run();
  int run_few();

 private:
  runtime_options options() {
    runtime_options o;
    if (s_.step != 0) o.shard.fan_out_step = s_.step;
    o.deltas = [this](std::span<const agent_delta> deltas) { watch_.take(deltas); };
    return o;
  }
  static std::unique_ptr<store> store_of(const settings& s) {
    if (s.file.empty()) return std::make_unique<memory_store>();
    sqlite_store_options o;
    o.file = s.file;
    return std::make_unique<sqlite_store>(o);
  }
  void join_all();
  void feed(const std::atomic<bool>& ends);
  void price(int p) { post("prices", "product", "price", {"1"}, "", std::to_string(p)); }
  unsigned customers_that_say(const std::string& lanes);

  const settings& s_;
  diff_watch watch_;
  runtime on_;
};

/// Posts the devices' events at their rate, in batches of a millisecond.
void bench::feed(const std::atomic<bool>& ends) {
  std::uint64_t n = 0;
  for (auto at = clock::now(); !ends; std::this_thread::sleep_until(at += std::chrono::milliseconds(1)))
    for (unsigned i = 0; i < s_.rate / 1000; ++i)
      post("devices", "device", "sent", {std::to_string(n++ * 7919 % s_.devices)}, "", std::to_string(now_ns()));
}

void bench::join_all() {
  std::vector<std::string> ids;
  for (unsigned i = 0; i < s_.joiners; ++i) ids.push_back(std::to_string(i));
  post("heard", "customer", "heard", ids, "", "0");
  price(100);
  wait_for_customers(s_.joiners);
  drain();
  const auto before = resident_bytes();
  const auto start = clock::now();
  post("wishes", "customer", "wishes", ids, "1", R"("/product/1")");
  wait_for_customers(3 * std::uint64_t{s_.joiners});
  drain();
  const auto took = seconds_since(start);
  malloc_trim(0);
  std::printf("%u joins on one lane: %.2f s, %.0f bytes a join, both ends and the wish\n", s_.joiners, took,
              static_cast<double>(resident_bytes() - before) / s_.joiners);
}

/// Counts the customers whose lanes are as given.
unsigned bench::customers_that_say(const std::string& lanes) {
  std::atomic<unsigned> asked{0}, same{0};
  for (unsigned i = 0; i < s_.joiners; ++i) {
    on_.get("/customer/" + std::to_string(i), {false, {"prices", "heard"}}, [&](outcome<snapshot> got) {
      if (ok(got) && std::get<snapshot>(got).lanes() == lanes) ++same;
      ++asked;
    });
  }
  while (asked < s_.joiners) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  return same;
}

int bench::run() {
  join_all();
  std::atomic<bool> ends{false};
  std::thread feeder([&] { feed(ends); });
  std::this_thread::sleep_for(std::chrono::seconds(1));
  watch_.take_ages();
  std::this_thread::sleep_for(std::chrono::seconds(s_.seconds));
  print_times("others' event to diff, without a fan-out", watch_.take_ages());
  std::vector<double> reached;
  auto count = watch_.customers();
  std::vector<double> ages;
  for (unsigned n = 1; n <= s_.changes; ++n) {
    watch_.take_ages();
    const auto start = clock::now();
    price(100 + static_cast<int>(n));
    wait_for_customers(count += s_.joiners);
    reached.push_back(seconds_since(start) * 1e3);
    const auto some = watch_.take_ages();
    ages.insert(ages.end(), some.begin(), some.end());
  }
  print_times("others' event to diff, during fan-outs", ages);
  print_times("a change reaches all " + std::to_string(s_.joiners), reached);
  ends = true;
  feeder.join();
  drain();
  const auto want =
      R"({"prices":{"1":)" + std::to_string(100 + s_.changes) + R"(},"heard":)" + std::to_string(1 + s_.changes) + '}';
  const auto right = customers_that_say(want);
  std::printf("%u of %u customers have the last price and heard each of %u changes once\n", right, s_.joiners,
              s_.changes);
  return right == s_.joiners ? 0 : 1;
}

/// Each product has three followers: none of the machinery for the many is needed.
int bench::run_few() {
  for (unsigned k = 0; k < 3; ++k)
    for (unsigned p = 0; p < s_.products; ++p)
      post("wishes", "customer", "wishes", {std::to_string(p * 7 + k)}, std::to_string(k),
           "\"/product/" + std::to_string(p) + '"');
  if (!drain()) return 1;
  const auto start = clock::now();
  const auto partition = on_.partition("prices", "bench", 0);
  std::vector<std::string> ids;
  for (unsigned n = 0; n < s_.few_changes;) {
    while (partition->in_flight_records() > 16'384) std::this_thread::sleep_for(std::chrono::microseconds(100));
    ids.clear();
    for (unsigned i = 0; i < 1'000; ++i, ++n) ids.push_back(std::to_string(n % s_.products));
    post("prices", "product", "price", ids, "", std::to_string(n / s_.products + n % 1'000));
  }
  if (!drain()) return 1;
  std::printf("%u changes with three followers each: %.0f changes/s\n", s_.few_changes,
              s_.few_changes / seconds_since(start));
  return 0;
}

int run(const settings& s) {
  std::printf("joins, %s\n", s.file.empty() ? "in memory" : "in SQLite");
  if (const int failed = bench(s).run()) return failed;
  auto few = s;
  if (!s.file.empty()) few.file += ".few";
  return bench(few).run_few();
}

}  // namespace
}  // namespace twinlane::perf

int main(int argc, char** argv) {
  twinlane::perf::settings s;
  for (int i = 1; i + 1 < argc; i += 2) {
    const auto value = static_cast<unsigned>(std::strtoul(argv[i + 1], nullptr, 10));
    if (!std::strcmp(argv[i], "--joiners")) s.joiners = value;
    if (!std::strcmp(argv[i], "--changes")) s.changes = value;
    if (!std::strcmp(argv[i], "--rate")) s.rate = value;
    if (!std::strcmp(argv[i], "--seconds")) s.seconds = value;
    if (!std::strcmp(argv[i], "--step")) s.step = value;
  }
  const auto folder = std::filesystem::temp_directory_path() / ("join_bench." + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  int failed = twinlane::perf::run(s);
  s.file = (folder / "state.db").string();
  failed += twinlane::perf::run(s);
  std::filesystem::remove_all(folder);
  return failed;
}
