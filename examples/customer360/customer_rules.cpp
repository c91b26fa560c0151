// The rule of the example: what follows from a customer's lanes.
#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdio>
#include <tuple>

#include "customer.hpp"

namespace customer360 {
namespace {

constexpr double big_spend = 1'000, usual_spend = 400, small_spend = 100;  // dollars in 30 days
constexpr double big_spender_discount = 0.05;                              // on top of the product's own
constexpr std::size_t recent_calls = 10;

double rounded(double v, double steps) { return std::round(v * steps) / steps; }

std::string dollars(double v) {
  char out[400];
  std::snprintf(out, sizeof out, "$%.2f", v);
  return out;
}

std::string counted(number n, const std::string& what) { return std::to_string(n) + " " + what + (n == 1 ? "" : "s"); }

/// Something that shows how a customer feels, from -1 to 1.
struct sign {
  timestamp at;
  double feeling;
};

double feeling_of(const social_event& e) {
  if (e.event_type == "complaint") return -0.8;
  if (e.event_type == "praise") return 0.9;
  return e.event_type == "share" || e.event_type == "like" ? 0.4 : 0;
}

// Newest first, each counting less than the one before it. Without any sign nobody knows, which is 50.
int score_of(std::vector<sign>::const_iterator first, std::vector<sign>::const_iterator last) {
  double sum = 0, weights = 1, weight = 1;
  for (; first != last; ++first, weight *= 0.85) {
    sum += weight * first->feeling;
    weights += weight;
  }
  return static_cast<int>(std::lround(50 + 50 * sum / weights));
}

number dropped_among_newest(const twinlane::map_lane<number, call>& calls, std::size_t most) {
  std::vector<std::tuple<timestamp, number, bool>> all;
  for (const auto& c : calls) all.emplace_back(c.value.started_at, c.key, c.value.dropped);
  std::sort(all.rbegin(), all.rend());
  all.resize(std::min(all.size(), most));
  return std::count_if(all.begin(), all.end(), [](const auto& c) { return std::get<bool>(c); });
}

}  // namespace

double share_of(double discount) { return std::clamp(discount > 1 ? discount / 100 : discount, 0.0, 1.0); }

double price_of(const product_details& p, double extra) {
  return rounded(p.price * (1 - std::min(1.0, share_of(p.discount) + extra)), 100);
}

bool is_rain(const std::string& weather_condition) {
  std::string said = weather_condition;
  std::transform(said.begin(), said.end(), said.begin(), [](unsigned char c) { return std::tolower(c); });
  return said.find("rain") != std::string::npos;
}

// A customer has a mood, a risk and a status from the first event on.
void customer::did_start() {
  sense_mood();
  find_segment();
  assess_risk();
  sum_up();
}

void customer::sense_mood() {
  std::vector<sign> signs;
  for (const auto& r : reviews) signs.push_back({r.value.date_added, std::clamp((r.value.rating - 3) / 2, -1.0, 1.0)});
  for (const auto& r : returns) signs.push_back({r.value.return_date, -0.4});
  for (const auto& s : social) signs.push_back({s.value.event_date, feeling_of(s.value)});
  for (const auto& c : calls)
    if (c.value.dropped) signs.push_back({c.value.started_at, -0.6});
  std::sort(signs.begin(), signs.end(),
            [](const sign& a, const sign& b) { return std::tie(b.at, b.feeling) < std::tie(a.at, a.feeling); });
  const int score = score_of(signs.begin(), signs.end());
  const int without_newest = score_of(signs.empty() ? signs.begin() : signs.begin() + 1, signs.end());
  sentiment.set({score, score > without_newest   ? direction::up
                        : score < without_newest ? direction::down
                                                 : direction::flat});
}

void customer::find_segment() {
  const double spend = analytics ? analytics->amount : 0;
  segment.set({spend >= big_spend               ? "high value"
               : spend >= usual_spend           ? "regular"
               : orders.empty() && spend == 0.0 ? "new"
                                                : "occasional"});
}

void customer::assess_risk() {
  churn risk{0.1, {}};
  const auto because = [&](double weight, std::string reason) {
    risk.score += weight;
    risk.reasons.push_back(std::move(reason));
  };
  if (sentiment->score < 45) because((50 - sentiment->score) / 60.0, "low sentiment");
  if (const auto n = dropped_among_newest(calls, recent_calls)) because(0.06 * double(n), counted(n, "dropped call"));
  if (!returns.empty())
    because(0.03 * double(std::min<std::size_t>(returns.size(), 6)), counted(number(returns.size()), "return"));
  if (analytics && analytics->amount < small_spend) because(0.15, "hardly any spending in 30 days");
  if (analytics && analytics->amount >= big_spend) risk.score -= 0.05;
  risk.score = rounded(std::clamp(risk.score, 0.0, 1.0), 100);
  churn_risk.set(std::move(risk));
}

// Rain where they are and something against it on the wishlist, or a wished product that became cheaper: worth an
// offer to those who want offers. Rain goes first, then what saves most.
void customer::choose_offer() {
  next_best_offer.clear();
  if (!profile || !profile->marketing_opt_in) return;
  const bool raining = weather && is_rain(weather->weather_condition);
  const double extra = analytics && analytics->amount >= big_spend ? big_spender_discount : 0;
  std::tuple best(false, -1.0);
  wished.for_each([&](const number& id, const product_details& p) {
    const bool for_rain = raining && p.category == "rainwear";
    const auto* drop = price_drops.find(id);
    const double price = price_of(p, extra);
    if (p.stock <= 0 || !(for_rain || drop) || std::tuple(for_rain, p.price - price) <= best) return;
    best = {for_rain, p.price - price};
    const auto instead = price < p.price ? " instead of " + dollars(p.price) : "";
    const auto why = for_rain ? "it rains where they are" : "its price dropped from " + dollars(drop->before);
    next_best_offer.set({p.product_name + " for " + dollars(price) + instead, id,
                         rounded(std::min(1.0, share_of(p.discount) + extra), 10'000),
                         why + " and it is on the wishlist"});
  });
}

void customer::sum_up() {
  standing s;
  s.spend_30d = analytics ? analytics->amount : 0;
  s.orders = static_cast<number>(orders.size());
  for (const auto& c : calls) s.dropped_calls += c.value.dropped;
  double stars = 0;
  for (const auto& r : reviews) stars += r.value.rating;
  if (!reviews.empty()) s.mean_rating = rounded(stars / static_cast<double>(reviews.size()), 100);
  const double risk = churn_risk->score;
  s.state = risk >= 0.6 ? "at_risk" : risk >= 0.35 ? "watch" : orders.empty() ? "new" : "healthy";
  status.set(std::move(s));
}

}  // namespace customer360
