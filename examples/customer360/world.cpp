#include "world.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <stdexcept>

#include <boost/describe/enum_to_string.hpp>
#include <twinlane/ingest/generator.hpp>

#include "phrases.hpp"

namespace customer360 {

BOOST_DESCRIBE_ENUM(stream, customer_details, order_history, payment_details, wishlist, loyalty_stats, reviews, returns,
                    calls, clicks, social_media_events, location_events, weather_events, third_party_purchases,
                    third_party_demographics, third_party_psychographics, spend_30d, products)

namespace {

constexpr std::uint64_t customers_max = 100'000, products_min = 10, products_max = 10'000;
constexpr std::uint32_t busy_weight = 10;  // places of one of the first tenth; the others have one
constexpr std::int64_t weather_ms = 5 * 60 * 1000;
constexpr double pi = 3.14159265358979323846;

// Which streams annoyed and happy customers use more.
std::uint32_t weight_of(stream s, persona p) {
  const bool unpleasant = s == stream::returns || s == stream::calls;
  if (!unpleasant) return 1;
  return p == persona::annoyed ? 3 : p == persona::average ? 2 : 1;
}

double cents(double v) { return std::round(v * 100) / 100; }

product_details make_product(std::uint64_t seed, number id) {
  dice d(seed, stream::products, id);
  const auto all = departments();
  // Every sixth is rainwear; the other departments take turns.
  const auto& dept = id % 6 == 0 ? all[0] : all[1 + static_cast<std::size_t>(id) % (all.size() - 1)];
  product_details p;
  p.id = id;
  p.category = dept.category;
  p.subcategory = d.of(dept.kinds);
  p.product_name = text(d.of(adjectives())) + " " + p.subcategory;
  p.brand = d.of(brands());
  p.price = std::floor(d.real(dept.low, dept.high)) + 0.9;
  p.stock = d.between(5, 60);
  static constexpr std::string_view genders[] = {"women", "men", "unisex"}, ages[] = {"adult", "adult", "teen", "kids"};
  p.gender = d.of(genders);
  p.age_group = d.of(ages);
  return p;
}

}  // namespace

std::string_view name_of(stream s) { return boost::describe::enum_to_string(s, ""); }

std::uint64_t dice::next() {
  state_ = twinlane::ingest::mix(state_, 1);
  return state_;
}

void dice::stir(std::uint64_t part) { state_ = twinlane::ingest::mix(state_, part); }

std::int64_t dice::between(std::int64_t low, std::int64_t high) {
  return low + static_cast<std::int64_t>(below(static_cast<std::uint64_t>(high - low + 1)));
}

double dice::real(double low, double high) {
  return low + (high - low) * (static_cast<double>(next() >> 11) * 0x1p-53);
}

world::world(std::uint64_t seed, std::uint64_t customers, std::uint64_t products)
    : seed_(seed), customers_(static_cast<number>(customers)) {
  if (customers < 1 || customers > customers_max)
    throw std::invalid_argument("parameter 'customers': 1 to " + std::to_string(customers_max));
  if (products < products_min || products > products_max)
    throw std::invalid_argument("parameter 'products': " + std::to_string(products_min) + " to " +
                                std::to_string(products_max));
  for (number id = 1; id <= static_cast<number>(products); ++id) {
    range_.push_back(make_product(seed, id));
    if (range_.back().category == "rainwear") rainwear_.push_back(id);
  }
  for (std::size_t s = 0; s < stream_count; ++s) rounds_[s] = make_round(static_cast<stream>(s));
}

world::round world::make_round(stream s) const {
  round r;
  const bool of_products = s == stream::products;
  const auto count = of_products ? products() : customers_;
  for (number who = 1; who <= count; ++who) {
    const bool busy = !of_products && who <= (customers_ + 9) / 10;
    const auto weight = of_products ? 1 : weight_of(s, persona_of(who)) * (busy ? busy_weight : 1);
    r.weights.push_back(weight);
    r.places.insert(r.places.end(), weight, {who, 0});
  }
  dice d(seed_, s);
  for (std::size_t i = r.places.size(); i > 1; --i) std::swap(r.places[i - 1], r.places[d.below(i)]);
  std::vector<std::uint32_t> seen(r.weights.size());
  for (auto& p : r.places) p.occasion = seen[static_cast<std::size_t>(p.who - 1)]++;
  return r;
}

std::uint64_t world::openings(stream s) {
  switch (s) {
    case stream::order_history:
    case stream::payment_details:
      return 3;
    case stream::wishlist:
      return 2;
    case stream::returns:
    case stream::calls:
    case stream::clicks:
    case stream::social_media_events:
    case stream::location_events:
      return 0;
    default:
      return 1;
  }
}

visit world::visit_of(stream s, std::uint64_t n) const {
  const auto& r = rounds_[static_cast<std::size_t>(s)];
  const auto all = r.weights.size(), opening = openings(s) * all;
  if (n < opening) return {static_cast<number>(n % all + 1), n / all};
  n -= opening;
  const auto& place = r.places[n % r.places.size()];
  const auto weight = r.weights[static_cast<std::size_t>(place.who - 1)];
  return {place.who, openings(s) + n / r.places.size() * weight + place.occasion};
}

// Four of ten are happy, four average, two annoyed, the busy ones alike.
persona world::persona_of(number customer) const {
  const auto turn = (static_cast<std::uint64_t>(customer) * 7 + seed_) % 10;
  return turn < 4 ? persona::happy : turn < 8 ? persona::average : persona::annoyed;
}

const city& world::home_of(number customer) const {
  dice d(seed_, 'h', customer);
  return d.of(cities());
}

// Most agree from the start; now and then someone thinks again.
bool world::opted_in(number customer, std::uint64_t occasion) const {
  const bool at_first = dice(seed_, 'o', customer).chance(0.75);
  return occasion > 0 && dice(seed_, 'o', customer, occasion).chance(0.35) ? !at_first : at_first;
}

customer_details world::person(number customer) const {
  dice d(seed_, 'p', customer);
  const auto& c = d.of(cultures());
  const bool woman = d.chance(0.5);
  const auto given = woman ? d.of(c.women) : d.of(c.men);
  const auto family = d.of(c.families);
  const auto& home = home_of(customer);
  customer_details p;
  p.id = customer;
  p.name = std::string(given) + " " + std::string(family);
  p.email = plain(given) + "." + plain(family) + std::to_string(customer) + "@example.com";
  p.phone = std::string(home.phone) + std::to_string(100 + d.below(900));
  p.gender = d.chance(0.03) ? "other" : woman ? "female" : "male";
  const int year = 1950 + static_cast<int>(d.below(55));
  p.birthdate = std::chrono::year{year} / static_cast<int>(1 + d.below(12)) / static_cast<int>(1 + d.below(28));
  p.address = std::to_string(1 + d.below(120)) + " " + std::string(d.of(streets())) + ", " +
              std::string(home.postcode) + " " + std::string(home.name) + ", " + std::string(home.country);
  return p;
}

double world::budget_of(number customer) const {
  dice d(seed_, 'b', customer);
  const auto who = persona_of(customer);
  const double usual = who == persona::happy ? 800 : who == persona::average ? 380 : 130;
  return cents(usual * d.real(0.4, 2.0));
}

number world::likely_product(dice& d, double rainwear_share) const {
  return d.chance(rainwear_share) ? d.of(rainwear_) : d.between(1, products());
}

weather_event world::weather_at(const city& where, std::int64_t time_ms) const {
  static constexpr std::string_view dry[] = {"sunny", "sunny", "cloudy", "cloudy", "windy", "fog"};
  const auto turn = time_ms / weather_ms;
  dice d(seed_, 'w', static_cast<std::int64_t>(where.latitude * 1e4), turn);
  const double hour = static_cast<double>(time_ms % 86'400'000) / 3'600'000;
  weather_event w;
  w.weather_condition = d.chance(where.wetness) ? "rain" : d.of(dry);
  w.temperature = std::round((where.warmth + 5 * std::sin((hour - 9) / 12 * pi) + d.real(-3, 3)) * 10) / 10;
  return w;
}

}  // namespace customer360
