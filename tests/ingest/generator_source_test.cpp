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
