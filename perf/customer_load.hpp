#pragma once

#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include <boost/describe.hpp>

#include <twinlane/runtime/twinlane.hpp>

#include "measure.hpp"

/// The workload that all ingest benchmarks share: orders, calls, clicks and ratings of many customers in equal parts,
/// each a JSON event of about 90 bytes into a map lane with keys 0..7, and a rule on each change.
namespace twinlane::perf {

enum class order_status { placed, paid, shipped };
BOOST_DESCRIBE_ENUM(order_status, placed, paid, shipped)

struct order {
  double amount = 0;
  std::int32_t product = 0;
  order_status status{};
};
BOOST_DESCRIBE_STRUCT(order, (), (amount, product, status))

struct call {
  std::int32_t seconds = 0;
  bool dropped = false;
  std::int32_t mast = 0;
};
BOOST_DESCRIBE_STRUCT(call, (), (seconds, dropped, mast))

struct click {
  std::int32_t page = 0;
  std::int32_t ms = 0;
  bool mobile = false;
};
BOOST_DESCRIBE_STRUCT(click, (), (page, ms, mobile))

struct rating {
  std::int32_t stars = 0;
  std::int32_t route = 0;
  bool verified = false;
};
BOOST_DESCRIBE_STRUCT(rating, (), (stars, route, verified))

struct status {
  double spend = 0;
  std::int32_t dropped_calls = 0;
  double mean_stars = 0;
  double risk = 0;
};
BOOST_DESCRIBE_STRUCT(status, (), (spend, dropped_calls, mean_stars, risk))

class customer final : public agent {
 public:
  using agent::agent;

  map_lane<std::int32_t, order> orders{*this, "orders"};
  map_lane<std::int32_t, call> calls{*this, "calls"};
  map_lane<std::int32_t, click> clicks{*this, "clicks"};
  map_lane<std::int32_t, rating> ratings{*this, "ratings"};
  value_lane<status> state{*this, "status"};

 private:
  rule assess{*this, on_change(orders, calls, clicks, ratings), &customer::recompute};

  void recompute() {
    status s;
    for (const auto& o : orders) s.spend += o.value.amount;
    for (const auto& c : calls) s.dropped_calls += c.value.dropped;
    double stars = 0;
    for (const auto& r : ratings) stars += r.value.stars;
    s.mean_stars = ratings.empty() ? 0 : stars / static_cast<double>(ratings.size());
    s.risk = 0.1 * s.dropped_calls + (ratings.empty() ? 0 : 0.1 * (5 - s.mean_stars)) - 0.0001 * s.spend;
    state.set(s);
  }
};

/// The four kinds of event, by lane.
inline constexpr const char* lanes[] = {"orders", "calls", "clicks", "ratings"};

/// Event n as JSON; a pure function of n, the number of customers and the round. Rounds differ in the values alone.
inline std::string event_text(std::uint64_t n, std::uint32_t customers, unsigned round = 0) {
  const auto x = mixed(n);
  const auto c = static_cast<unsigned>(x % customers);
  const auto key = static_cast<unsigned>(x >> 40 & 7);
  const auto v = static_cast<unsigned>(((x >> 20) + round) & 0xffff);
  char text[160];
  switch (n % 4) {
    case 0:
      std::snprintf(text, sizeof text,
                    R"({"customer_id":%u,"id":%u,"amount":%u.%02u,"product":%u,"status":"%s","at":%llu})", c, key,
                    v % 500, v % 100, v,
                    v % 3 == 0   ? "placed"
                    : v % 3 == 1 ? "paid"
                                 : "shipped",
                    1763700000000ull + n);
      break;
    case 1:
      std::snprintf(text, sizeof text, R"({"customer_id":%u,"id":%u,"seconds":%u,"dropped":%s,"mast":%u,"at":%llu})", c,
                    key, v % 900, v % 5 == 0 ? "true" : "false", v % 4000, 1763700000000ull + n);
      break;
    case 2:
      std::snprintf(text, sizeof text, R"({"customer_id":%u,"id":%u,"page":%u,"ms":%u,"mobile":%s,"at":%llu})", c, key,
                    v % 999, v % 60000, v & 1 ? "true" : "false", 1763700000000ull + n);
      break;
    default:
      std::snprintf(text, sizeof text, R"({"customer_id":%u,"id":%u,"stars":%u,"route":%u,"verified":%s,"at":%llu})", c,
                    key, v % 5 + 1, v % 9000, v & 1 ? "true" : "false", 1763700000000ull + n);
  }
  return text;
}

/// n events from the first on, one behind the other in one buffer, as a broker's answer holds them.
class event_stream {
 public:
  event_stream(std::uint64_t n, std::uint32_t customers, unsigned round = 0, std::uint64_t first = 0) {
    bytes_.reserve(n * 100 + 64);
    starts_.reserve(n + 1);
    for (std::uint64_t i = 0; i < n; ++i) {
      starts_.push_back(bytes_.size());
      bytes_ += event_text(first + i, customers, round);
    }
    starts_.push_back(bytes_.size());
    bytes_.append(64, ' ');
  }
  std::size_t size() const { return starts_.size() - 1; }
  std::string_view operator[](std::size_t i) const {
    return std::string_view(bytes_).substr(starts_[i], starts_[i + 1] - starts_[i]);
  }

 private:
  std::string bytes_;
  std::vector<std::size_t> starts_;
};

}  // namespace twinlane::perf
