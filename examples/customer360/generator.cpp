#include "generator.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <tuple>

#include <twinlane/lanes/codec.hpp>

#include "phrases.hpp"
#include "world.hpp"

namespace customer360 {
namespace {

using twinlane::ingest::generated_record;
using parameters = std::map<std::string, std::string>;

constexpr std::int64_t minute_ms = 60'000, hour_ms = 60 * minute_ms, day_ms = 24 * hour_ms;
constexpr std::uint64_t opening_orders = 3, order_steps = 4, return_steps = 3, wish_slots = 5;
constexpr std::size_t worlds_max = 16;

/// What a stream's function needs to make one record.
struct moment {
  const world& all;
  visit now;
  std::int64_t time_ms;
  number who() const { return now.who; }
  std::uint64_t occasion() const { return now.occasion; }
  dice roll(stream s) const { return all.dice_for(s, now.who, now.occasion); }
  timestamp time() const { return timestamp(std::chrono::milliseconds(time_ms)); }
};

number id_of(const moment& m, std::uint64_t n) { return m.who() * 100'000 + static_cast<number>(n); }
double cents(double v) { return std::round(v * 100) / 100; }
timestamp at(std::int64_t ms) { return timestamp(std::chrono::milliseconds(ms)); }

// The time of something that several records tell of. None of them knows when the first one came, so the time is
// the last of a grid of two hours, set off by chance: almost always the same, and never in the future.
timestamp recently(const moment& m, dice d) {
  constexpr auto grid = 2 * hour_ms;
  const auto offset = static_cast<std::int64_t>(d.below(grid));
  return at((m.time_ms - offset) / grid * grid + offset);
}

customer_details details_of(const moment& m) {
  auto p = m.all.person(m.who());
  p.marketing_opt_in = m.all.opted_in(m.who(), m.occasion());
  return p;
}

// Order k of a customer without its status: payments and returns tell of the same one.
order order_of(const moment& m, std::uint64_t k) {
  auto d = m.all.dice_for(stream::order_history, m.who(), k);
  const auto& p = m.all.product(m.all.likely_product(d, 0.1));
  static constexpr double discounts[] = {0, 0, 0, 0.1, 0.15, 0.2};
  order o;
  o.id = id_of(m, k);
  o.customer_id = m.who();
  o.product_id = p.id;
  o.quantity = d.chance(0.2) ? 2 : 1;
  o.product_price = p.price;
  o.product_discount = d.of(discounts);
  o.total_amount = cents(p.price * static_cast<double>(o.quantity) * (1 - o.product_discount));
  o.loyalty_points_earned = static_cast<number>(o.total_amount);
  o.order_date = k < opening_orders ? at(m.time_ms - (3 + static_cast<std::int64_t>(d.below(25))) * day_ms)
                                    : recently(m, m.all.dice_for(stream::order_history, m.who(), k));
  return o;
}

order order_history(const moment& m) {
  static constexpr std::string_view steps[] = {"placed", "processing", "shipped", "delivered"};
  const bool opening = m.occasion() < opening_orders;
  const auto live = opening ? 0 : m.occasion() - opening_orders;
  const auto k = opening ? m.occasion() : opening_orders + live / order_steps;
  const auto step = opening ? order_steps - 1 : live % order_steps;
  auto o = order_of(m, k);
  const bool cancelled = m.all.dice_for(stream::order_history, m.who(), k + 1'000'000).chance(0.06);
  o.order_status = cancelled && step > 0 ? "cancelled" : steps[step];
  return o;
}

payment payment_details(const moment& m) {
  static constexpr std::string_view methods[] = {"card", "card", "paypal", "invoice", "gift card"};
  const auto paid = order_of(m, m.occasion());
  auto favourite = m.all.dice_for(stream::payment_details, m.who());
  payment p;
  p.id = id_of(m, m.occasion());
  p.customer_id = m.who();
  p.order_id = paid.id;
  p.payment_date = m.occasion() < opening_orders ? paid.order_date + std::chrono::minutes{4} : m.time();
  p.payment_method = favourite.of(methods);
  p.payment_amount = paid.total_amount;
  return p;
}

wish wishlist(const moment& m) {
  auto d = m.roll(stream::wishlist);
  const auto slot = m.occasion() % wish_slots;
  wish w;
  w.id = m.who() * 10 + static_cast<number>(slot);
  w.customer_id = m.who();
  w.product_id = m.all.likely_product(d, slot == 0 ? 0.5 : 0.15);
  w.date_added = m.time();
  return w;
}

loyalty_stats loyalty(const moment& m) {
  auto d = m.all.dice_for(stream::loyalty_stats, m.who());
  const auto most = m.all.persona_of(m.who()) == persona::annoyed ? 1'500 : 6'500;
  loyalty_stats l;
  l.customer_id = m.who();
  l.points = d.between(50, most) + static_cast<number>(m.occasion() * 35);
  l.tier = l.points < 1'000 ? "bronze" : l.points < 3'000 ? "silver" : l.points < 6'000 ? "gold" : "platinum";
  l.date_added = m.time();
  return l;
}

review reviews(const moment& m) {
  static constexpr int happy[] = {5, 5, 5, 4, 4, 2}, average[] = {5, 4, 4, 3, 3, 2}, annoyed[] = {1, 1, 2, 2, 3, 5};
  auto d = m.roll(stream::reviews);
  const auto who = m.all.persona_of(m.who());
  const int rating = who == persona::happy ? d.of(happy) : who == persona::average ? d.of(average) : d.of(annoyed);
  const auto& p = m.all.product(order_of(m, m.occasion()).product_id);
  review r;
  r.id = id_of(m, m.occasion());
  r.customer_id = m.who();
  r.product_id = p.id;
  r.rating = rating;
  r.review_text = review_sentence(d, rating, p.product_name);
  r.date_added = m.occasion() == 0 ? at(m.time_ms - d.between(1, 20) * day_ms) : m.time();
  return r;
}

returned returns(const moment& m) {
  static constexpr std::string_view steps[] = {"requested", "approved", "refunded"};
  const auto k = m.occasion() / return_steps;
  const auto sent_back = order_of(m, k * 2);
  auto d = m.all.dice_for(stream::returns, m.who(), k);
  returned r;
  r.id = id_of(m, k);
  r.customer_id = m.who();
  r.order_id = sent_back.id;
  r.product_id = sent_back.product_id;
  r.return_date = recently(m, d);
  r.return_reason = return_reason(d);
  r.return_status = steps[m.occasion() % return_steps];
  return r;
}

call calls(const moment& m) {
  auto d = m.roll(stream::calls);
  const auto who = m.all.persona_of(m.who());
  // Lines are bad for a while, and then fine again; longer for some than for others.
  const double bad = who == persona::annoyed ? 0.6 : who == persona::average ? 0.2 : 0.05;
  const bool bad_line = m.all.dice_for(stream::calls, m.who(), 1'000'000 + m.occasion() / 4).chance(bad);
  call c;
  c.id = id_of(m, m.occasion());
  c.customer_id = m.who();
  c.dropped = d.chance(bad_line ? 0.85 : 0.04);
  c.duration_s = c.dropped ? d.between(5, 240) : d.between(40, 900);
  c.started_at = at(m.time_ms - c.duration_s * 1'000);
  c.agent_note = call_note(d, who, c.dropped);
  return c;
}

click clicks(const moment& m) {
  static constexpr std::string_view kinds[] = {"search",       "search",      "view_product",
                                               "view_product", "add_to_cart", "view_cart"};
  auto d = m.roll(stream::clicks);
  click c;
  c.id = id_of(m, m.occasion());
  c.customer_id = m.who();
  c.event_type = d.of(kinds);
  c.event_date = m.time();
  if (c.event_type == "search") {
    c.search_query = search_query(d, m.all.product(m.all.likely_product(d, 0.2)));
    c.search_results = d.chance(0.1) ? 0 : d.between(1, 90);
  }
  return c;
}

social_event social_media_events(const moment& m) {
  static constexpr std::string_view happy[] = {"praise", "praise", "share", "like", "mention"},
                                    average[] = {"praise", "share", "like", "mention", "complaint"},
                                    annoyed[] = {"complaint", "complaint", "complaint", "mention", "praise"};
  auto d = m.roll(stream::social_media_events);
  const auto who = m.all.persona_of(m.who());
  social_event e;
  e.id = id_of(m, m.occasion());
  e.customer_id = m.who();
  e.event_type = who == persona::happy ? d.of(happy) : who == persona::average ? d.of(average) : d.of(annoyed);
  e.event_date = m.time();
  e.event_details = post(d, e.event_type, m.all.product(m.all.likely_product(d, 0.2)).product_name);
  return e;
}

location_event location_events(const moment& m) {
  auto d = m.roll(stream::location_events);
  const auto& home = m.all.home_of(m.who());
  const double way = static_cast<double>(m.occasion()) * 0.21 + static_cast<double>(m.who());
  const auto step = m.occasion() % 16;
  location_event e;
  e.id = id_of(m, m.occasion());
  e.customer_id = m.who();
  e.event_type = step == 5 ? "entered_store" : step == 7 ? "left_store" : "ping";
  e.event_date = m.time();
  e.latitude = std::round((home.latitude + 0.02 * std::sin(way) + d.real(-0.001, 0.001)) * 1e5) / 1e5;
  e.longitude = std::round((home.longitude + 0.03 * std::cos(way * 0.7) + d.real(-0.001, 0.001)) * 1e5) / 1e5;
  return e;
}

weather_event weather_events(const moment& m) {
  auto w = m.all.weather_at(m.all.home_of(m.who()), m.time_ms);
  w.id = id_of(m, m.occasion());
  w.customer_id = m.who();
  w.event_type = "observation";
  w.event_date = m.time();
  return w;
}

texts some(dice& d, words from, std::uint64_t most) {
  texts out;
  for (auto n = 1 + d.below(most); n > 0; --n) {
    text t(d.of(from));
    if (std::find(out.begin(), out.end(), t) == out.end()) out.push_back(std::move(t));
  }
  return out;
}

third_party_facts purchases(const moment& m) {
  auto d = m.roll(stream::third_party_purchases);
  third_party_facts f;
  f.customer_id = m.who();
  f.purchase_history.emplace();
  for (auto n = 1 + d.below(4); n > 0; --n)
    f.purchase_history->push_back(text(d.of(other_shops())) + ", $" + std::to_string(d.between(8, 240)));
  return f;
}

third_party_facts demographics(const moment& m) {
  auto d = m.all.dice_for(stream::third_party_demographics, m.who());
  const std::chrono::year_month_day today{std::chrono::floor<std::chrono::days>(m.time())};
  third_party_facts f;
  f.customer_id = m.who();
  f.age = static_cast<int>(today.year()) - static_cast<int>(m.all.person(m.who()).birthdate.year());
  f.income = d.between(22, 95) * 1'000 + static_cast<number>(m.occasion()) * 500;
  f.education_level = text(d.of(education_levels()));
  return f;
}

third_party_facts psychographics(const moment& m) {
  auto d = m.roll(stream::third_party_psychographics);
  third_party_facts f;
  f.customer_id = m.who();
  f.interests = some(d, interests(), 4);
  f.values = some(d, values(), 3);
  f.personality_traits = some(d, traits(), 3);
  return f;
}

spend_30d spending(const moment& m) {
  auto d = m.roll(stream::spend_30d);
  const double wave = std::sin(static_cast<double>(m.occasion()) * 0.4 + static_cast<double>(m.who()));
  spend_30d s;
  s.customer_id = m.who();
  s.window_end = at(m.time_ms / minute_ms * minute_ms);
  s.amount = cents(m.all.budget_of(m.who()) * (1 + 0.35 * wave + d.real(-0.05, 0.05)));
  return s;
}

product_details products(const moment& m) {
  static constexpr double discounts[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0.1, 0.2, 0.3};
  auto d = m.roll(stream::products);
  auto p = m.all.product(m.who());
  p.discount = d.of(discounts);
  p.stock = m.occasion() > 0 && d.chance(0.08) ? 0 : p.stock + d.between(-4, 6);
  return p;
}

std::uint64_t size_of(const parameters& given, const char* name, std::uint64_t usual) {
  const auto it = given.find(name);
  if (it == given.end()) return usual;
  std::uint64_t n = 0;
  const auto* end = it->second.data() + it->second.size();
  const auto [stopped, problem] = std::from_chars(it->second.data(), end, n);
  if (problem != std::errc{} || stopped != end)
    throw std::invalid_argument("parameter '" + std::string(name) + "': '" + it->second + "' is no whole number");
  return n;
}

const world& world_of(std::uint64_t seed, const parameters& given) {
  static std::mutex mutex;
  static std::map<std::tuple<std::uint64_t, std::uint64_t, std::uint64_t>, std::unique_ptr<const world>> worlds;
  const std::tuple key(seed, size_of(given, "customers", 200), size_of(given, "products", 60));
  std::lock_guard lock(mutex);
  auto& made = worlds[key];
  if (made) return *made;
  try {
    if (worlds.size() > worlds_max) throw std::invalid_argument("more than 16 worlds of customers in one process");
    made = std::make_unique<const world>(seed, std::get<1>(key), std::get<2>(key));
  } catch (...) {
    worlds.erase(key);
    throw;
  }
  return *made;
}

template <class Record>
std::pair<std::string, twinlane::ingest::generator_fn> generator(stream s, Record (*make)(const moment&)) {
  return {std::string(name_of(s)),
          [s, make](std::uint64_t seed, std::uint64_t n, const parameters& given, generated_record& out) {
            const auto& all = world_of(seed, given);
            const moment m{all, all.visit_of(s, n), out.time_ms};
            twinlane::encode(out.value, make(m));
            out.key = std::to_string(m.who());
            out.has_key = true;
          }};
}

}  // namespace

std::vector<std::pair<std::string, twinlane::ingest::generator_fn>> generators() {
  return {generator(stream::customer_details, details_of),
          generator(stream::order_history, order_history),
          generator(stream::payment_details, payment_details),
          generator(stream::wishlist, wishlist),
          generator(stream::loyalty_stats, loyalty),
          generator(stream::reviews, reviews),
          generator(stream::returns, returns),
          generator(stream::calls, calls),
          generator(stream::clicks, clicks),
          generator(stream::social_media_events, social_media_events),
          generator(stream::location_events, location_events),
          generator(stream::weather_events, weather_events),
          generator(stream::third_party_purchases, purchases),
          generator(stream::third_party_demographics, demographics),
          generator(stream::third_party_psychographics, psychographics),
          generator(stream::spend_30d, spending),
          generator(stream::products, products)};
}

}  // namespace customer360
