#pragma once

#include <vector>

namespace twinlane::detail {

/// A sum of doubles without rounding errors: rounded once, when it is asked for, so that the order of adding does not
/// show.
///
/// Shape    doubles that do not overlap, the smallest first, whose exact sum is the sum; as a rule one to three
/// Cost     add O(parts)
/// Errors   beyond the range of double the sum stays at its end, and is exact no longer; bad_value (thrown) for what is
///          not finite
/// Source   J. R. Shewchuk, Adaptive Precision Floating-Point Arithmetic and Fast Robust Geometric Predicates, 1997
class exact_sum {
 public:
  void add(double x);
  void merge(const exact_sum& other);
  /// The double nearest to the exact sum.
  double value() const noexcept;

  const std::vector<double>& parts() const noexcept { return parts_; }
  void restore(const std::vector<double>& parts);

 private:
  std::vector<double> parts_;
};

}  // namespace twinlane::detail
