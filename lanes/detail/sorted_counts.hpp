#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include <boost/describe.hpp>

namespace twinlane::detail {

/// Numbers with how often each came, in order, for medians.
///
/// Shape    at most values_max different numbers. What would be one more makes all numbers lose their last bits, as few
///          as make them fit: which is a matter of all numbers together, and not of their order
/// Cost     add O(log n) and a move of what lies behind; median O(n)
/// Errors   bad_value (thrown) for what is not finite
class sorted_counts {
 public:
  struct kept {
    int dropped_bits = 0;
    std::vector<double> values;
    std::vector<std::uint64_t> times;
  };

  explicit sorted_counts(std::size_t values_max) noexcept : values_max_(values_max) {}

  void add(double value, std::uint64_t times = 1);
  void merge(const sorted_counts& other);
  /// The middle number, or what lies half way between the two middle ones.
  std::optional<double> median() const noexcept;
  std::uint64_t size() const noexcept { return size_; }
  /// Of the 64 bits of each number; 0 while numbers are exact.
  int dropped_bits() const noexcept { return dropped_bits_; }

  kept keep() const;
  bool restore(const kept& k);

 private:
  struct item {
    double value;
    std::uint64_t times;
  };

  double shortened(double value) const noexcept;
  double at(std::uint64_t index) const noexcept;
  void insert(double value, std::uint64_t times);
  void drop_bits(int bits);
  void fit();

  std::vector<item> items_;
  std::size_t values_max_;
  std::uint64_t size_ = 0;
  int dropped_bits_ = 0;
};
BOOST_DESCRIBE_STRUCT(sorted_counts::kept, (), (dropped_bits, values, times))

}  // namespace twinlane::detail
