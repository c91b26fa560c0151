#include <twinlane/ingest/generator.hpp>

#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <twinlane/ingest/sources.hpp>

#include "fake_clock.hpp"
#include "recording_port.hpp"

namespace twinlane::ingest {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;

generator_registry registry() {
  generator_registry r;
  r.add("orders", [](std::uint64_t seed, std::uint64_t n, const std::map<std::string, std::string>& parameters,
                     generated_record& out) {
    const auto customers = std::stoull(parameters.at("customers"));
    out.value = "{\"customer_id\":" + std::to_string(mix(seed, n) % customers) + ",\"id\":" + std::to_string(n) + "}";
  });
  r.add("breaks", [](std::uint64_t, std::uint64_t n, const auto&, generated_record& out) {
    if (n == 3) throw std::runtime_error("no more ideas");
    out.value = R"({"customer_id":1,"id":1})";
  });
  r.add("removes", [](std::uint64_t, std::uint64_t n, const auto&, generated_record& out) {
    out.key = "c" + std::to_string(n / 2);
    out.has_key = true;
    out.remove = n % 2 == 1;
    if (!out.remove) out.value = "{\"at\":" + std::to_string(out.time_ms) + "}";
  });
  return r;
}

source_spec generated(const std::string& name, double rate, std::uint64_t preload = 0, std::uint64_t seed = 1) {
  source_spec s;
  s.name = "made";
  s.from = generator_spec{name, seed, rate, preload, {{"customers", "10"}}};
  s.entity = "/customer/{customer_id}";
  s.lane = "orders";
  s.key = "{id}";
  return s;
}

std::vector<recording_port::record> run(const source_spec& spec, std::size_t count,
                                        std::optional<std::int64_t> stored = std::nullopt) {
  fake_clock time;
  recording_port port;
  port.partition("made", std::get<generator_spec>(spec.from).name, 0)->stored_low_mark = stored;
  sources_options options;
  options.time = &time;
  sources s({spec}, port, registry(), options);
  s.start();
  while (port.count() < count)
    if (!time.advance(milliseconds{10})) break;
  s.stop(seconds{2});
  auto all = port.records();
  all.resize(std::min(all.size(), count));
  return all;
}

TEST(generator_registry, names_are_unique) {
  auto r = registry();
  EXPECT_THROW(r.add("orders", *r.find("orders")), std::invalid_argument);
  EXPECT_THROW(r.add("empty", nullptr), std::invalid_argument);
  EXPECT_EQ(r.find("none"), nullptr);
  EXPECT_EQ(r.names(), (std::vector<std::string>{"breaks", "orders", "removes"}));
}

TEST(generator_source, the_same_seed_makes_the_same_records_and_another_does_not) {
  const auto once = run(generated("orders", 1000), 500), again = run(generated("orders", 1000), 500),
             other = run(generated("orders", 1000, 0, 2), 500);
  ASSERT_EQ(once.size(), 500u);
  std::size_t different = 0;
  for (std::size_t i = 0; i < 500; ++i) {
    EXPECT_EQ(once[i].value, again[i].value);
    EXPECT_EQ(once[i].time_ms, again[i].time_ms);
    different += once[i].value != other[i].value ? 1 : 0;
  }
  EXPECT_GT(different, 300u);
}

TEST(generator_source, the_preload_comes_at_once_and_the_rest_at_the_rate) {
  fake_clock time;
  recording_port port;
  sources_options options;
  options.time = &time;
  auto spec = generated("orders", 100, 5000);
  spec.load = true;
  sources s({spec}, port, registry(), options);
  const auto start = time.wall_ms();
  s.start();
  ASSERT_TRUE(recording_port::eventually([&] { return port.count() == 5001 && time.somebody_waits(); }));
  EXPECT_TRUE(s.ready()) << "the preload is the end that it had at start";
  ASSERT_TRUE(time.advance(milliseconds{100}));
  ASSERT_TRUE(recording_port::eventually([&] { return port.count() == 5011; }));
  const auto all = port.records();
  EXPECT_EQ(all[4999].time_ms, start);
  EXPECT_EQ(all[5000].time_ms, start);
  EXPECT_EQ(all[5001].time_ms, start + 10);
  EXPECT_EQ(all[5010].time_ms, start + 100);
}

TEST(generator_source, a_resumed_stream_goes_on_at_its_number) {
  const auto whole = run(generated("orders", 1000), 300);
  const auto rest = run(generated("orders", 1000), 100, 200);
  ASSERT_EQ(rest.size(), 100u);
  for (std::size_t i = 0; i < 100; ++i) {
    EXPECT_EQ(rest[i].offset, static_cast<std::int64_t>(200 + i));
    EXPECT_EQ(rest[i].value, whole[200 + i].value);
  }
}

/// Two runs on one store, the second after a stop of some time.
struct restarted {
  explicit restarted(std::chrono::seconds stopped_for, double later_rate = 100) {
    const auto earlier = std::make_unique<recording_port>();
    run_to(*earlier, generated("orders", 100, 50), 150);
    first = earlier->records();
    port.continue_from(*earlier);
    time.pass(stopped_for);
    resumed_ms = time.wall_ms();
    spec = generated("orders", later_rate, 50);
    spec.load = true;
    options.time = &time;
  }
  void run_to(recording_port& on, const source_spec& s, std::size_t count) {
    sources_options o;
    o.time = &time;
    sources all({s}, on, registry(), o);
    all.start();
    while (on.count() < count && time.advance(milliseconds{10})) {}
    all.stop(seconds{2});
  }

  fake_clock time;
  recording_port port;
  std::vector<recording_port::record> first;
  std::int64_t resumed_ms = 0;
  source_spec spec;
  sources_options options;
};

TEST(generator_source, times_of_a_resumed_stream_are_those_of_one_that_never_stopped) {
  restarted r(seconds{60});
  sources s({r.spec}, r.port, registry(), r.options);
  s.start();
  const auto next = static_cast<std::int64_t>(r.first.size());
  ASSERT_TRUE(recording_port::eventually([&] { return r.port.count() >= 6000 && r.time.somebody_waits(); }));
  EXPECT_TRUE(s.ready());
  const auto made = r.port.records();
  const auto start = r.first.front().time_ms;
  for (std::size_t i = 0; i < made.size(); ++i) {
    ASSERT_EQ(made[i].offset, next + static_cast<std::int64_t>(i));
    ASSERT_EQ(made[i].time_ms, start + static_cast<std::int64_t>(static_cast<double>(made[i].offset - 50) / 100 * 1e3));
  }
  EXPECT_LE(made.back().time_ms, r.resumed_ms);
  EXPECT_GT(made.back().time_ms, r.resumed_ms - 10) << "it has caught up";
  const auto p = r.port.partition("made", "orders", 0);
  EXPECT_EQ(p->log_end, made.back().offset + 1);
}

TEST(generator_source, what_it_has_to_catch_up_is_bounded_in_flight_and_part_of_its_end) {
  restarted r(seconds{600});
  r.port.hold();
  r.options.flow.partition_records = 5'000;
  sources s({r.spec}, r.port, registry(), r.options);
  s.start();
  const auto p = r.port.partition("made", "orders", 0);
  ASSERT_TRUE(recording_port::eventually([&] { return p->paused.load(); }));
  EXPECT_LE(p->in_flight_records(), 6'000);
  EXPECT_GT(p->log_end - p->low_mark(), 59'000) << "the lag shows all of it";
  EXPECT_FALSE(s.ready());
  r.port.let_go();
  while (!s.ready() && r.time.advance(milliseconds{1})) {}
  EXPECT_GE(r.port.count(), 60'000u);
}

TEST(generator_source, a_stream_that_would_have_to_wait_goes_on_at_the_present_time) {
  for (const auto& [stopped, rate] : {std::pair{seconds{-3600}, 100.0}, std::pair{seconds{60}, 0.1}}) {
    restarted r(stopped, rate);
    r.run_to(r.port, r.spec, 1);
    ASSERT_GE(r.port.count(), 1u);
    const auto one = r.port.records().front();
    EXPECT_EQ(one.offset, static_cast<std::int64_t>(r.first.size()));
    EXPECT_EQ(one.time_ms, r.resumed_ms);
    EXPECT_EQ(r.port.partition("made", "orders", 0)->origin,
              r.resumed_ms - static_cast<std::int64_t>(static_cast<double>(one.offset - 50) / rate * 1e3));
  }
}

TEST(generator_source, records_may_have_keys_times_and_no_values) {
  auto spec = generated("removes", 1000);
  spec.entity = "/customer/{$key}";
  spec.lane = "profile";
  spec.key.clear();
  const auto all = run(spec, 4);
  ASSERT_EQ(all.size(), 4u);
  EXPECT_EQ(all[0].uri, "/customer/c0");
  EXPECT_EQ(all[0].value, "{\"at\":" + std::to_string(all[0].time_ms) + "}");
  EXPECT_TRUE(all[1].remove);
  EXPECT_FALSE(all[2].remove);
  EXPECT_EQ(all[3].uri, "/customer/c1");
}

TEST(generator_source, an_exception_fails_the_source_with_its_message) {
  recording_port port;
  sources s({generated("breaks", 0, 10)}, port, registry());
  s.start();
  ASSERT_TRUE(recording_port::eventually([&] { return s.status()[0].state == source_state::failed; }));
  EXPECT_THAT(s.status()[0].problem, HasSubstr("no more ideas"));
}

TEST(generator_source, without_a_rate_it_ends_with_the_preload) {
  recording_port port;
  sources s({generated("orders", 0, 2500)}, port, registry());
  s.start();
  ASSERT_TRUE(recording_port::eventually([&] { return s.status()[0].state == source_state::ended; }));
  EXPECT_EQ(port.count(), 2500u);
}

}  // namespace
}  // namespace twinlane::ingest
