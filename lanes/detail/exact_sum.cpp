#include <twinlane/lanes/detail/exact_sum.hpp>

#include <cmath>
#include <limits>
#include <utility>

#include <twinlane/lanes/detail/text.hpp>

namespace twinlane::detail {
namespace {

/// A sum as it is rounded, and what rounding took away.
struct rounded {
  double sum, rest;
};

rounded add_two(double a, double b) noexcept {
  if (std::abs(a) < std::abs(b)) std::swap(a, b);
  const double sum = a + b;
  return {sum, b - (sum - a)};
}

}  // namespace

void exact_sum::add(double x) {
  if (!std::isfinite(x)) throw_bad_value("a number is not finite");
  std::size_t kept = 0;
  for (const double part : parts_) {
    const auto [sum, rest] = add_two(x, part);
    if (!std::isfinite(sum)) {
      parts_.assign(1, std::copysign(std::numeric_limits<double>::max(), sum));
      return;
    }
    if (rest != 0) parts_[kept++] = rest;
    x = sum;
  }
  parts_.resize(kept);
  if (x != 0) parts_.push_back(x);
}

void exact_sum::merge(const exact_sum& other) {
  for (const double part : std::vector<double>(other.parts_)) add(part);
}

double exact_sum::value() const noexcept {
  if (parts_.empty()) return 0;
  auto at = parts_.rbegin();
  double sum = *at++;
  double rest = 0;
  while (at != parts_.rend() && rest == 0) {
    const auto next = add_two(sum, *at++);
    sum = next.sum;
    rest = next.rest;
  }
  // A rest that is just half of the last place was rounded to even; what lies below it says which way is nearer.
  if (rest != 0 && at != parts_.rend() && (rest < 0) == (*at < 0)) {
    const double twice = 2 * rest, other = sum + twice;
    if (other - sum == twice && std::isfinite(other)) sum = other;
  }
  return sum;
}

void exact_sum::restore(const std::vector<double>& parts) {
  parts_.clear();
  for (const double part : parts) add(part);
}

}  // namespace twinlane::detail
