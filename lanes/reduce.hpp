#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <twinlane/lanes/codec.hpp>
#include <twinlane/lanes/detail/exact_sum.hpp>
#include <twinlane/lanes/detail/merging.hpp>
#include <twinlane/lanes/detail/sorted_counts.hpp>

/// What windows keep of the values in them, one at a time.
///
/// Shape    add(x) takes a value, merge(other) what another has taken, shown() is what documents have. The result does
///          not depend on the order of both, but for collect
/// Cost     memory is bounded, by Max where there is one; beyond Max nothing fails, see each
/// Threads  one at a time
/// Errors   add() throws lane_error, bad_value, for what JSON cannot show, as NaN
namespace twinlane::reduce {

/// How many there were.
class count {
 public:
  using twinlane_kept = std::uint64_t;
  template <class... X>
  void add(const X&...) noexcept {
    ++n_;
  }
  void merge(const count& other) noexcept { n_ += other.n_; }
  std::uint64_t shown() const noexcept { return n_; }
  std::uint64_t kept() const noexcept { return n_; }
  bool restore(std::uint64_t n) noexcept {
    n_ = n;
    return true;
  }

 private:
  std::uint64_t n_ = 0;
};

/// The sum of integers, shown as the nearest 64-bit integer; exact up to 2^126.
template <class T = double>
class sum {
  static_assert(std::integral<T> && !std::same_as<T, bool>, "a sum is one of integers or doubles");
  __extension__ using wide = __int128;
  using result = std::conditional_t<std::is_signed_v<T>, std::int64_t, std::uint64_t>;
  static constexpr int low_bits = 62;

 public:
  using twinlane_kept = std::array<std::int64_t, 2>;  // what lies above the low bits, and those
  void add(T x) noexcept { total_ += x; }
  void merge(const sum& other) noexcept { total_ += other.total_; }
  result shown() const noexcept {
    using limits = std::numeric_limits<result>;
    return static_cast<result>(std::clamp<wide>(total_, limits::min(), limits::max()));
  }
  twinlane_kept kept() const noexcept {
    const auto low = total_ & ((wide{1} << low_bits) - 1);
    return {static_cast<std::int64_t>(total_ >> low_bits), static_cast<std::int64_t>(low)};
  }
  bool restore(const twinlane_kept& k) noexcept {
    total_ = wide{k[0]} * (wide{1} << low_bits) + k[1];
    return true;
  }

 private:
  wide total_ = 0;
};

/// The sum of doubles, exact until it is shown.
template <std::floating_point T>
class sum<T> {
 public:
  using twinlane_kept = std::vector<double>;
  void add(T x) { total_.add(x); }
  void merge(const sum& other) { total_.merge(other.total_); }
  double shown() const noexcept { return total_.value(); }
  const std::vector<double>& kept() const noexcept { return total_.parts(); }
  bool restore(const std::vector<double>& parts) {
    total_.restore(parts);
    return true;
  }

 private:
  detail::exact_sum total_;
};

/// The mean of numbers, from their exact sum; null without any.
class mean {
 public:
  struct parts {
    std::uint64_t n = 0;
    std::vector<double> sum;
  };
  using twinlane_kept = parts;
  void add(double x) {
    sum_.add(x);
    ++n_;
  }
  void merge(const mean& other) {
    sum_.merge(other.sum_);
    n_ += other.n_;
  }
  std::optional<double> shown() const noexcept {
    if (n_ == 0) return std::nullopt;
    return sum_.value() / static_cast<double>(n_);
  }
  parts kept() const { return {n_, sum_.parts()}; }
  bool restore(const parts& k) {
    sum_.restore(k.sum);
    n_ = k.n;
    return true;
  }

 private:
  detail::exact_sum sum_;
  std::uint64_t n_ = 0;
};
BOOST_DESCRIBE_STRUCT(mean::parts, (), (n, sum))

/// The median of numbers, between the two middle ones for an even count; null without any. With more than Max different
/// numbers all of them lose as many of their last bits as make Max of them.
class median {
 public:
  static constexpr std::size_t values_max = 1000;
  using twinlane_kept = detail::sorted_counts::kept;
  void add(double x) { values_.add(x); }
  void merge(const median& other) { values_.merge(other.values_); }
  std::optional<double> shown() const noexcept { return values_.median(); }
  twinlane_kept kept() const { return values_.keep(); }
  bool restore(const twinlane_kept& k) { return values_.restore(k); }

 private:
  detail::sorted_counts values_{values_max};
};

/// What min and max share: the first of all values in an order.
template <class T, class Before>
class extreme {
 public:
  using twinlane_kept = std::optional<T>;
  void add(const T& x) {
    validate(x);
    if (!best_ || Before()(x, *best_)) best_ = x;
  }
  void merge(const extreme& other) {
    if (other.best_) add(*other.best_);
  }
  const std::optional<T>& shown() const noexcept { return best_; }
  const std::optional<T>& kept() const noexcept { return best_; }
  bool restore(std::optional<T> best) {
    best_ = std::move(best);
    return true;
  }

 private:
  std::optional<T> best_;
};

/// The smallest value; null without any.
template <class T>
class min final : public extreme<T, std::less<>> {};
/// The greatest value; null without any.
template <class T>
class max final : public extreme<T, std::greater<>> {};

/// The values in order of arrival. Beyond Max, values are left out. Where windows meet, the earlier one's come first.
template <class T, std::size_t Max = 1000>
class collect {
 public:
  using twinlane_kept = std::vector<T>;
  void add(T x) {
    validate(x);
    if (list_.size() < Max) list_.push_back(std::move(x));
  }
  void merge(const collect& other) {
    const auto n = std::min(Max - list_.size(), other.list_.size());
    list_.reserve(list_.size() + n);
    std::copy_n(other.list_.begin(), n, std::back_inserter(list_));
  }
  bool full() const noexcept { return list_.size() == Max; }
  const std::vector<T>& shown() const noexcept { return list_; }
  const std::vector<T>& kept() const noexcept { return list_; }
  bool restore(std::vector<T> list) {
    list_ = std::move(list);
    if (list_.size() > Max) list_.resize(Max);
    return true;
  }

 private:
  std::vector<T> list_;
};

/// How many different values there were. From Max on, it says Max.
///
/// Cost  add O(log n) and a move of what lies behind; a turn's row holds all values
template <class T, std::size_t Max = 10'000>
class distinct {
 public:
  using twinlane_kept = std::vector<T>;
  void add(T x) {
    validate(x);
    const auto it = std::lower_bound(values_.begin(), values_.end(), x);
    if (values_.size() < Max && (it == values_.end() || x < *it)) values_.insert(it, std::move(x));
  }
  void merge(const distinct& other) {
    std::vector<T> all;
    all.reserve(values_.size() + other.values_.size());
    std::set_union(values_.begin(), values_.end(), other.values_.begin(), other.values_.end(), std::back_inserter(all));
    restore(std::move(all));
  }
  std::uint64_t shown() const noexcept { return values_.size(); }
  const std::vector<T>& kept() const noexcept { return values_; }
  bool restore(std::vector<T> values) {
    if (!std::is_sorted(values.begin(), values.end())) return false;
    values_ = std::move(values);
    values_.erase(std::unique(values_.begin(), values_.end(), [](const T& a, const T& b) { return !(a < b); }),
                  values_.end());
    if (values_.size() > Max) values_.resize(Max);
    return true;
  }

 private:
  std::vector<T> values_;
};

}  // namespace twinlane::reduce
