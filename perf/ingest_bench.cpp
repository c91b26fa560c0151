// In-process ingest: bytes in, routed, applied, rule run, diff built.
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <thread>

#include <malloc.h>
#include <sys/resource.h>

#include <twinlane/ingest/record_router.hpp>
#include <twinlane/ingest/text_arena.hpp>

#include "customer_load.hpp"

namespace twinlane::perf {
namespace {

struct settings {
  std::uint64_t events = 1'000'000;
  std::uint32_t customers = 100'000;
  bool dedicated = false;
  unsigned rounds = 3;
  std::size_t batch = 8192;
};

/// Takes every turn's diff, and counts its bytes.
struct diff_counter {
  std::atomic<std::uint64_t> bytes{0}, diffs{0};
  void count(std::span<const agent_delta> deltas) {
    std::uint64_t n = 0;
    for (const auto& d : deltas) n += d.patch.size();
    bytes.fetch_add(n, std::memory_order_relaxed);
    diffs.fetch_add(deltas.size(), std::memory_order_relaxed);
  }
};

struct lane_feed {
  std::shared_ptr<source_partition> partition;
  std::unique_ptr<ingest::record_router> router;
  ingest::text_arena texts;
  std::vector<routed_record> records;
  std::int64_t offset = 0;
};

// Less in flight than the caches hold twice over; ingest pauses a partition in the same way.
constexpr std::int64_t in_flight_max = 16'384;

/// Routes and posts all events, a batch of each lane in turn, as a consumer of four topics would.
void feed(runtime& rt, std::vector<lane_feed>& feeds, const event_stream& events, std::size_t batch) {
  std::size_t at = 0;
  while (at < events.size()) {
    const auto end = std::min(events.size(), at + 4 * batch);
    const auto arrived = std::chrono::steady_clock::now();
    for (unsigned l = 0; l < 4; ++l) {
      auto& f = feeds[l];
      while (f.partition->in_flight_records() > in_flight_max)
        std::this_thread::sleep_for(std::chrono::microseconds(100));
      f.texts.clear();
      f.records.clear();
      for (std::size_t i = at + l; i < end; i += 4) {
        ingest::raw_record r;
        r.value = events[i];
        r.offset = f.offset++;
        r.timestamp_ms = 1763700000000 + r.offset;
        if (f.router->route(r, {"bench", 0}, f.texts, f.records)) std::abort();
      }
      rt.post(f.partition, f.records, {}, f.offset, arrived);
    }
    at = end;
  }
}

double cpu_seconds() {
  rusage u{};
  getrusage(RUSAGE_SELF, &u);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
  };
  return seconds(u.ru_utime) + seconds(u.ru_stime);
}

/// One round: all events into a fresh runtime. False when an event is missing at the end.
bool run_round(const settings& s, const event_stream& events, unsigned round) {
  malloc_trim(0);
  const auto before = resident_bytes();
  diff_counter kept;
  runtime_options o;
  if (s.dedicated) o.hosting_override = hosting::dedicated;
  o.deltas = [&kept](std::span<const agent_delta> deltas) { kept.count(deltas); };
  runtime rt(o);
  rt.add<customer>("customer", "/customer/:id");
  rt.start();
  std::vector<lane_feed> feeds(4);
  for (unsigned l = 0; l < 4; ++l) {
    ingest::source_spec spec;
    spec.name = lanes[l];
    spec.entity = "/customer/{customer_id}";
    spec.lane = lanes[l];
    spec.key = "{id}";
    const auto target = rt.resolve_target(spec.entity, spec.lane);
    feeds[l].router = std::make_unique<ingest::record_router>(spec, std::get<target_info>(target));
    feeds[l].partition = rt.partition(spec.name, "bench", 0);
  }
  const auto cpu = cpu_seconds();
  const auto start = std::chrono::steady_clock::now();
  feed(rt, feeds, events, s.batch);
  if (!rt.drain(std::chrono::seconds(60))) return false;
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  const auto n = static_cast<double>(s.events);
  std::uint64_t applied = 0;
  for (const auto& f : feeds) applied += f.partition->applied;
  if (applied != s.events) return false;
  std::printf(
      "ingest %-9s round %u: %9.0f events/s  %5.0f ns cpu/event  %4.0f bytes/customer  %.2f turns/event  %3.0f "
      "bytes/diff\n",
      s.dedicated ? "dedicated" : "shared", round + 1, n / took.count(), (cpu_seconds() - cpu) / n * 1e9,
      static_cast<double>(resident_bytes() - before) / static_cast<double>(rt.agent_count()),
      static_cast<double>(kept.diffs) / n, static_cast<double>(kept.bytes) / static_cast<double>(kept.diffs));
  std::fflush(stdout);
  return rt.stop(std::chrono::seconds(10));
}

int run(const settings& s) {
  const event_stream events(s.events, s.customers);
  for (unsigned round = 0; round < s.rounds; ++round)
    if (!run_round(s, events, round)) return 1;
  return 0;
}

}  // namespace
}  // namespace twinlane::perf

int main(int argc, char** argv) {
  twinlane::perf::settings s;
  for (int i = 1; i < argc; ++i) {
    if (!std::strcmp(argv[i], "--dedicated")) s.dedicated = true;
    if (!std::strcmp(argv[i], "--events") && i + 1 < argc) s.events = std::strtoull(argv[++i], nullptr, 10);
    if (!std::strcmp(argv[i], "--customers") && i + 1 < argc)
      s.customers = static_cast<std::uint32_t>(std::strtoul(argv[++i], nullptr, 10));
    if (!std::strcmp(argv[i], "--rounds") && i + 1 < argc)
      s.rounds = static_cast<unsigned>(std::strtoul(argv[++i], nullptr, 10));
    if (!std::strcmp(argv[i], "--batch") && i + 1 < argc) s.batch = std::strtoull(argv[++i], nullptr, 10);
  }
  return twinlane::perf::run(s);
}
