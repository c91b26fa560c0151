// The rule must not care in which order its four events arrive, nor how the agents are hosted.
#include <algorithm>
#include <array>
#include <future>
#include <numeric>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <twinlane/runtime/runtime.hpp>

#include <customer360/customer.hpp>
#include <customer360/product.hpp>

#include "small_world.hpp"

namespace tests {
namespace {

using nlohmann::json;
using twinlane::hosting;

constexpr std::int64_t start_ms = 1'760'000'000'000;
constexpr auto deadline = std::chrono::seconds(20);

std::array<told, 4> four_events() { return {rain(), wish_for(), opt(true), umbrella()}; }

/// All 24 orders of 0, 1, 2, 3.
std::vector<std::array<int, 4>> all_orders() {
  std::vector<std::array<int, 4>> orders;
  std::array<int, 4> order{0, 1, 2, 3};
  do orders.push_back(order);
  while (std::next_permutation(order.begin(), order.end()));
  return orders;
}

json rain_offer() {
  return {{"offer", "Storm Umbrella for $30.00 instead of $40.00"},
          {"product_id", 3},
          {"discount", 0.25},
          {"reason", "it rains where they are and it is on the wishlist"}};
}

/// A runtime with the example's agents, fed as ingest feeds it: one source partition a stream.
class server {
 public:
  explicit server(hosting how) {
    twinlane::runtime_options o;
    o.shards = 16;
    o.workers = 2;
    o.hosting_override = how;
    core = std::make_unique<twinlane::runtime>(o);
    core->add<customer360::customer>("customer", "/customer/:id");
    core->add<customer360::product>("product", "/product/:id");
    core->start();
  }
  ~server() { core->stop(std::chrono::seconds(5)); }

  void hear(const told& e) {
    const auto id = e.uri.substr(e.uri.rfind('/') + 1);
    const auto target =
        core->resolve_target(e.uri.starts_with("/product") ? "/product/{id}" : "/customer/{id}", e.lane);
    ASSERT_TRUE(twinlane::ok(target)) << e.lane;
    const auto text = e.value.dump();
    twinlane::routed_record r;
    r.uri = e.uri;
    r.hash = twinlane::murmur2(id);
    r.target = std::get<0>(target).id;
    r.key = e.key;
    r.value = text;
    r.remove = e.value.is_null();
    r.offset = offset[e.lane]++;
    r.time_ms = start_ms;
    core->post(core->partition(e.lane, e.lane, 0), {&r, 1}, {}, r.offset + 1, std::chrono::steady_clock::now());
  }

  json lanes(const std::string& uri) {
    std::promise<twinlane::outcome<twinlane::snapshot>> done;
    core->get(uri, {}, [&](auto s) { done.set_value(std::move(s)); });
    auto got = done.get_future();
    if (got.wait_for(deadline) != std::future_status::ready) return "no answer";
    const auto s = got.get();
    if (!twinlane::ok(s)) return std::get<1>(s).detail;
    return json::parse(std::get<0>(s).lanes());
  }

  std::map<std::string, std::int64_t> offset;
  std::unique_ptr<twinlane::runtime> core;
};

class customer_arrival : public testing::TestWithParam<hosting> {};

INSTANTIATE_TEST_SUITE_P(hosting, customer_arrival, testing::Values(hosting::shared, hosting::dedicated),
                         [](const auto& param) { return std::string(twinlane::name_of(param.param)); });

TEST(customer_turns, every_order_of_the_four_events_ends_in_the_same_document) {
  std::string first;
  for (const auto& order : all_orders()) {
    small_world world(start_ms);
    for (std::size_t i = 0; i < 4; ++i) {
      ASSERT_TRUE(world.lane("/customer/7", "next_best_offer").is_null()) << "after " << i << " of the four events";
      world.hear(four_events()[static_cast<std::size_t>(order[i])]);
    }
    const auto document = world.document("/customer/7");
    EXPECT_EQ(document.at("next_best_offer"), rain_offer());
    if (first.empty()) first = document.dump();
    EXPECT_EQ(document.dump(), first);
  }
}

TEST(customer_turns, the_four_events_in_one_batch_are_the_same_document_too) {
  small_world one_by_one(start_ms), at_once(start_ms);
  const auto events = four_events();
  for (const auto& e : events) one_by_one.hear(e);
  at_once.hear(std::vector<told>(events.begin(), events.end()));
  EXPECT_EQ(at_once.document("/customer/7"), one_by_one.document("/customer/7"));
  EXPECT_EQ(at_once.lane("/customer/7", "next_best_offer"), rain_offer());
}

TEST_P(customer_arrival, every_order_of_the_four_events_ends_in_the_same_document) {
  small_world expected(start_ms);
  for (const auto& e : four_events()) expected.hear(e);
  const auto document = expected.document("/customer/7");
  for (const auto& order : all_orders()) {
    server s(GetParam());
    for (const auto i : order) s.hear(four_events()[static_cast<std::size_t>(i)]);
    ASSERT_TRUE(s.core->drain(deadline));
    EXPECT_EQ(s.lanes("/customer/7"), document);
  }
}

TEST_P(customer_arrival, three_of_the_four_events_make_no_offer) {
  for (std::size_t missing = 0; missing < 4; ++missing) {
    server s(GetParam());
    const auto events = four_events();
    for (std::size_t i = 0; i < 4; ++i)
      if (i != missing) s.hear(events[i]);
    ASSERT_TRUE(s.core->drain(deadline));
    EXPECT_FALSE(s.lanes("/customer/7").contains("next_best_offer")) << "without event " << missing;
  }
}

TEST_P(customer_arrival, opting_out_withdraws_the_offer_and_a_price_drop_raises_it_again) {
  server s(GetParam());
  for (const auto& e : four_events()) s.hear(e);
  ASSERT_TRUE(s.core->drain(deadline));
  ASSERT_EQ(s.lanes("/customer/7")["next_best_offer"], rain_offer());
  s.hear(opt(false));
  ASSERT_TRUE(s.core->drain(deadline));
  EXPECT_FALSE(s.lanes("/customer/7").contains("next_best_offer"));
  s.hear(rain("sunny"));
  s.hear(opt(true));
  ASSERT_TRUE(s.core->drain(deadline));
  EXPECT_FALSE(s.lanes("/customer/7").contains("next_best_offer"));
  s.hear(umbrella(36, 0.25));
  ASSERT_TRUE(s.core->drain(deadline));
  EXPECT_EQ(s.lanes("/customer/7")["next_best_offer"],
            json({{"offer", "Storm Umbrella for $27.00 instead of $36.00"},
                  {"product_id", 3},
                  {"discount", 0.25},
                  {"reason", "its price dropped from $30.00 and it is on the wishlist"}}));
}

}  // namespace
}  // namespace tests
