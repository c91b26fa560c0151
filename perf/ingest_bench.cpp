// In-process ingest: bytes in, routed, applied, rule run, diff built.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <malloc.h>

#include "customer_feed.hpp"

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

// Less in flight than the caches hold twice over; ingest pauses a partition in the same way.
constexpr std::int64_t in_flight_max = 16'384;

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
  customer_feed feed(rt, in_flight_max, s.batch);
  const auto cpu = cpu_seconds();
  const auto start = clock::now();
  feed.post(events);
  if (!rt.drain(std::chrono::seconds(60))) return false;
  const auto took = seconds_since(start);
  const auto n = static_cast<double>(s.events);
  if (feed.applied() != s.events) return false;
  std::printf(
      "ingest %-9s round %u: %9.0f events/s  %5.0f ns cpu/event  %4.0f bytes/customer  %.2f turns/event  %3.0f "
      "bytes/diff\n",
      s.dedicated ? "dedicated" : "shared", round + 1, n / took, (cpu_seconds() - cpu) / n * 1e9,
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
