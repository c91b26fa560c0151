#include <twinlane/runtime/app/init/proposed_names.hpp>

#include <gmock/gmock.h>

namespace twinlane::app {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(proposed_names, words_end_at_capitals_and_at_what_is_no_letter) {
  EXPECT_THAT(words_of("customer_id"), ElementsAre("customer", "id"));
  EXPECT_THAT(words_of("customerAccountID"), ElementsAre("customer", "account", "id"));
  EXPECT_THAT(words_of("XMLHttpRequest2"), ElementsAre("xml", "http", "request2"));
  EXPECT_THAT(words_of("  --Größe.x "), ElementsAre("gr", "e", "x"));
  EXPECT_THAT(words_of("名前"), IsEmpty());
}

TEST(proposed_names, plurals_become_singular_and_other_words_stay) {
  EXPECT_EQ(singular("orders"), "order");
  EXPECT_EQ(singular("categories"), "category");
  EXPECT_EQ(singular("addresses"), "address");
  EXPECT_EQ(singular("boxes"), "box");
  for (const auto* same : {"status", "address", "news", "analysis", "order", "s", "is", ""})
    EXPECT_EQ(singular(same), same);
}

TEST(proposed_names, a_topic_is_called_by_its_last_word_without_its_version) {
  EXPECT_EQ(topic_word("orders"), "orders");
  EXPECT_EQ(topic_word("dbserver1.inventory.customers"), "customers");
  EXPECT_EQ(topic_word("com.acme.orders.v2"), "orders");
  EXPECT_EQ(topic_word("v1"), "v1");
  EXPECT_EQ(topic_word("a."), "a");
  EXPECT_EQ(topic_word(".."), "..");
}

TEST(proposed_names, types_come_from_the_field_or_else_from_the_topic) {
  EXPECT_EQ(proposed_type({"customer_id"}, "orders"), "customer");
  EXPECT_EQ(proposed_type({"customerAccountId"}, "orders"), "customer_account");
  EXPECT_EQ(proposed_type({"customer", "id"}, "orders"), "customer");
  EXPECT_EQ(proposed_type({"id"}, "shop.orders"), "order");
  EXPECT_EQ(proposed_type({"payload", "after", "id"}, "db.customers"), "customer");
  EXPECT_EQ(proposed_type({}, "page-views-v2"), "page_view");
  EXPECT_EQ(proposed_type({"名前"}, "___"), "entity");
  EXPECT_EQ(proposed_type({"api_id"}, "calls"), "api_entity");
}

TEST(proposed_names, lanes_and_sources_have_only_letters_that_are_allowed) {
  EXPECT_EQ(proposed_lane("shop.public.orders"), "orders");
  EXPECT_EQ(proposed_lane("a b/c"), "a_b_c");
  EXPECT_EQ(proposed_lane("..."), "records");
  EXPECT_EQ(proposed_source("shop.public.orders-v1"), "shop.public.orders-v1");
  EXPECT_EQ(proposed_source("名前"), "topic");
  EXPECT_LE(proposed_source(std::string(249, 'x')).size(), 100u);
}

}  // namespace
}  // namespace twinlane::app
