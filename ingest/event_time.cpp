#include <twinlane/ingest/event_time.hpp>

#include <charconv>
#include <chrono>
#include <cmath>

namespace twinlane::ingest {
namespace {

constexpr std::int64_t year_0_ms = -62'167'219'200'000;
constexpr std::int64_t year_10000_ms = 253'402'300'800'000;

std::optional<std::int64_t> in_range(std::int64_t ms) noexcept {
  if (ms < year_0_ms || ms >= year_10000_ms) return std::nullopt;
  return ms;
}

// Takes fixed-width numbers and separators off the front; once something does not fit, nothing does.
class scanner {
 public:
  explicit scanner(std::string_view text) noexcept : rest_(text) {}

  int number(std::size_t digits) noexcept {
    int value = 0;
    if (rest_.size() < digits) return bad();
    for (std::size_t i = 0; i < digits; ++i) {
      if (rest_[i] < '0' || rest_[i] > '9') return bad();
      value = value * 10 + (rest_[i] - '0');
    }
    rest_.remove_prefix(digits);
    return value;
  }

  bool take(std::string_view any_of) noexcept {
    if (rest_.empty() || any_of.find(rest_[0]) == std::string_view::npos) return false;
    rest_.remove_prefix(1);
    return true;
  }

  void expect(std::string_view any_of) noexcept {
    if (!take(any_of)) bad();
  }

  // Digits after the point; what is finer than a millisecond is cut off.
  int millis() noexcept {
    int value = 0, scale = 100;
    std::size_t n = 0;
    for (; n < rest_.size() && rest_[n] >= '0' && rest_[n] <= '9'; ++n, scale /= 10) value += (rest_[n] - '0') * scale;
    if (n == 0) return bad();
    rest_.remove_prefix(n);
    return value;
  }

  bool at_end() const noexcept { return rest_.empty(); }
  char peek() const noexcept { return rest_.empty() ? '\0' : rest_[0]; }
  bool good() const noexcept { return good_; }

 private:
  int bad() noexcept {
    good_ = false;
    return 0;
  }

  std::string_view rest_;
  bool good_ = true;
};

// Minutes east of UTC.
int read_offset(scanner& in) noexcept {
  if (in.at_end() || in.take("Zz")) return 0;
  const int sign = in.peek() == '-' ? -1 : 1;
  in.expect("+-");
  const int hours = in.number(2);
  in.take(":");
  const int minutes = in.number(2);
  if (hours > 23 || minutes > 59) in.expect("");
  return sign * (hours * 60 + minutes);
}

std::optional<std::int64_t> parse_rfc3339(std::string_view text) noexcept {
  using namespace std::chrono;
  scanner in(text);
  const int y = in.number(4);
  in.expect("-");
  const int m = in.number(2);
  in.expect("-");
  const int d = in.number(2);
  const year_month_day date{year{y}, month{static_cast<unsigned>(m)}, day{static_cast<unsigned>(d)}};
  if (!in.good() || !date.ok()) return std::nullopt;
  std::int64_t ms = sys_days{date}.time_since_epoch().count() * std::int64_t{86'400'000};
  if (in.at_end()) return in_range(ms);

  in.expect("Tt ");
  const int hour = in.number(2);
  in.expect(":");
  const int minute = in.number(2);
  in.expect(":");
  const int second = in.number(2);  // 60 is a leap second: the first moment of the next minute
  if (hour > 23 || minute > 59 || second > 60) return std::nullopt;
  ms += ((hour * 60 + minute) * 60 + second) * std::int64_t{1000};
  if (in.take(".")) ms += in.millis();
  ms -= read_offset(in) * std::int64_t{60'000};
  if (!in.good() || !in.at_end()) return std::nullopt;
  return in_range(ms);
}

// Towards the past, so that an order of times stays one.
std::int64_t floor_divide(std::int64_t n, std::int64_t by) noexcept { return n / by - (n % by < 0 ? 1 : 0); }

std::optional<std::int64_t> to_milliseconds(std::int64_t n, time_unit unit) noexcept {
  switch (unit) {
    case time_unit::seconds:
      if (n < year_0_ms / 1000 || n >= year_10000_ms / 1000) return std::nullopt;
      return n * 1000;
    case time_unit::milliseconds:
      return in_range(n);
    case time_unit::microseconds:
      return in_range(floor_divide(n, 1000));
    case time_unit::nanoseconds:
      return in_range(floor_divide(n, 1'000'000));
  }
  return std::nullopt;
}

std::optional<std::int64_t> parse_real_seconds(std::string_view text) noexcept {
  double seconds = 0;
  const auto* last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, seconds);
  if (error != std::errc{} || end != last || !(std::abs(seconds) < 1e12)) return std::nullopt;
  return in_range(std::llround(seconds * 1000));
}

}  // namespace

std::string_view name_of(time_unit unit) noexcept {
  constexpr std::string_view names[] = {"seconds", "milliseconds", "microseconds", "nanoseconds"};
  return names[static_cast<unsigned>(unit)];
}

std::optional<std::int64_t> parse_event_time(std::string_view text, time_unit unit) noexcept {
  if (text.empty()) return std::nullopt;
  std::int64_t number = 0;
  const auto* last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, number);
  if (error == std::errc{} && end == last) return to_milliseconds(number, unit);
  if (unit == time_unit::seconds)
    if (const auto ms = parse_real_seconds(text)) return ms;
  return parse_rfc3339(text);
}

}  // namespace twinlane::ingest
