#include <twinlane/lanes/detail/sorted_counts.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>

#include <twinlane/lanes/detail/text.hpp>

namespace twinlane::detail {
namespace {

constexpr int bits_max = 63;  // but the sign

}  // namespace

void sorted_counts::add(double value, std::uint64_t times) {
  if (!std::isfinite(value)) throw_bad_value("a number is not finite");
  insert(shortened(value), times);
  fit();
}

void sorted_counts::merge(const sorted_counts& other) {
  drop_bits(std::max(dropped_bits_, other.dropped_bits_));
  const auto items = other.items_;  // it may be this one
  for (const auto& i : items) insert(shortened(i.value), i.times);
  fit();
}

std::optional<double> sorted_counts::median() const noexcept {
  if (size_ == 0) return std::nullopt;
  return std::midpoint(at((size_ - 1) / 2), at(size_ / 2));
}

sorted_counts::kept sorted_counts::keep() const {
  kept k;
  k.dropped_bits = dropped_bits_;
  for (const auto& i : items_) {
    k.values.push_back(i.value);
    k.times.push_back(i.times);
  }
  return k;
}

bool sorted_counts::restore(const kept& k) {
  if (k.values.size() != k.times.size() || k.dropped_bits < 0 || k.dropped_bits > bits_max) return false;
  items_.clear();
  size_ = 0;
  dropped_bits_ = k.dropped_bits;
  for (std::size_t i = 0; i < k.values.size(); ++i) insert(shortened(k.values[i]), k.times[i]);
  fit();
  return true;
}

double sorted_counts::shortened(double value) const noexcept {
  const auto bits = std::bit_cast<std::uint64_t>(value) >> dropped_bits_ << dropped_bits_;
  const double v = std::bit_cast<double>(bits);
  return v == 0 ? 0 : v;  // one zero
}

// The number at that place among all, counted from 0.
double sorted_counts::at(std::uint64_t index) const noexcept {
  for (const auto& i : items_) {
    if (index < i.times) return i.value;
    index -= i.times;
  }
  return 0;
}

void sorted_counts::insert(double value, std::uint64_t times) {
  if (times == 0) return;
  size_ += times;
  const auto it =
      std::lower_bound(items_.begin(), items_.end(), value, [](const item& i, double v) { return i.value < v; });
  if (it != items_.end() && it->value == value)
    it->times += times;
  else
    items_.insert(it, {value, times});
}

void sorted_counts::drop_bits(int bits) {
  if (bits == dropped_bits_) return;
  dropped_bits_ = bits;
  // Cutting bits off keeps the order, so that equals come to lie side by side.
  std::size_t n = 0;
  for (const auto& i : items_) {
    const double v = shortened(i.value);
    if (n > 0 && items_[n - 1].value == v)
      items_[n - 1].times += i.times;
    else
      items_[n++] = {v, i.times};
  }
  items_.resize(n);
}

void sorted_counts::fit() {
  while (items_.size() > values_max_ && dropped_bits_ < bits_max) drop_bits(dropped_bits_ + 1);
}

}  // namespace twinlane::detail
