#include <chrono>
#include <cmath>

#include <twinlane/agents/detail/expression_eval.hpp>
#include <twinlane/agents/detail/expression_functions.hpp>
#include <twinlane/lanes/detail/text.hpp>

namespace twinlane::detail::expr {
namespace {

using arguments = std::span<const value>;
using std::chrono::days;
using std::chrono::milliseconds;
using moment = std::chrono::sys_time<milliseconds>;

// Years 0 to 9999.
constexpr std::int64_t first_ms = -62'167'219'200'000;
constexpr std::int64_t last_ms = 253'402'300'799'999;

bool is_time(const value& v) noexcept { return v.real() >= first_ms && v.real() <= last_ms; }

std::int64_t ms_of(const value& v) noexcept {
  return v.what() == value::kind::integer ? v.integer() : static_cast<std::int64_t>(std::floor(v.real()));
}

moment moment_of(const value& v) noexcept { return moment(milliseconds(ms_of(v))); }

std::chrono::year_month_day date_of(const value& v) noexcept { return std::chrono::floor<days>(moment_of(v)); }

std::chrono::hh_mm_ss<milliseconds> clock_of(const value& v) noexcept {
  const auto t = moment_of(v);
  return std::chrono::hh_mm_ss<milliseconds>(t - std::chrono::floor<days>(t));
}

value number_of(std::int64_t n) noexcept { return value::of(n); }

void append_digits(std::string& out, std::int64_t n, std::size_t width) {
  const auto digits = std::to_string(n);
  out.append(width > digits.size() ? width - digits.size() : 0, '0');
  out += digits;
}

}  // namespace

value now(evaluation& e, arguments) { return number_of(e.context().now_ms()); }

value event_time(evaluation& e, arguments) { return number_of(e.context().event_ms()); }

value parse_time_text(evaluation& e, arguments a) {
  e.spend_bytes(a[0].text().size());
  timestamp t{};
  if (twinlane::detail::parse_time(a[0].text(), t)) return number_of(t.time_since_epoch().count());
  std::chrono::year_month_day date;
  if (!twinlane::detail::parse_date(a[0].text(), date)) return {};
  return number_of(milliseconds(std::chrono::sys_days(date).time_since_epoch()).count());
}

value format_time(evaluation& e, arguments a) {
  if (!is_time(a[0])) return {};
  std::string out;
  twinlane::detail::append_date(out, date_of(a[0]));
  const auto clock = clock_of(a[0]);
  char sign = 'T';
  for (const auto part : {clock.hours().count(), clock.minutes().count(), clock.seconds().count()}) {
    out += std::exchange(sign, ':');
    append_digits(out, part, 2);
  }
  out += '.';
  append_digits(out, clock.subseconds().count(), 3);
  out += 'Z';
  return e.keep(std::move(out));
}

value year(evaluation&, arguments a) { return is_time(a[0]) ? number_of(int{date_of(a[0]).year()}) : value(); }

value month(evaluation&, arguments a) { return is_time(a[0]) ? number_of(unsigned{date_of(a[0]).month()}) : value(); }

value day(evaluation&, arguments a) { return is_time(a[0]) ? number_of(unsigned{date_of(a[0]).day()}) : value(); }

value hour(evaluation&, arguments a) { return is_time(a[0]) ? number_of(clock_of(a[0]).hours().count()) : value(); }

value minute(evaluation&, arguments a) { return is_time(a[0]) ? number_of(clock_of(a[0]).minutes().count()) : value(); }

value second(evaluation&, arguments a) { return is_time(a[0]) ? number_of(clock_of(a[0]).seconds().count()) : value(); }

value day_of_week(evaluation&, arguments a) {
  if (!is_time(a[0])) return {};
  return number_of(std::chrono::weekday(std::chrono::floor<days>(moment_of(a[0]))).iso_encoding());
}

value truncate_time(evaluation&, arguments a) {
  if (!is_time(a[0]) || !is_time(a[1])) return {};
  const auto t = ms_of(a[0]), step = ms_of(a[1]);
  if (step <= 0) return {};
  const auto rest = t % step;
  return number_of(t - (rest < 0 ? rest + step : rest));
}

}  // namespace twinlane::detail::expr
