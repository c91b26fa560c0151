// The whole runtime over the SQLite store: ingest until all is durable, the same again in place, a restart, what it
// costs to touch agents that are not in memory, memory under a limit of active agents, and commands that wait for the
// disk. Each phase is a process of its own, so that what it holds in memory is its own.
#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include <malloc.h>
#include <sys/wait.h>
#include <unistd.h>

#include "durable_server.hpp"

namespace twinlane::perf {
namespace {

void wait_until_durable(const customer_feed& feed) {
  while (!feed.done()) std::this_thread::sleep_for(std::chrono::microseconds(200));
}

void measure_pass(server& on, customer_feed& feed, unsigned round, const settings& s) {
  const event_stream events(s.events, s.agents, round);
  const auto folds = on.store->count().folds;
  const auto cpu = cpu_seconds();
  const auto start = clock::now();
  feed.post(events);
  wait_until_durable(feed);
  const auto took = seconds_since(start);
  const auto n = static_cast<double>(s.events);
  std::printf(
      "%-9s %8.0f events/s until all is durable  %5.0f ns cpu an event  %llu folds  file %4.0f bytes an event\n",
      round == 0 ? "growing" : "in place", n / took, (cpu_seconds() - cpu) / n * 1e9,
      static_cast<unsigned long long>(on.store->count().folds - folds), static_cast<double>(file_bytes(s.file)) / n);
}

void fill_timed(runtime& rt, const settings& s) {
  const auto partition = rt.partition("visits", "bench", 0);
  const auto target = std::get<target_info>(rt.resolve_target("/visit/{id}", "page"));
  const route path("/visit/:id");
  const auto now_ms =
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch());
  for (std::uint32_t i = 0; i < s.agents; ++i) {
    const auto uri = "/visit/" + std::to_string(i);
    const routed_record r{uri, path.hash(uri), target.id, {}, "7   ", false, i, now_ms.count()};
    while (partition->in_flight_records() > in_flight_max) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    rt.post(partition, {&r, 1}, {}, i + 1, clock::now());
  }
  while (partition->low_mark() < s.agents) std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

void fill(const settings& s) {
  server on(s);
  customer_feed feed(*on.rt, in_flight_max, batch);
  for (unsigned round = 0; round <= s.rounds; ++round) measure_pass(on, feed, round, s);
  if (s.timed) fill_timed(*on.rt, s);
  const auto agents = on.rt->agent_count();
  const auto start = clock::now();
  on.stop();
  const auto bytes = static_cast<double>(file_bytes(s.file));
  std::printf("stopped in %.2f s: %lld agents, file %.0f MB, %.0f bytes an agent\n", seconds_since(start),
              static_cast<long long>(agents), bytes / 1e6, bytes / static_cast<double>(agents));
}

// Until it is killed.
void ingest(const settings& s) {
  server on(s);
  customer_feed feed(*on.rt, in_flight_max, batch);
  const event_stream events[] = {{s.events, s.agents, 94}, {s.events, s.agents, 95}};
  for (unsigned round = 0;; round ^= 1) feed.post(events[round]);
}

void restart(const settings& s) {
  forget_cached(s.file);
  const auto start = clock::now();
  server on(s);
  const auto ready = seconds_since(start);
  // Shards read what is theirs when they first run.
  calls c;
  for (std::uint32_t i = 0; i < 20'000; ++i) touch(*on.rt, s.agents + i, c, clock::now(), 1'000);
  c.wait();
  const auto all = seconds_since(start);
  malloc_trim(0);
  std::printf("restart: ready in %.2f s, all shards at work in %.2f s, %.2f s cpu; %.0f MB resident\n", ready, all,
              cpu_seconds(), resident_mb());
  on.stop();
}

void first_touch(const settings& s) {
  forget_cached(s.file);
  server on(s);
  calls c;
  std::uint64_t next = 0;
  const std::uint64_t part = s.agents / 5;
  const auto alone = std::min<std::uint64_t>(part, 20'000);
  for (; next < alone; ++next) touch(*on.rt, shuffled(next, s.agents), c, clock::now(), 1);
  print_times("first touch, one after the other, cold file", c.wait());

  // Events bring agents into memory too.
  constexpr unsigned event_rate = 20'000, touch_rate = 2'000;
  const auto count = std::min<std::uint64_t>(part, 10ull * touch_rate);
  std::atomic<bool> ends{false};
  std::thread feeder([&] {
    customer_feed feed(*on.rt, in_flight_max, batch);
    const event_stream events(s.events, s.agents, 99);
    constexpr std::size_t step = event_rate / 500;
    auto at = clock::now();
    for (std::size_t i = 0; !ends && i + step <= events.size(); i += step) {
      std::this_thread::sleep_until(at += std::chrono::milliseconds(2));
      feed.post(events, i, i + step);
    }
  });
  auto at = clock::now();
  for (const auto end = next + count; next < end; ++next) {
    std::this_thread::sleep_until(at += std::chrono::microseconds(1'000'000 / touch_rate));
    touch(*on.rt, shuffled(next, s.agents), c, at, 100'000);
  }
  print_times("first touch, 2,000/s beside 20,000 events/s", c.wait());
  ends = true;
  feeder.join();
  on.stop();
}

/// Counts what it hears.
struct listener final : subscriber {
  bool on_snapshot(std::uint64_t, const snapshot&) override { return ++snapshots; }
  bool on_diff(std::uint64_t, const diff&) override { return ++diffs; }
  void on_life(std::uint64_t, const life_event&) override {}
  void on_done(std::uint64_t, std::string_view) override { ++ended; }
  std::atomic<std::uint64_t> snapshots{0}, diffs{0}, ended{0};
};

void limit_active(const settings& s) {
  server on(s, s.active_max);
  const auto heard = std::make_shared<listener>();
  for (std::uint32_t i = 0; i < s.subscriptions; ++i) {
    const auto uri = "/customer/" + std::to_string(shuffled(i, s.agents));
    if (!ok(on.rt->subscribe({uri, {}, false}, heard, i))) std::exit(1);
    while (heard->snapshots + 1'000 < i) std::this_thread::sleep_for(std::chrono::microseconds(100));
  }
  while (heard->snapshots + heard->ended < s.subscriptions) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  const auto report = [&](const char* what, std::uint64_t part) {
    std::printf("limit of %zu: %-24s %3llu %%  %5.0f MB resident, %lld agents in memory\n", s.active_max, what,
                static_cast<unsigned long long>(part), resident_mb(), static_cast<long long>(on.rt->agent_count()));
  };
  report("subscribed", 100);
  calls c;
  auto start = clock::now();
  for (std::uint64_t i = 0; i < s.agents; ++i) {
    touch(*on.rt, shuffled(i, s.agents), c, clock::now(), 1'000);
    if ((i + 1) % (s.agents / 5) == 0) report("read", (i + 1) * 100 / s.agents);
  }
  c.wait();
  std::printf("limit of %zu: %.0f agents/s read, each brought into memory and dropped again\n", s.active_max,
              s.agents / seconds_since(start));
  customer_feed feed(*on.rt, in_flight_max / 10, 512);
  start = clock::now();
  for (std::uint64_t part = 0; part < 5; ++part) {
    feed.post(event_stream(s.agents / 5, s.agents, 98, part * (s.agents / 5)));
    report("an event to each", (part + 1) * 20);
  }
  wait_until_durable(feed);
  std::printf("limit of %zu: %.0f events/s until all is durable, %llu diffs to %u subscribers\n", s.active_max,
              s.agents / seconds_since(start), static_cast<unsigned long long>(heard->diffs), s.subscriptions);
  on.stop();
}

void measure_commands(const std::string& what, runtime& rt, unsigned count) {
  calls c;
  for (unsigned i = 0; i < count; ++i) {
    const auto start = clock::now();
    c.enter(1);
    rt.command({"/account/" + std::to_string(i % 100), "add", "1", {}, {}, {}},
               [&c, start](const outcome<command_result>& a) {
                 if (!ok(a)) std::abort();
                 c.leave(seconds_since(start) * 1e3);
               });
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  print_times(what, c.wait());
}

void command(const settings& s) {
  server on(s);
  constexpr unsigned count = 600, event_rate = 20'000;
  measure_disk("disk: write 8 KiB and fdatasync", s.file, count);
  measure_commands("command round trip", *on.rt, count);
  std::atomic<bool> ends{false};
  std::promise<void> warm;
  std::thread feeder([&] {
    customer_feed feed(*on.rt, in_flight_max, batch);
    // Few enough that all of them are in memory soon.
    const auto customers = std::min<std::uint32_t>(s.agents, 20'000);
    const event_stream events[] = {{10ull * customers, customers, 96}, {10ull * customers, customers, 97}};
    feed.post(events[1]);
    wait_until_durable(feed);
    warm.set_value();
    constexpr std::size_t step = event_rate / 500;
    auto at = clock::now();
    for (std::size_t i = 0, round = 0; !ends; i += step) {
      std::this_thread::sleep_until(at += std::chrono::milliseconds(2));
      if (i + step > events[round].size()) i = 0, round ^= 1;
      feed.post(events[round], i, i + step);
    }
  });
  warm.get_future().wait();
  measure_disk("disk: the same beside 20,000 events/s", s.file, count);
  measure_commands("command round trip beside 20,000 events/s", *on.rt, count);
  ends = true;
  feeder.join();
  on.stop();
}

struct phase {
  const char* name;
  void (*run)(const settings&);
};
constexpr phase phases[] = {{"fill", fill},          {"restart", restart}, {"touch", first_touch},
                            {"limit", limit_active}, {"command", command}, {"ingest", ingest}};

/// This program again, for one phase.
pid_t begin_phase(const char* name, std::vector<char*> args, const settings& s) {
  std::string option = "--phase", file_option = "--file", phase_name = name, file = s.file;
  for (auto* a : {&option, &phase_name, &file_option, &file}) args.push_back(a->data());
  args.push_back(nullptr);
  const auto pid = ::fork();
  if (pid == 0) {
    ::execv("/proc/self/exe", args.data());
    ::_exit(127);
  }
  return pid;
}

bool end_phase(pid_t pid) {
  int status = 0;
  return pid > 0 && ::waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

int run(const settings& s, const std::vector<char*>& args) {
  for (const auto& p : phases) {
    if (s.phase != p.name) continue;
    p.run(s);
    return 0;
  }
  for (const char* name : {"fill", "restart", "touch", "limit", "command"})
    if (!end_phase(begin_phase(name, args, s))) return 1;
  const auto busy = begin_phase("ingest", args, s);
  std::this_thread::sleep_for(std::chrono::seconds(15));
  ::kill(busy, SIGKILL);
  end_phase(busy);
  std::printf("killed at full load\n");
  return end_phase(begin_phase("restart", args, s)) ? 0 : 1;
}

}  // namespace
}  // namespace twinlane::perf

int main(int argc, char** argv) {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  twinlane::perf::settings s;
  for (int i = 1; i < argc; ++i) {
    const auto value = [&] { return i + 1 < argc ? argv[++i] : "0"; };
    const auto number = [&] { return std::strtoull(value(), nullptr, 10); };
    if (!std::strcmp(argv[i], "--agents"))
      s.agents = static_cast<std::uint32_t>(number());
    else if (!std::strcmp(argv[i], "--events"))
      s.events = number();
    else if (!std::strcmp(argv[i], "--rounds"))
      s.rounds = static_cast<unsigned>(number());
    else if (!std::strcmp(argv[i], "--active-max"))
      s.active_max = number();
    else if (!std::strcmp(argv[i], "--subscriptions"))
      s.subscriptions = static_cast<std::uint32_t>(number());
    else if (!std::strcmp(argv[i], "--timed"))
      s.timed = true;
    else if (!std::strcmp(argv[i], "--file"))
      s.file = value();
    else if (!std::strcmp(argv[i], "--phase"))
      s.phase = value();
    else {
      std::fprintf(
          stderr,
          "durable_bench [--agents N] [--events N] [--rounds N] [--active-max N] [--subscriptions N] [--timed] "
          "[--file F] [--phase fill|restart|touch|limit|command|ingest]\n");
      return 2;
    }
  }
  if (s.events == 0) s.events = 10ull * s.agents;
  const bool own = s.file.empty();
  const auto folder = std::filesystem::temp_directory_path() / ("twinlane-durable-" + std::to_string(::getpid()));
  if (own) s.file = (folder / "state.db").string();
  const int code = twinlane::perf::run(s, std::vector<char*>(argv, argv + argc));
  if (own) std::filesystem::remove_all(folder);
  return code;
}
