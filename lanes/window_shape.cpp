#include <twinlane/lanes/window_shape.hpp>

#include <stdexcept>

namespace twinlane {
namespace {

constexpr std::int64_t span_max_ms = event_time_max_ms / 2;

std::int64_t floor_to(std::int64_t time_ms, std::int64_t step) noexcept {
  const auto rest = time_ms % step;
  return time_ms - (rest < 0 ? rest + step : rest);
}

}  // namespace

std::int64_t window_shape::last_start(std::int64_t time_ms) const noexcept { return floor_to(time_ms, advance_ms); }

std::int64_t window_shape::next_start(std::int64_t closed_to) const noexcept {
  return is_session() ? closed_to - gap_ms : floor_to(closed_to - size_ms, advance_ms) + advance_ms;
}

void window_shape::check() const {
  constexpr std::int64_t windows_max = 1000;
  if (is_session() ? size_ms != 0 : size_ms == 0)
    throw std::invalid_argument("it needs one of tumbling, hopping, session");
  if (size_ms < 0 || gap_ms < 0 || size_ms > span_max_ms || gap_ms > span_max_ms)
    throw std::invalid_argument("the size or gap of its windows is out of range");
  if (is_session()) return;
  if (advance_ms <= 0 || advance_ms > size_ms)
    throw std::invalid_argument("its windows advance by more than 0 and at most by their size");
  if ((size_ms - 1) / advance_ms + 1 > windows_max)
    throw std::invalid_argument("an event would belong to more than 1000 of its windows. Raise the advance");
}

}  // namespace twinlane
