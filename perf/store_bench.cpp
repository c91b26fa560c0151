// What the durable store takes: cuts of 256 events from two threads, of about 2.4 rows each, over many owners; then the
// same again in place; reads from a warm and a cold file; and commits that wait for the disk beside the disk's own
// time.
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <unistd.h>

#include <twinlane/runtime/sqlite_store.hpp>

#include "measure.hpp"

namespace twinlane::perf {
namespace {

struct settings {
  std::uint64_t events = 1'000'000;
  std::uint32_t owners = 100'000;
  unsigned rounds = 2;  // in place
  std::string file;
};

constexpr unsigned threads = 2;
constexpr unsigned cut_events = 256;
constexpr int cuts_in_flight = 64;  // a thread

/// How many commits wait to become durable.
struct window {
  std::mutex mutex;
  std::condition_variable less;
  int open = 0;
  void enter(int at_most) {
    std::unique_lock lock(mutex);
    less.wait(lock, [&] { return open < at_most; });
    ++open;
  }
  void leave() {
    std::lock_guard lock(mutex);
    if (--open == 0 || open == cuts_in_flight / 2) less.notify_all();
  }
};

class leaves final : public commit_waiter {
 public:
  explicit leaves(window& w) : window_(w) {}
  void durable() noexcept override { window_.leave(); }

 private:
  window& window_;
};

/// The rows of event n: its entry, the state that follows from it, and at times the header of its agent.
void write_event(row_batch& to, std::uint64_t n, unsigned round, const settings& s) {
  static constexpr const char* lanes[] = {"orders", "calls", "clicks", "ratings"};
  const auto x = mixed(n);
  char owner[32], key[8], value[96];
  const auto owner_size =
      std::snprintf(owner, sizeof owner, "/customer/%u",
                    static_cast<unsigned>(x % s.owners) / threads * threads + static_cast<unsigned>(n % threads));
  const std::string_view uri(owner, static_cast<std::size_t>(owner_size));
  if (x >> 8 & 1 || x >> 9 & 1) {
    if (n % 5 < 2) to.put(uri, "", "", "\x01\x05\x03 0123456789abcdef");
  }
  const auto v = static_cast<unsigned>(x >> 20 & 0xffff) + round;
  const auto value_size = std::snprintf(value, sizeof value, R"({"amount":%u.%02u,"product":%u,"status":"%s","by":%u})",
                                        v % 500, v % 100, v, v % 3 == 0 ? "placed" : "shipped", round);
  const auto key_size = std::snprintf(key, sizeof key, "%u", static_cast<unsigned>(x >> 40 & 7));
  to.put(uri, lanes[n / threads % 4], {key, static_cast<std::size_t>(key_size)},
         {value, static_cast<std::size_t>(value_size)});
  const auto state_size = std::snprintf(
      value, sizeof value, R"({"spend":%u.5,"dropped_calls":%u,"mean_stars":3.25,"risk":0.%03u})", v, v % 7, v % 1000);
  to.put(uri, "status", "", {value, static_cast<std::size_t>(state_size)});
}

struct written {
  std::uint64_t rows = 0, bytes = 0;
};

/// One pass over all events; without a store, for the time that making the rows takes.
written pass(store* store, unsigned round, const settings& s) {
  std::atomic<std::uint64_t> rows{0}, bytes{0};
  std::vector<std::thread> feeders;
  for (unsigned t = 0; t < threads; ++t) {
    feeders.emplace_back([&, t] {
      window w;
      for (std::uint64_t n = t; n < s.events;) {
        row_batch cut;
        for (unsigned i = 0; i < cut_events && n < s.events; ++i, n += threads) write_event(cut, n, round, s);
        rows.fetch_add(cut.rows(), std::memory_order_relaxed);
        bytes.fetch_add(cut.bytes(), std::memory_order_relaxed);
        if (!store) continue;
        w.enter(cuts_in_flight);
        store->commit(std::move(cut), durability::soon, std::make_unique<leaves>(w));
      }
      w.enter(1);
    });
  }
  for (auto& f : feeders) f.join();
  return {rows, bytes};
}

double making_ns(const settings& s) {
  const auto cpu = cpu_seconds();
  pass(nullptr, 0, s);
  return (cpu_seconds() - cpu) / static_cast<double>(s.events) * 1e9;
}

void measure_pass(const char* what, sqlite_store& store, unsigned round, double making, const settings& s) {
  const auto cpu = cpu_seconds();
  const auto start = clock::now();
  const auto folds = store.count().folds;
  const auto w = pass(&store, round, s);
  const auto took = seconds_since(start);
  const auto events = static_cast<double>(s.events);
  const auto cpu_ns = (cpu_seconds() - cpu) / events * 1e9;
  std::printf(
      "%-10s %8.0f events/s  %9.0f rows/s  %5.0f ns cpu an event, of which %3.0f make the rows  %3.0f bytes logged "
      "an event  %llu folds  file %4.0f bytes an event\n",
      what, events / took, static_cast<double>(w.rows) / took, cpu_ns, making, static_cast<double>(w.bytes) / events,
      static_cast<unsigned long long>(store.count().folds - folds), static_cast<double>(file_bytes(s.file)) / events);
}

void measure_reads(const char* what, sqlite_store& store, unsigned count, std::uint64_t seed, const settings& s) {
  std::vector<double> ms;
  std::uint64_t rows = 0;
  for (unsigned i = 0; i < count; ++i) {
    const auto uri = "/customer/" + std::to_string(mixed(seed + i) % s.owners);
    const auto start = clock::now();
    store.read(uri, [&](const store_row&) { ++rows; });
    ms.push_back(seconds_since(start) * 1e3);
  }
  print_times("read, " + std::string(what) + ", " + std::to_string(rows / count) + " rows", std::move(ms));
}

void measure_now(const char* what, sqlite_store& store, unsigned count) {
  std::vector<double> ms;
  for (unsigned i = 0; i < count; ++i) {
    row_batch cut;
    cut.put("/customer/" + std::to_string(i), "", "", "a header");
    cut.put("#1", "keys", std::to_string(i), "an answer");
    window w;
    w.enter(1);
    const auto start = clock::now();
    store.commit(std::move(cut), durability::now, std::make_unique<leaves>(w));
    w.enter(1);
    ms.push_back(seconds_since(start) * 1e3);
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  print_times(what, std::move(ms));
}

void measure_now_under_load(sqlite_store& store, const settings& s) {
  std::thread feeder([&] {
    window w;
    const auto start = clock::now();
    for (std::uint64_t n = 0; n < 300'000;) {
      row_batch cut;
      for (unsigned i = 0; i < cut_events; ++i, ++n) write_event(cut, n, 99, s);
      w.enter(cuts_in_flight);
      store.commit(std::move(cut), durability::soon, std::make_unique<leaves>(w));
      std::this_thread::sleep_until(start + std::chrono::microseconds(n * 10));
    }
    w.enter(1);
  });
  measure_now("commit now, beside 100,000 events/s", store, 300);
  feeder.join();
}

void run(const settings& s) {
  const auto making = making_ns(s);
  sqlite_store_options o;
  o.file = s.file;
  {
    sqlite_store store(o);
    store.open();
    measure_pass("growing", store, 0, making, s);
    for (unsigned r = 1; r <= s.rounds; ++r) measure_pass("in place", store, r, making, s);
    measure_reads("just written", store, 20'000, 1, s);
    measure_disk("disk: write 8 KiB and fdatasync", s.file, 200);
    measure_now("commit now, alone", store, 200);
    measure_now_under_load(store, s);
    const auto start = clock::now();
    store.close();
    std::printf("closed in %.2f s, file %.0f MB\n", seconds_since(start),
                static_cast<double>(file_bytes(s.file)) / 1e6);
  }
  forget_cached(s.file);
  sqlite_store store(o);
  const auto start = clock::now();
  const auto cpu = cpu_seconds();
  store.open();
  std::printf("opened in %.2f s, %.2f s cpu, %.0f MB resident\n", seconds_since(start), cpu_seconds() - cpu,
              resident_mb());
  measure_reads("cold", store, 2'000, 7'000'000, s);
  measure_reads("warm", store, 20'000, 1, s);
}

}  // namespace
}  // namespace twinlane::perf

int main(int argc, char** argv) {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  twinlane::perf::settings s;
  for (int i = 1; i < argc; ++i) {
    const auto value = [&] { return i + 1 < argc ? argv[++i] : "0"; };
    if (!std::strcmp(argv[i], "--events"))
      s.events = std::strtoull(value(), nullptr, 10);
    else if (!std::strcmp(argv[i], "--owners"))
      s.owners = static_cast<std::uint32_t>(std::strtoul(value(), nullptr, 10));
    else if (!std::strcmp(argv[i], "--rounds"))
      s.rounds = static_cast<unsigned>(std::strtoul(value(), nullptr, 10));
    else if (!std::strcmp(argv[i], "--file"))
      s.file = value();
    else {
      std::fprintf(stderr, "store_bench [--events N] [--owners N] [--rounds N] [--file F]\n");
      return 2;
    }
  }
  const bool own = s.file.empty();
  const auto folder = std::filesystem::temp_directory_path() / ("twinlane-store-" + std::to_string(::getpid()));
  if (own) s.file = (folder / "store.db").string();
  twinlane::perf::run(s);
  if (own) std::filesystem::remove_all(folder);
}
