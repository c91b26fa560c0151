#include <twinlane/runtime/app/units.hpp>

#include <charconv>
#include <cmath>
#include <utility>

namespace twinlane::app {

namespace {

/// The number at the front and the unit behind it.
std::optional<std::pair<std::uint64_t, std::string_view>> split(std::string_view text) {
  std::uint64_t number = 0;
  const auto* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{}) return std::nullopt;
  return std::pair{number, std::string_view(rest, static_cast<std::size_t>(end - rest))};
}

template <std::size_t N>
std::optional<std::uint64_t> scaled(std::string_view text, const std::pair<std::string_view, std::uint64_t> (&units)[N],
                                    std::uint64_t max) {
  const auto parts = split(text);
  if (!parts) return std::nullopt;
  for (const auto& [name, factor] : units) {
    if (name != parts->second) continue;
    if (parts->first > max / factor) return std::nullopt;
    return parts->first * factor;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
  static constexpr std::pair<std::string_view, std::uint64_t> units[] = {
      {"ms", 1}, {"s", 1'000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}};
  constexpr std::uint64_t hundred_years = 36'525ull * 86'400'000;
  const auto ms = scaled(text, units, hundred_years);
  if (!ms) return std::nullopt;
  return std::chrono::milliseconds{static_cast<std::int64_t>(*ms)};
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
  static constexpr std::pair<std::string_view, std::uint64_t> units[] = {
      {"", 1}, {"B", 1}, {"KiB", 1ull << 10}, {"MiB", 1ull << 20}, {"GiB", 1ull << 30}, {"TiB", 1ull << 40}};
  return scaled(text, units, 1ull << 50);
}

std::optional<double> parse_real(std::string_view text) {
  double number = 0;
  const auto* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || rest != end || !std::isfinite(number)) return std::nullopt;
  return number;
}

}  // namespace twinlane::app
