#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "twin.hpp"

using namespace twin_test;

namespace {

struct desk final : agent {
  using agent::agent;
  value_lane<int> stock{*this, "stock"};
  value_lane<item> last{*this, "last"};
  command_lane<item> sell{*this, "sell", on_command<&desk::do_sell>};

 private:
  reply do_sell(const item& what) {
    if (what.name == "gold") return reply::refuse("no gold here");
    last.set(what);
    stock.update([](int& n) { --n; });
    if (what.name == "glass") throw std::runtime_error("broken");
    if (what.price == 0) return {};
    return reply::with(item{what.name, what.price * 2, {}});
  }
};

TEST(command_lane, runs_the_handler_and_hands_out_its_reply) {
  twin<desk> t;
  reply answer;
  EXPECT_EQ(t.command("sell", R"({"name":"pen","price":2})", answer),
            json::parse(R"({"stock":-1,"last":{"name":"pen","price":2}})"));
  EXPECT_FALSE(answer.refused());
  EXPECT_EQ(json::parse(answer.text()), json::parse(R"({"name":"pen","price":4})"));
  t.command("sell", R"({"name":"pen"})", answer);
  EXPECT_EQ(answer.text(), "null");
}

TEST(command_lane, is_not_part_of_the_document_and_never_a_change) {
  twin<desk> t;
  reply answer;
  t.command("sell", R"({"name":"pen"})", answer);
  EXPECT_FALSE(t.document().contains("sell"));
  EXPECT_FALSE(t->sell.present());
}

TEST(command_lane, refusal_carries_its_reason) {
  twin<desk> t;
  reply answer;
  EXPECT_EQ(t.command("sell", R"({"name":"gold"})", answer), json());
  EXPECT_TRUE(answer.refused());
  EXPECT_EQ(answer.text(), "no gold here");
}

TEST(command_lane, handler_that_throws_leaves_nothing_behind) {
  twin<desk> t;
  reply answer;
  t.command("sell", R"({"name":"pen"})", answer);
  const auto before = t.document_text();
  EXPECT_THROW(t.command("sell", R"({"name":"glass"})", answer), std::runtime_error);
  EXPECT_EQ(t.document_text(), before);
}

TEST(command_lane, request_that_does_not_decode_never_reaches_the_handler) {
  twin<desk> t;
  t.run([&](turn& in) {
    reply answer;
    EXPECT_EQ(in.command(t.lane_of("sell"), padded(R"({"price":"x"})").view(), answer).code, lane_errc::bad_value);
    EXPECT_EQ(in.command(t.lane_of("sell"), padded("{").view(), answer).code, lane_errc::bad_json);
  });
  EXPECT_FALSE(t->last.has_value());
}

TEST(command_lane, takes_records_as_requests_but_no_removal) {
  twin<desk> t;
  EXPECT_EQ(t.put("sell", "", R"({"name":"pen","price":1})")["last"]["name"], "pen");
  t.run([&](turn& in) { EXPECT_EQ(t.remove(in, "sell").code, lane_errc::bad_value); });
}

}  // namespace
