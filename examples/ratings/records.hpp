#pragma once

#include <string>
#include <string_view>

#include <twinlane/lanes/record.hpp>

/// What the two topics carry, and what the airline's agents tell each other.
///
/// Units  `at` is an event time, milliseconds since the epoch, UTC
namespace ratings {

using twinlane::as_text;
using number = std::int64_t;
using text = std::string;

/// A rating as the topic has it. rating_time counts from the start of the app that sent it and is no date: the time of
/// a rating is its record's timestamp.
struct rating {
  number rating_id{}, user_id{};
  int stars{};
  number route_id{}, rating_time{};
  text channel, message;
};
BOOST_DESCRIBE_STRUCT(rating, (), (rating_id, user_id, stars, route_id, rating_time, channel, message))

/// A row of the customers' table, and full_name, which is worked out when the row comes.
struct member {
  as_text<number> id{};  // CSV has it as text, JSON as a number
  text first_name, last_name, full_name, email, gender, club_status, comments;
};
BOOST_DESCRIBE_STRUCT(member, (), (id, first_name, last_name, full_name, email, gender, club_status, comments))

/// A rating with what was known of its customer at that moment.
struct enriched_rating {
  number rating_id{};
  int stars{};
  text channel, message, full_name, club_status, email;
  number at{};
};
BOOST_DESCRIBE_STRUCT(enriched_rating, (), (rating_id, stars, channel, message, full_name, club_status, email, at))

/// What the desk shows of a rating of an unhappy platinum customer.
struct complaint {
  text full_name;
  int stars{};
  text message, channel;
  number at{};
};
BOOST_DESCRIBE_STRUCT(complaint, (), (full_name, stars, message, channel, at))

/// A rating that came before its customer.
struct early_rating {
  rating what;
  number at{}, came_at{};
};
BOOST_DESCRIBE_STRUCT(early_rating, (), (what, at, came_at))

/// How many ratings came, and what became of them; live + test = ratings.
struct tally {
  number ratings{}, live{}, test{}, enriched{}, unhappy{};
};
BOOST_DESCRIBE_STRUCT(tally, (), (ratings, live, test, enriched, unhappy))

/// A place among those who rate most.
struct busy_person {
  text full_name;
  number ratings{};
};
BOOST_DESCRIBE_STRUCT(busy_person, (), (full_name, ratings))

/// Does the channel contain `test`, in any case?
bool is_test(std::string_view channel);
/// Less than three stars from a platinum customer.
bool is_unhappy_vip(const enriched_rating& r);

}  // namespace ratings
