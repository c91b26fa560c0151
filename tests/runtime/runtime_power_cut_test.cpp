#include <atomic>
#include <csignal>
#include <random>
#include <thread>

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "stage.hpp"
#include "support/long_run.hpp"
#include "support/power_cut_vfs.hpp"

// The whole runtime, cut off from power again and again, each time in a process of its own.
using namespace runtime_test;
using twinlane::testing::power_cut_vfs;

namespace {

constexpr int accounts_count = 4, tills_count = 3;

/// What outlives the processes.
struct heard {
  std::atomic<std::uint64_t> commands{0};  // answered, of those numbered from 0
  std::atomic<std::uint64_t> events{0};    // handed over at some time, of those numbered from 0
  std::atomic<bool> well{false};           // has all been as expected in the last process?
};

struct shared_heard {
  shared_heard()
      : at(new (::mmap(nullptr, sizeof(heard), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)) heard) {}
  ~shared_heard() { ::munmap(at, sizeof(heard)); }
  heard* at;
};

std::string account_uri(std::uint64_t n) { return "/account/" + std::to_string(n % accounts_count); }
std::string till_uri(std::uint64_t n) { return "/locker/" + std::to_string(n % tills_count); }

event event_at(std::uint64_t n) {
  if (n % 2) return {account_uri(n / 2), "amounts", std::to_string(n % 97), std::to_string(n % 1000)};
  return {account_uri(n / 2), "notes", "", "\"n\""};
}

/// One process's life: what it finds, what it does, and its end.
class life {
 public:
  life(const ground& g, heard& h) : heard_(h), s_(new stage(g)) {}

  void expect_what_was_answered() {
    const auto n = heard_.commands.load();
    for (std::uint64_t till = 0; till < tills_count; ++till) {
      const auto state = s_->document(till_uri(till));
      const auto sum = state.is_null() ? 0 : state.value("sum", 0);
      // One more may have come to the disk before its answer went out.
      const auto answered = static_cast<int>((n + tills_count - 1 - till) / tills_count);
      EXPECT_GE(sum, answered) << till_uri(till);
      EXPECT_LE(sum, answered + 1) << till_uri(till);
    }
    if (n > 0) expect_answer(n - 1);
  }
  void give_commands(std::uint64_t end) {
    for (auto n = heard_.commands.load(); n < end && !::testing::Test::HasFailure(); ++n) {
      expect_answer(n);
      heard_.commands = n + 1;
    }
  }
  /// Hands over what is behind the stored low mark, as a source does.
  void feed(std::uint64_t end) {
    auto offset = s_->source->stored_low_mark.value_or(0);
    for (std::size_t batch = 1; static_cast<std::uint64_t>(offset) < end; batch = batch % 50 + 7) {
      std::vector<event> events;
      while (events.size() < batch && offset + events.size() < end)
        events.push_back(event_at(static_cast<std::uint64_t>(offset) + events.size()));
      s_->post(s_->source, events, offset);
      heard_.events = std::max(heard_.events.load(), static_cast<std::uint64_t>(offset));
      ASSERT_TRUE(eventually([&] { return offset - s_->source->low_mark() < 3'000; }));
    }
  }
  void expect_fold(std::uint64_t end) {
    ASSERT_TRUE(s_->drain());
    std::vector<int> notes(accounts_count);
    std::vector<std::map<std::uint64_t, int>> amounts(accounts_count);
    for (std::uint64_t n = 0; n < end; ++n)
      n % 2 ? void(amounts[n / 2 % accounts_count][n % 97] = static_cast<int>(n % 1000))
            : void(++notes[n / 2 % accounts_count]);
    for (std::size_t a = 0; a < accounts_count; ++a) {
      json want = json::object();
      for (const auto& [key, v] : amounts[a]) want[std::to_string(key)] = v;
      const auto state = s_->document(account_uri(a));
      EXPECT_EQ(state["events"], notes[a]) << account_uri(a);
      EXPECT_EQ(state["amounts"], want) << account_uri(a);
    }
  }
  void end() { EXPECT_TRUE(s_->on.stop(patience)); }

 private:
  // Its till counts the commands that it got.
  void expect_answer(std::uint64_t n) {
    const auto r = s_->command(till_uri(n), "add", "1", "k" + std::to_string(n));
    ASSERT_TRUE(ok(r)) << std::get<error>(r).detail;
    EXPECT_EQ(std::get<0>(r).result, std::to_string(n / tills_count + 1)) << "command " << n;
  }

  heard& heard_;
  stage* s_;  // for ever: a process whose power is cut destroys nothing
};

/// Runs it in a process of its own, which is killed then; false when something failed there.
bool well_in_child(heard& h, const std::function<void()>& child) {
  h.well = false;
  const auto pid = ::fork();
  if (pid == 0) {
    try {
      child();
    } catch (const std::exception& x) {
      ADD_FAILURE() << x.what();
    }
    h.well = !::testing::Test::HasFailure();
    std::fflush(nullptr);
    ::kill(::getpid(), SIGKILL);
  }
  return pid > 0 && ::waitpid(pid, nullptr, 0) == pid && h.well;
}

void live_until_cut(const ground& g, heard& h, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  life l(g, h);
  l.expect_what_was_answered();
  const auto commands = h.commands + random() % 40, events = h.events + random() % 4'000;
  std::thread([&] { l.feed(~std::uint64_t{0} >> 1); }).detach();
  std::thread([&] { l.give_commands(~std::uint64_t{0}); }).detach();
  EXPECT_TRUE(eventually([&] { return h.commands >= commands && h.events >= events; }));
  power_cut_vfs::cut(seed);
}

class runtime_power_cut : public ::testing::TestWithParam<hosting> {};
INSTANTIATE_TEST_SUITE_P(hosting, runtime_power_cut, ::testing::Values(hosting::shared, hosting::dedicated),
                         [](const auto& i) { return std::string(name_of(i.param)); });

TEST_P(runtime_power_cut, keeps_what_was_answered_and_applies_every_event_once) {
  twinlane::test::temp_dir folder;
  const ground g{GetParam(), true, folder.path().string(), [](sqlite_store_options& o) {
                   power_cut_vfs::install();
                   o.vfs = power_cut_vfs::name;
                   o.fold_bytes = 64 * 1024;
                   o.log_bytes_max = 256 * 1024;
                 }};
  const auto seed = std::random_device{}() % 100'000;
  SCOPED_TRACE("seed " + std::to_string(seed));
  shared_heard h;
  for (int round = 0; round < (twinlane::testing::long_run() ? 50 : 4); ++round)
    ASSERT_TRUE(well_in_child(*h.at, [&] { live_until_cut(g, *h.at, seed + static_cast<std::uint64_t>(round)); }))
        << "round " << round;
  EXPECT_TRUE(well_in_child(*h.at, [&] {
    life l(g, *h.at);
    l.expect_what_was_answered();
    l.give_commands(h.at->commands + 10);
    l.feed(h.at->events);
    l.expect_fold(h.at->events);
    l.end();
  }));
}

}  // namespace
