// The made-up world: the same for the same seed, and such that the example's agents can live on it.
#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <twinlane/lanes/codec.hpp>

#include <customer360/generator.hpp>
#include <customer360/phrases.hpp>
#include <customer360/rules.hpp>
#include <customer360/world.hpp>

#include "small_world.hpp"

namespace tests {
namespace {

using namespace customer360;
using nlohmann::json;
using twinlane::ingest::generated_record;
using parameters = std::map<std::string, std::string>;

constexpr std::int64_t start_ms = 1'760'000'000'000;

generated_record make(const std::string& name, std::uint64_t n, std::uint64_t seed = 1, const parameters& p = {},
                      std::int64_t time_ms = start_ms) {
  for (const auto& [known, fn] : generators()) {
    if (known != name) continue;
    generated_record r;
    r.time_ms = time_ms;
    fn(seed, n, p, r);
    return r;
  }
  throw std::invalid_argument("no generator " + name);
}

template <class Record>
std::vector<Record> records(const std::string& name, std::uint64_t count, const parameters& p = {}) {
  std::vector<Record> all(count);
  twinlane::decoder d;
  for (std::uint64_t n = 0; n < count; ++n) {
    const auto made = make(name, n, 1, p);
    const auto status = d.decode(made.value, all[n]);
    EXPECT_TRUE(status) << name << " " << n << ": " << status.detail;
  }
  return all;
}

/// Which lane a stream feeds, and under which key; as the example's configuration says it.
struct target {
  const char *entity, *lane, *key;
};
const std::map<std::string, target> targets = {
    {"customer_details", {"id", "profile", ""}},
    {"order_history", {"customer_id", "orders", "id"}},
    {"payment_details", {"customer_id", "payments", "id"}},
    {"wishlist", {"customer_id", "wishlist", "id"}},
    {"loyalty_stats", {"customer_id", "loyalty", ""}},
    {"reviews", {"customer_id", "reviews", "id"}},
    {"returns", {"customer_id", "returns", "id"}},
    {"calls", {"customer_id", "calls", "id"}},
    {"clicks", {"customer_id", "clicks", ""}},
    {"social_media_events", {"customer_id", "social", ""}},
    {"location_events", {"customer_id", "place", ""}},
    {"weather_events", {"customer_id", "weather", ""}},
    {"third_party_purchases", {"customer_id", "third_party", "=purchases"}},
    {"third_party_demographics", {"customer_id", "third_party", "=demographics"}},
    {"third_party_psychographics", {"customer_id", "third_party", "=psychographics"}},
    {"spend_30d", {"customer_id", "analytics", ""}},
    {"products", {"id", "details", ""}}};

std::vector<told> stream_events(const std::string& name, std::uint64_t from, std::uint64_t count, const parameters& p) {
  const auto& t = targets.at(name);
  std::vector<told> out;
  for (auto n = from; n < from + count; ++n) {
    auto value = json::parse(make(name, n, 1, p, start_ms + static_cast<std::int64_t>(n) * 100).value);
    const std::string key = t.key;
    auto entry = key.empty() ? "" : key[0] == '=' ? key.substr(1) : value.at(key).dump();
    out.push_back({(name == "products" ? "/product/" : "/customer/") + value.at(t.entity).dump(), t.lane,
                   std::move(entry), std::move(value)});
  }
  return out;
}

TEST(generator, has_every_stream_of_the_scenario) {
  std::set<std::string> names, expected;
  for (const auto& [name, fn] : generators()) names.insert(name);
  for (const auto& [name, target] : targets) expected.insert(name);
  EXPECT_EQ(names, expected);
}

TEST(generator, the_same_seed_and_number_make_the_same_record_in_any_order) {
  for (const auto& [name, target] : targets) {
    std::vector<std::string> forwards, backwards;
    for (std::uint64_t n = 0; n < 1'200; n += 7) forwards.push_back(make(name, n).value);
    for (std::uint64_t n = 1'197 / 7 * 7 + 7; n > 0; n -= 7) backwards.push_back(make(name, n - 7).value);
    std::reverse(backwards.begin(), backwards.end());
    EXPECT_EQ(forwards, backwards) << name;
    bool differs = false;
    for (std::uint64_t n = 0; n < 50; ++n) differs = differs || make(name, n, 1).value != make(name, n, 2).value;
    EXPECT_TRUE(differs) << name << " is the same for another seed";
  }
}

TEST(generator, the_key_is_the_entitys_id) {
  for (const auto& [name, target] : targets) {
    const auto r = make(name, 1234);
    ASSERT_TRUE(r.has_key) << name;
    EXPECT_EQ(r.key, json::parse(r.value).at(target.entity).dump()) << name;
  }
}

TEST(generator, every_record_decodes_into_its_lane_and_every_wish_finds_its_product) {
  const parameters small = {{"customers", "30"}, {"products", "20"}};
  small_world w(start_ms);
  for (const auto& [name, target] : targets)
    for (const auto& e : stream_events(name, 0, 400, small)) w.hear(e);
  EXPECT_THAT(w.bad(), testing::IsEmpty());
  EXPECT_EQ(w.agents().size(), 50u);
  for (int i = 1; i <= 30; ++i) {
    const auto document = w.document("/customer/" + std::to_string(i));
    ASSERT_TRUE(document.contains("profile")) << i;
    EXPECT_FALSE(document.at("wishlist").empty()) << i;
    for (const auto& [id, wish] : document.at("wishlist").items())
      EXPECT_TRUE(document.at("wished").contains(wish.at("product_id").dump())) << "customer " << i << " wish " << id;
  }
}

// The property behind it: rules are functions of the lanes, hooks see every event.
TEST(generator, batches_of_1_of_7_and_of_1000_events_end_in_the_same_documents) {
  const parameters small = {{"customers", "12"}, {"products", "10"}};
  std::vector<told> events;
  for (std::uint64_t n = 0; n < 200; ++n)
    for (const auto& [name, target] : targets)
      for (auto& e : stream_events(name, n, 1, small)) events.push_back(std::move(e));
  std::vector<std::unique_ptr<small_world>> worlds;
  for (const std::size_t size : {1, 7, 1000}) {
    auto& w = *worlds.emplace_back(std::make_unique<small_world>(start_ms));
    for (std::size_t i = 0; i < events.size(); i += size)
      w.hear(std::vector<told>(events.begin() + static_cast<std::ptrdiff_t>(i),
                               events.begin() + static_cast<std::ptrdiff_t>(std::min(i + size, events.size()))));
    ASSERT_THAT(w.bad(), testing::IsEmpty());
  }
  ASSERT_EQ(worlds[0]->agents().size(), 22u);
  for (const auto& uri : worlds[0]->agents()) {
    EXPECT_EQ(worlds[1]->document(uri), worlds[0]->document(uri)) << uri;
    EXPECT_EQ(worlds[2]->document(uri), worlds[0]->document(uri)) << uri;
  }
  EXPECT_LT(worlds[2]->turns() * 2, worlds[0]->turns());
}

TEST(generator, everyone_is_introduced_before_a_stream_goes_on) {
  for (const char* name : {"customer_details", "loyalty_stats", "weather_events", "spend_30d"}) {
    std::set<std::string> seen;
    for (std::uint64_t n = 0; n < 200; ++n) seen.insert(make(name, n).key);
    EXPECT_EQ(seen.size(), 200u) << name;
  }
  std::set<std::string> products;
  for (std::uint64_t n = 0; n < 60; ++n) products.insert(make("products", n).key);
  EXPECT_EQ(products.size(), 60u);
}

TEST(generator, the_first_tenth_of_the_customers_get_about_half_of_the_events) {
  for (const char* name : {"clicks", "order_history", "location_events"}) {
    int busy = 0;
    constexpr int count = 3'800;
    for (std::uint64_t n = 1'000; n < 1'000 + count; ++n) busy += std::stoi(make(name, n).key) <= 20;
    EXPECT_NEAR(busy, count / 2, count / 10) << name;
  }
}

TEST(generator, an_order_goes_its_way_and_is_paid_as_it_was_billed) {
  static const std::vector<std::string> way = {"placed", "processing", "shipped", "delivered", "cancelled"};
  std::map<number, customer360::order> last;
  const auto rank = [](const std::string& status) { return std::find(way.begin(), way.end(), status) - way.begin(); };
  for (const auto& o : records<customer360::order>("order_history", 5'000)) {
    ASSERT_LT(rank(o.order_status), 5) << o.order_status;
    EXPECT_GT(o.total_amount, 0);
    if (const auto it = last.find(o.id); it != last.end()) {
      EXPECT_GE(rank(o.order_status), rank(it->second.order_status)) << o.id;
      EXPECT_EQ(o.total_amount, it->second.total_amount);
      EXPECT_EQ(o.order_date, it->second.order_date);
    }
    last[o.id] = o;
  }
  std::size_t paid = 0;
  for (const auto& p : records<payment>("payment_details", 1'500)) {
    const auto it = last.find(p.order_id);
    if (it == last.end()) continue;
    EXPECT_EQ(p.payment_amount, it->second.total_amount);
    ++paid;
  }
  EXPECT_GT(paid, 1'000u);
}

TEST(generator, annoyed_customers_are_dropped_more_and_give_fewer_stars) {
  const world w(1, 200, 60);
  std::map<persona, std::pair<double, double>> dropped, stars;  // sum, count
  for (const auto& c : records<customer360::call>("calls", 4'000)) {
    auto& [sum, count] = dropped[w.persona_of(c.customer_id)];
    sum += c.dropped;
    ++count;
  }
  for (const auto& r : records<customer360::review>("reviews", 4'000)) {
    auto& [sum, count] = stars[w.persona_of(r.customer_id)];
    sum += r.rating;
    ++count;
  }
  const auto mean = [](const auto& p) { return p.first / p.second; };
  EXPECT_GT(mean(dropped[persona::annoyed]), 2 * mean(dropped[persona::average]));
  EXPECT_GT(mean(dropped[persona::average]), 1.5 * mean(dropped[persona::happy]));
  EXPECT_LT(mean(stars[persona::annoyed]) + 1, mean(stars[persona::average]));
  EXPECT_LT(mean(stars[persona::average]) + 0.3, mean(stars[persona::happy]));
}

TEST(generator, it_rains_somewhere_but_not_everywhere) {
  const world w(1, 200, 60);
  int rain = 0, all = 0;
  for (int turn = 0; turn < 200; ++turn) {
    for (const auto& c : cities()) {
      const auto seen = w.weather_at(c, start_ms + turn * 300'000);
      rain += is_rain(seen.weather_condition);
      ++all;
      EXPECT_GT(seen.temperature, -20);
      EXPECT_LT(seen.temperature, 45);
    }
  }
  EXPECT_GT(rain, all / 6);
  EXPECT_LT(rain, all / 2);
}

TEST(generator, the_range_holds_rainwear_and_prices_that_move) {
  std::set<std::string> rainwear;
  std::map<number, std::set<double>> prices;
  for (const auto& p : records<product_details>("products", 600)) {
    if (p.category == "rainwear") rainwear.insert(p.product_name);
    prices[p.id].insert(price_of(p));
    EXPECT_GT(p.price, 0);
    EXPECT_GE(p.stock, 0);
    EXPECT_LT(p.discount, 0.5);
  }
  EXPECT_GE(rainwear.size(), 3u);
  EXPECT_TRUE(std::any_of(prices.begin(), prices.end(), [](const auto& p) { return p.second.size() > 2; }));
}

TEST(generator, people_have_names_and_dates_that_can_be) {
  std::set<std::string> names, emails;
  for (const auto& c : records<customer_details>("customer_details", 200)) {
    names.insert(c.name);
    emails.insert(c.email);
    EXPECT_TRUE(c.birthdate.ok());
    EXPECT_TRUE(c.email.ends_with("@example.com")) << c.email;
    EXPECT_TRUE(std::all_of(c.email.begin(), c.email.end(), [](char x) { return x > ' ' && x < 127; })) << c.email;
    EXPECT_FALSE(c.address.empty());
  }
  EXPECT_GT(names.size(), 120u);
  EXPECT_EQ(emails.size(), 200u);
}

TEST(generator, nothing_it_tells_of_lies_in_the_future) {
  for (const auto& [name, target] : targets) {
    for (std::uint64_t n = 0; n < 2'000; n += 13) {
      const auto value = json::parse(make(name, n).value);
      for (const char* field :
           {"order_date", "payment_date", "date_added", "return_date", "started_at", "event_date", "window_end"})
        EXPECT_LE(value.value(field, start_ms), start_ms) << name << " " << field;
    }
  }
}

TEST(generator, parameters_that_cannot_be_are_refused) {
  const std::vector<parameters> wrong = {{{"customers", "many"}}, {{"customers", "0"}},  {{"customers", "-1"}},
                                         {{"products", "3"}},     {{"products", "20 "}}, {{"customers", "100001"}}};
  for (const auto& p : wrong) EXPECT_THROW(make("clicks", 0, 1, p), std::invalid_argument);
}

}  // namespace
}  // namespace tests
