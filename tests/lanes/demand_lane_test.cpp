#include <gtest/gtest.h>

#include "twin.hpp"

using namespace twin_test;

namespace {

struct total {
  int sum{};
  std::int64_t at_ms{};
};
BOOST_DESCRIBE_STRUCT(total, (), (sum, at_ms))

struct till final : agent {
  using agent::agent;
  map_lane<int, int> sales{*this, "sales"};
  demand_lane<total> now{*this, "now", computed<&till::add_up>};
  demand_lane<int> worst{*this, "worst", computed<&till::find_worst>};
  demand_lane<int> cheat{*this, "cheat", computed<&till::change>};

 private:
  total add_up(std::int64_t now_ms) const {
    total t{0, now_ms};
    for (const auto& e : sales) t.sum += e.value;
    return t;
  }
  int find_worst() const {
    if (sales.empty()) throw std::runtime_error("nothing sold");
    return sales.begin()->value;
  }
  int change() const {
    const_cast<till*>(this)->sales.put(1, 1);
    return 1;
  }
};

std::string computed_text(const demand_lane_base& lane) {
  std::string text;
  lane.compute(5, text);
  return text;
}

TEST(demand_lane, is_computed_from_the_lanes_as_they_are) {
  twin<till> t;
  EXPECT_EQ(computed_text(t->now), R"({"sum":0,"at_ms":5})");
  t.put("sales", "1", "3");
  t.put("sales", "2", "4");
  EXPECT_EQ(computed_text(t->now), R"({"sum":7,"at_ms":5})");
  EXPECT_EQ(computed_text(t->worst), "3");
}

TEST(demand_lane, what_it_throws_comes_out_and_it_cannot_change_lanes) {
  twin<till> t;
  EXPECT_THROW(computed_text(t->worst), std::runtime_error);
  EXPECT_THROW(computed_text(t->cheat), std::logic_error);
  EXPECT_TRUE(t->sales.empty());
}

TEST(demand_lane, is_no_part_of_the_document_and_takes_no_records) {
  twin<till> t;
  t.run([&](turn& in) { EXPECT_EQ(t.apply(in, "now", "", "{}").code, lane_errc::bad_value); });
  EXPECT_EQ(t.document(), json::parse(R"({"sales":{}})"));
  EXPECT_TRUE(t.rows().empty());
  EXPECT_FALSE(t->now.info().stored());
}

}  // namespace
