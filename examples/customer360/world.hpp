#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "records.hpp"

namespace customer360 {

/// A source of chance that is a pure function of what it is made of.
class dice {
 public:
  template <class... Parts>
  explicit dice(std::uint64_t seed, Parts... parts) : state_(seed) {
    (stir(static_cast<std::uint64_t>(parts)), ...);
  }
  std::uint64_t below(std::uint64_t n) { return next() % n; }
  /// From low to high, both included.
  std::int64_t between(std::int64_t low, std::int64_t high);
  double real(double low = 0, double high = 1);
  bool chance(double p) { return real() < p; }
  template <class Range>
  const auto& of(const Range& range) {
    return range[below(std::size(range))];
  }

 private:
  std::uint64_t next();
  void stir(std::uint64_t part);

  std::uint64_t state_;
};

/// How a customer gets on with the shop; decides stars, returns, calls and tone.
enum class persona : std::uint8_t { happy, average, annoyed };

struct city {
  std::string_view name, postcode, country, phone;
  double latitude, longitude;
  double warmth;   // mean temperature, °C
  double wetness;  // share of the time that it rains
};

/// The streams, in the order of the documentation.
enum class stream : std::uint8_t {
  customer_details,
  order_history,
  payment_details,
  wishlist,
  loyalty_stats,
  reviews,
  returns,
  calls,
  clicks,
  social_media_events,
  location_events,
  weather_events,
  third_party_purchases,
  third_party_demographics,
  third_party_psychographics,
  spend_30d,
  products
};
inline constexpr std::size_t stream_count = 17;
std::string_view name_of(stream s);

/// Whose turn it is in a stream, and which of that customer's (or product's) records it is, from 0.
struct visit {
  number who{};  // from 1
  std::uint64_t occasion{};
};

/// The shop's customers and products, the same for all streams of one seed.
///
/// A stream begins with an opening, some records for everyone in turn. After it, it repeats a shuffled round in which
/// the first tenth of the customers take half of the places, and annoyed customers more of the unpleasant ones.
///
/// Cost     one table of places a stream; everything else is worked out when asked
/// Threads  any, once made
/// Errors   std::invalid_argument for sizes out of range
class world {
 public:
  world(std::uint64_t seed, std::uint64_t customers, std::uint64_t products);

  number customers() const { return customers_; }
  number products() const { return static_cast<number>(range_.size()); }

  /// Records for everyone before the round begins.
  static std::uint64_t openings(stream s);
  visit visit_of(stream s, std::uint64_t n) const;

  dice dice_for(stream s, number who, std::uint64_t what = 0) const { return dice(seed_, s, who, what); }
  persona persona_of(number customer) const;
  const city& home_of(number customer) const;
  bool opted_in(number customer, std::uint64_t occasion) const;
  customer_details person(number customer) const;
  /// What a customer spends in a usual month.
  double budget_of(number customer) const;

  /// A product as the range lists it, before prices and stock move.
  const product_details& product(number id) const { return range_[static_cast<std::size_t>(id - 1)]; }
  /// What a customer is likely to look at, wish for and buy.
  number likely_product(dice& d, double rainwear_share) const;

  /// The weather of a city: it turns every five minutes, so that one sees it turn.
  weather_event weather_at(const city& where, std::int64_t time_ms) const;

 private:
  struct round {
    std::vector<visit> places;           // occasion: within the round
    std::vector<std::uint32_t> weights;  // places of each customer
  };
  round make_round(stream s) const;

  std::uint64_t seed_;
  number customers_;
  std::vector<product_details> range_;
  std::vector<number> rainwear_;
  std::array<round, stream_count> rounds_;
};

}  // namespace customer360
