#pragma once

#include <optional>
#include <vector>

#include <twinlane/lanes/record.hpp>

/// What the retailer's topics carry, each record with its topic's fields, and what the commands take and leave.
/// Money in dollars, discounts as a share of the price. Laid out as a table: a record, below it its description.
namespace customer360 {

using twinlane::timestamp;
using number = std::int64_t;
using text = std::string;
using texts = std::vector<text>;

// clang-format off
struct keyed { number id{}, customer_id{}; };
BOOST_DESCRIBE_STRUCT(keyed, (), (id, customer_id))

struct event : keyed { text event_type; timestamp event_date; };
BOOST_DESCRIBE_STRUCT(event, (keyed), (event_type, event_date))

struct customer_details {
  number id{}; bool marketing_opt_in{};
  text name, email, phone, gender, address; std::chrono::year_month_day birthdate{};
};
BOOST_DESCRIBE_STRUCT(customer_details, (), (id, name, email, phone, gender, birthdate, address, marketing_opt_in))

struct order : keyed {
  timestamp order_date; text order_status; number product_id{}, quantity{}, loyalty_points_earned{};
  double total_amount{}, product_price{}, product_discount{};
};
BOOST_DESCRIBE_STRUCT(order, (keyed), (order_date, total_amount, order_status, product_id, quantity, product_price,
                                       product_discount, loyalty_points_earned))

struct payment : keyed { number order_id{}; timestamp payment_date; text payment_method; double payment_amount{}; };
BOOST_DESCRIBE_STRUCT(payment, (keyed), (order_id, payment_date, payment_method, payment_amount))

struct wish : keyed { number product_id{}; timestamp date_added; };
BOOST_DESCRIBE_STRUCT(wish, (keyed), (product_id, date_added))

struct loyalty_stats { number customer_id{}; text tier; number points{}; timestamp date_added; };
BOOST_DESCRIBE_STRUCT(loyalty_stats, (), (customer_id, tier, points, date_added))

struct review : keyed { number product_id{}; text review_text; double rating{}; timestamp date_added; };
BOOST_DESCRIBE_STRUCT(review, (keyed), (product_id, review_text, rating, date_added))

struct returned : keyed { number order_id{}, product_id{}; timestamp return_date; text return_reason, return_status; };
BOOST_DESCRIBE_STRUCT(returned, (keyed), (order_id, product_id, return_date, return_reason, return_status))

struct call : keyed { timestamp started_at; number duration_s{}; bool dropped{}; text agent_note; };
BOOST_DESCRIBE_STRUCT(call, (keyed), (started_at, duration_s, dropped, agent_note))

struct click : event { std::optional<text> search_query; std::optional<number> search_results; };
BOOST_DESCRIBE_STRUCT(click, (event), (search_query, search_results))

struct social_event : event { text event_details; };
BOOST_DESCRIBE_STRUCT(social_event, (event), (event_details))

struct location_event : event { double latitude{}, longitude{}; };
BOOST_DESCRIBE_STRUCT(location_event, (event), (latitude, longitude))

struct weather_event : event { double temperature{}; text weather_condition; };
BOOST_DESCRIBE_STRUCT(weather_event, (event), (temperature, weather_condition))

/// Purchases, demographics or psychographics: each of the three topics fills its own fields.
struct third_party_facts {
  number customer_id{}; std::optional<number> age, income; std::optional<text> education_level;
  std::optional<texts> purchase_history, interests, values, personality_traits;
};
BOOST_DESCRIBE_STRUCT(third_party_facts, (), (customer_id, purchase_history, age, income, education_level,
                                              interests, values, personality_traits))

struct spend_30d { number customer_id{}; timestamp window_end; double amount{}; };
BOOST_DESCRIBE_STRUCT(spend_30d, (), (customer_id, window_end, amount))

struct product_details {
  number id{}, stock{}; text product_name, category, subcategory, brand, gender, age_group; double price{}, discount{};
};
BOOST_DESCRIBE_STRUCT(product_details, (), (id, product_name, category, subcategory, price, discount, brand, gender,
                                            age_group, stock))

struct voucher { number id{}; double amount{}; text reason; timestamp issued_at; };
BOOST_DESCRIBE_STRUCT(voucher, (), (id, amount, reason, issued_at))

BOOST_DEFINE_ENUM_CLASS(tier_name, bronze, silver, gold, platinum)
struct tier_change { tier_name tier{}; };
BOOST_DESCRIBE_STRUCT(tier_change, (), (tier))

struct note { std::string text; timestamp at; };
BOOST_DESCRIBE_STRUCT(note, (), (text, at))
// clang-format on

}  // namespace customer360
