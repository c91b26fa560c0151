#pragma once

#include <twinlane/lanes/by_key.hpp>
#include <twinlane/lanes/reduce.hpp>

#include "records.hpp"

/// What windows keep of the ratings that fall into them.
namespace ratings {

namespace reduce = twinlane::reduce;

/// Of one customer, with the stars in the order of their arrival.
struct stars_given {
  reduce::count n;
  reduce::mean mean;
  reduce::collect<int> stars;
  void add(const enriched_rating& r) {
    n.add();
    mean.add(r.stars);
    stars.add(r.stars);
  }
};
BOOST_DESCRIBE_STRUCT(stars_given, (), (n, mean, stars))

/// Of all customers of a club status.
struct star_statistics {
  reduce::count n;
  reduce::mean mean;
  reduce::median median;
  void add(const enriched_rating& r) {
    n.add();
    mean.add(r.stars);
    median.add(r.stars);
  }
};
BOOST_DESCRIBE_STRUCT(star_statistics, (), (n, mean, median))

/// Ratings by channel.
class channel_counts : public reduce::by_key<reduce::count> {
 public:
  void add(const enriched_rating& r) { by_key::add(r.channel); }
};

/// Median of the stars by club status.
class status_medians : public reduce::by_key<reduce::median> {
 public:
  void add(const enriched_rating& r) { by_key::add(r.club_status, r.stars); }
};

/// Ratings by customer.
class person_counts : public reduce::by_key<reduce::count> {
 public:
  void add(const enriched_rating& r) { by_key::add(r.full_name); }
};

}  // namespace ratings
