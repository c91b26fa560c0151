// In-process ingest: bytes in, routed, applied, rule run, diff built.
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <thread>

#include <malloc.h>

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
  std::size_t batch = 4096;
};

/// Asks for every turn's diff, as a durable store does, and counts its bytes.
class counting_store final : public memory_store {
 public:
  bool wants_deltas() const noexcept override { return true; }
  void commit(std::uint32_t shard, std::span<const agent_delta> deltas, std::unique_ptr<commit_waiter> w) override {
    std::uint64_t n = 0;
    for (const auto& d : deltas) n += d.patch.size();
    bytes.fetch_add(n, std::memory_order_relaxed);
    diffs.fetch_add(deltas.size(), std::memory_order_relaxed);
    memory_store::commit(shard, deltas, std::move(w));
  }
  std::atomic<std::uint64_t> bytes{0}, diffs{0};
};

struct lane_feed {
  std::shared_ptr<source_partition> partition;
  std::unique_ptr<ingest::record_router> router;
  ingest::text_arena texts;
  std::vector<routed_record> records;
  std::int64_t offset = 0;
};

/// Routes and posts all events, a batch of each lane in turn, as a consumer of four topics would.
void feed(runtime& rt, std::vector<lane_feed>& feeds, const std::vector<std::string>& events, std::size_t batch) {
  std::size_t at = 0;
  while (at < events.size()) {
    const auto end = std::min(events.size(), at + 4 * batch);
    const auto arrived = std::chrono::steady_clock::now();
    for (unsigned l = 0; l < 4; ++l) {
      auto& f = feeds[l];
      while (f.partition->in_flight_records() > 100'000) std::this_thread::sleep_for(std::chrono::microseconds(100));
      f.texts.clear();
      f.records.clear();
      for (std::size_t i = at + l; i < end; i += 4) {
        ingest::raw_record r;
        r.value = events[i];
        r.offset = f.offset++;
        r.timestamp_ms = 1763700000000 + r.offset;
        if (f.router->route(r, {"bench", 0}, f.texts, f.records)) std::abort();
      }
      rt.post(f.partition, f.records, f.offset, arrived);
    }
    at = end;
  }
}

int run(const settings& s) {
  std::vector<std::string> events;
  events.reserve(s.events);
  for (std::uint64_t n = 0; n < s.events; ++n) {
    events.push_back(event_text(n, s.customers));
    events.back().reserve(events.back().size() + 64);
  }
  malloc_trim(0);
  const auto before = resident_bytes();
  auto owned = std::make_unique<counting_store>();
  auto& kept = *owned;
  runtime_options o;
  if (s.dedicated) o.hosting_override = hosting::dedicated;
  runtime rt(o, std::move(owned));
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
  for (unsigned round = 0; round < s.rounds; ++round) {
    const auto diffs = kept.diffs.load(), bytes = kept.bytes.load();
    const auto start = std::chrono::steady_clock::now();
    feed(rt, feeds, events, s.batch);
    if (!rt.drain(std::chrono::seconds(60))) return 1;
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    std::uint64_t applied = 0;
    for (const auto& f : feeds) applied += f.partition->applied;
    if (applied != s.events * (round + 1)) return 1;
    const auto agents = rt.agent_count();
    std::printf("ingest %-9s round %u: %9.0f events/s  %4.0f bytes/customer  %lld customers  %.2f diffs/event  %.0f bytes/diff\n",
                s.dedicated ? "dedicated" : "shared", round + 1, static_cast<double>(s.events) / took.count(),
                static_cast<double>(resident_bytes() - before) / static_cast<double>(agents),
                static_cast<long long>(agents), static_cast<double>(kept.diffs - diffs) / static_cast<double>(s.events),
                static_cast<double>(kept.bytes - bytes) / static_cast<double>(kept.diffs - diffs));
    std::fflush(stdout);
  }
  return rt.stop(std::chrono::seconds(10)) ? 0 : 1;
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
