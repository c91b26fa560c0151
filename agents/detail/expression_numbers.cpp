#include <cmath>
#include <numbers>

#include <twinlane/agents/detail/expression_eval.hpp>
#include <twinlane/agents/detail/expression_functions.hpp>

namespace twinlane::detail::expr {
namespace {

using arguments = std::span<const value>;

constexpr double earth_radius_m = 6'371'008.8;  // the mean one

bool is_whole(const value& v) noexcept { return v.what() == value::kind::integer; }

value extreme(arguments a, bool greatest) noexcept {
  value best;
  for (const auto& v : a) {
    if (v.is_null()) continue;
    const auto order = compare(v, best);
    if (!order || (greatest ? *order > 0 : *order < 0)) best = v;
  }
  return best;
}

// A coordinate under its short or its long name.
value coordinate(const nlohmann::json& place, const char* name, const char* long_name) {
  auto found = place.find(name);
  if (found == place.end()) found = place.find(long_name);
  return found == place.end() ? value() : value::of(*found);
}

double radians(double degrees) noexcept { return degrees * std::numbers::pi / 180; }

double haversine(double from, double to) noexcept {
  const double half = std::sin((to - from) / 2);
  return half * half;
}

}  // namespace

value absolute(evaluation&, arguments a) { return a[0].real() < 0 ? negate(a[0]) : a[0]; }

value round(evaluation&, arguments a) {
  if (is_whole(a[0]) && (a.size() < 2 || a[1].real() >= 0)) return a[0];
  if (a.size() < 2) return whole_if_whole(std::round(a[0].real()));
  const double digits = std::trunc(a[1].real());
  if (digits < -15 || digits > 15) return {};
  const double scale = std::pow(10, std::abs(digits));
  const double rounded = digits < 0 ? std::round(a[0].real() / scale) * scale : std::round(a[0].real() * scale) / scale;
  return is_whole(a[0]) ? whole_if_whole(rounded) : value::of(rounded);
}

value floor(evaluation&, arguments a) { return is_whole(a[0]) ? a[0] : whole_if_whole(std::floor(a[0].real())); }

value ceil(evaluation&, arguments a) { return is_whole(a[0]) ? a[0] : whole_if_whole(std::ceil(a[0].real())); }

value least(evaluation&, arguments a) { return extreme(a, false); }

value greatest(evaluation&, arguments a) { return extreme(a, true); }

value coalesce(evaluation&, arguments a) {
  for (const auto& v : a)
    if (!v.is_null()) return v;
  return {};
}

value within(evaluation&, arguments a) {
  const auto lat = coordinate(a[0].json(), "lat", "latitude");
  const auto lon = coordinate(a[0].json(), "lon", "longitude");
  if (!lat.is_number() || !lon.is_number()) return {};
  const double from = radians(lat.real()), to = radians(a[1].real());
  const double h =
      haversine(from, to) + std::cos(from) * std::cos(to) * haversine(radians(lon.real()), radians(a[2].real()));
  return value::of(2 * earth_radius_m * std::asin(std::sqrt(std::min(1.0, h))) <= a[3].real());
}

value own_uri(evaluation& e, arguments) { return value::of(e.context().uri()); }

}  // namespace twinlane::detail::expr
