#pragma once

#include <optional>
#include <string>
#include <vector>

#include <twinlane/lanes/record.hpp>

#include "records.hpp"

/// What the rules conclude. Each conclusion is a function of the agent's lanes alone, so it does not matter in which
/// order events arrive, or how many of them share a turn.
namespace customer360 {

enum class direction { up, down, flat };
BOOST_DESCRIBE_ENUM(direction, up, down, flat)

/// score: 0 furious to 100 delighted; trend: what the newest sign did to it.
struct mood {
  int score{};
  direction trend = direction::flat;
};
BOOST_DESCRIBE_STRUCT(mood, (), (score, trend))

struct market_segment {
  std::string name;
};
BOOST_DESCRIBE_STRUCT(market_segment, (), (name))

/// score: 0 stays to 1 leaves.
struct churn {
  double score{};
  texts reasons;
};
BOOST_DESCRIBE_STRUCT(churn, (), (score, reasons))

struct best_offer {
  std::string offer;
  number product_id{};
  double discount{};
  std::string reason;
};
BOOST_DESCRIBE_STRUCT(best_offer, (), (offer, product_id, discount, reason))

struct standing {
  std::string state;
  double spend_30d{};
  number orders{}, dropped_calls{};
  std::optional<double> mean_rating;
};
BOOST_DESCRIBE_STRUCT(standing, (), (state, spend_30d, orders, dropped_calls, mean_rating))

/// What a customer paid before and pays now, discount included.
struct price_drop {
  double before{}, now{};
};
BOOST_DESCRIBE_STRUCT(price_drop, (), (before, now))

/// A discount as a share of the price, whether the topic writes 0.15 or 15.
double share_of(double discount);
/// What a customer pays, to the cent; `extra` is a discount on top.
double price_of(const product_details& p, double extra = 0);
/// "rain", "Light rain", "Rain showers".
bool is_rain(const std::string& weather_condition);

}  // namespace customer360
