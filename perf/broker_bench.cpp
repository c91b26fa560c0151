// Ingest from a real broker: the shared workload through four topics, from the first poll until all is applied.
// perf/run starts the broker and makes the topics.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <thread>

#include <unistd.h>

#include <twinlane/ingest/produce.hpp>
#include <twinlane/ingest/sources.hpp>

#include "customer_load.hpp"

namespace twinlane::perf {
namespace {

struct settings {
  std::string brokers;
  std::uint64_t events = 1'000'000;
  std::uint32_t customers = 100'000;
};

ingest::source_spec spec_of(const settings& s, const char* lane) {
  ingest::source_spec spec;
  spec.name = lane;
  ingest::kafka_spec kafka;
  kafka.brokers = s.brokers;
  kafka.topic = lane;
  kafka.group = "bench";
  spec.from = kafka;
  spec.entity = "/customer/{customer_id}";
  spec.lane = lane;
  spec.key = "{id}";
  return spec;
}

bool fill_topics(const settings& s) {
  const auto file =
      std::filesystem::temp_directory_path() / ("twinlane-bench-" + std::to_string(::getpid()) + ".ndjson");
  bool good = true;
  for (unsigned l = 0; l < 4 && good; ++l) {
    std::ofstream out(file);
    for (std::uint64_t n = l; n < s.events; n += 4) out << event_text(n, s.customers) << '\n';
    out.close();
    ingest::produce_options p;
    p.source = spec_of(s, lanes[l]);
    p.file = file.string();
    const auto done = ingest::produce(p);
    good = ok(done) && std::get<ingest::produce_result>(done).failed == 0;
    if (!ok(done)) std::fprintf(stderr, "%s\n", std::get<error>(done).detail.c_str());
  }
  std::filesystem::remove(file);
  return good;
}

int run(const settings& s) {
  if (!fill_topics(s)) return 1;
  runtime rt;
  rt.add<customer>("customer", "/customer/:id");
  rt.start();
  std::vector<ingest::source_spec> specs;
  for (const auto* lane : lanes) specs.push_back(spec_of(s, lane));
  ingest::generator_registry generators;
  ingest::sources all(specs, rt, generators);
  const auto cpu = cpu_seconds();
  all.start();
  const auto applied = [&] {
    std::uint64_t n = 0;
    for (const auto& p : rt.partitions()) n += p->applied;
    return n;
  };
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(120);
  while (applied() == 0 && std::chrono::steady_clock::now() < deadline)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  const auto start = std::chrono::steady_clock::now();  // joining the group is not ingest
  const auto before = applied();
  while (applied() < s.events && std::chrono::steady_clock::now() < deadline)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  const auto n = applied();
  std::printf("broker: %9.0f events/s  %5.0f ns cpu/event (the broker's not counted)  %llu of %llu applied\n",
              static_cast<double>(n - before) / took.count(), (cpu_seconds() - cpu) / static_cast<double>(n) * 1e9,
              static_cast<unsigned long long>(n), static_cast<unsigned long long>(s.events));
  all.stop(std::chrono::seconds(5));
  rt.stop(std::chrono::seconds(5));
  return n == s.events ? 0 : 1;
}

}  // namespace
}  // namespace twinlane::perf

int main(int argc, char** argv) {
  twinlane::perf::settings s;
  for (int i = 1; i + 1 < argc; i += 2) {
    if (!std::strcmp(argv[i], "--brokers")) s.brokers = argv[i + 1];
    if (!std::strcmp(argv[i], "--events")) s.events = std::strtoull(argv[i + 1], nullptr, 10);
    if (!std::strcmp(argv[i], "--customers"))
      s.customers = static_cast<std::uint32_t>(std::strtoul(argv[i + 1], nullptr, 10));
  }
  if (s.brokers.empty()) {
    std::fprintf(stderr, "usage: broker_bench --brokers HOST:PORT [--events N] [--customers N]\n");
    return 2;
  }
  return twinlane::perf::run(s);
}
