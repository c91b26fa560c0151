#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cast.hpp"
#include "lab.hpp"

using namespace runtime_test;

namespace {

class shard_request : public testing::Test {
 protected:
  shard_request() : l({accounts()}) {
    l.post({{"/account/1", "sum", "", "10"}});
    l.settle();
  }
  std::shared_ptr<lab::told> add(const char* n, std::optional<std::string> key, std::optional<std::string> match = {},
                                 std::optional<std::uint64_t> rev = {}, const char* uri = "/account/1") {
    auto t = l.command(command_request{uri, "add", n, std::move(match), rev, std::move(key)});
    l.settle();
    return t;
  }
  json sum() { return l.document("/account/1")["sum"]; }
  lab l;
};

TEST_F(shard_request, answers_with_rev_lineage_and_result) {
  const auto t = add("5", {});
  EXPECT_EQ(t->result().rev, 2u);
  EXPECT_EQ(t->result().lineage, "L1");
  EXPECT_EQ(t->result().result, "15");
  EXPECT_EQ(l.commands["add ok"], 1);
}

TEST_F(shard_request, handler_that_throws_answers_handler_failed_and_changes_nothing) {
  const auto good = l.command("/account/1", "add", "1");
  const auto bad = l.command("/account/1", "add", "-5");
  const auto also = l.command("/account/1", "add", "2");
  l.settle();
  EXPECT_EQ(good->result().result, "11");
  EXPECT_EQ(bad->code(), problem::handler_failed);
  EXPECT_EQ(also->result().result, "13");
  EXPECT_TRUE(l.dead.empty()) << "a command's sender hears of it; it is no dead letter";
  EXPECT_EQ(l.commands["add ok"], 2) << "counted once, whatever was run again";
  EXPECT_EQ(l.commands["add handler_failed"], 1);
}

TEST_F(shard_request, refusal_is_a_conflict_and_bad_value_is_told) {
  EXPECT_EQ(add("0", {})->code(), problem::conflict);
  EXPECT_EQ(add("\"x\"", {})->code(), problem::bad_value);
  EXPECT_EQ(sum(), 10);
  EXPECT_EQ(l.commands["add conflict"], 1);
}

TEST_F(shard_request, stale_rev_or_lineage_is_rev_mismatch) {
  EXPECT_EQ(add("1", {}, {}, 7)->code(), problem::rev_mismatch);
  EXPECT_EQ(add("1", {}, "L1:7")->code(), problem::rev_mismatch);
  EXPECT_EQ(add("1", {}, "L9:1")->code(), problem::rev_mismatch);
  EXPECT_TRUE(add("1", {}, {}, 1)->fine());
  EXPECT_TRUE(add("1", {}, "L1:2")->fine());
  EXPECT_TRUE(add("1", {}, "*")->fine());
  EXPECT_EQ(sum(), 13);
  EXPECT_EQ(l.commands["add rev_mismatch"], 3);
}

TEST_F(shard_request, if_rev_sees_what_came_before_it_in_the_same_cut) {
  l.post({{"/account/1", "sum", "", "20"}});
  const auto stale = l.command(command_request{"/account/1", "add", "1", {}, 1, {}});
  const auto fresh = l.command(command_request{"/account/1", "add", "1", {}, 2, {}});
  l.settle();
  EXPECT_EQ(stale->code(), problem::rev_mismatch);
  EXPECT_EQ(fresh->result().result, "21");
}

TEST_F(shard_request, repeated_key_gets_the_first_answer_and_changes_nothing) {
  const auto first = add("5", "k");
  const auto again = add("5", "k");
  EXPECT_EQ(again->result().result, "15");
  EXPECT_EQ(again->result().rev, first->result().rev);
  EXPECT_EQ(sum(), 15);
  EXPECT_EQ(add("6", "k")->code(), problem::conflict) << "the same key with another request";
  EXPECT_EQ(sum(), 15);
}

TEST_F(shard_request, repeated_key_in_the_same_cut_gets_the_first_answer) {
  const command_request r{"/account/1", "add", "5", {}, {}, "k"};
  const auto first = l.command(r), again = l.command(r);
  l.settle();
  EXPECT_EQ(first->result().result, "15");
  EXPECT_EQ(again->result().result, "15");
  EXPECT_EQ(sum(), 15);
}

TEST_F(shard_request, repeated_key_with_the_rev_it_first_had_gets_the_first_answer) {
  EXPECT_EQ(add("5", "k", "L1:1")->result().result, "15");
  const auto again = add("5", "k", "L1:1");
  ASSERT_TRUE(again->fine()) << "the rev moved by the very same request";
  EXPECT_EQ(again->result().result, "15");
}

TEST_F(shard_request, same_key_on_another_agent_is_another_request) {
  l.post({{"/account/2", "sum", "", "1"}});
  l.settle();
  EXPECT_EQ(add("5", "k")->result().result, "15");
  EXPECT_EQ(add("5", "k", {}, {}, "/account/2")->result().result, "6");
}

TEST_F(shard_request, refusals_are_kept_under_the_key_and_failures_are_not) {
  EXPECT_EQ(add("0", "r")->code(), problem::conflict);
  EXPECT_EQ(add("0", "r")->code(), problem::conflict);
  EXPECT_EQ(l.commands["add conflict"], 1) << "the second is the kept answer";
  EXPECT_EQ(add("-1", "f")->code(), problem::handler_failed);
  EXPECT_EQ(add("1", "f")->result().result, "11") << "a failed request may come again, changed or not";
}

TEST_F(shard_request, key_outlives_its_agent) {
  add("5", "k");
  l.remove("/account/1");
  l.settle();
  EXPECT_EQ(add("5", "k")->result().result, "15");
}

TEST_F(shard_request, keys_end_after_a_day) {
  add("5", "k");
  l.now += idempotency::keep_ms;
  EXPECT_EQ(add("5", "k")->result().result, "15");
  l.now += 1;
  EXPECT_EQ(add("5", "k")->result().result, "20");
}

TEST(shard_request_bound, oldest_key_is_forgotten_first) {
  shard_options o;
  o.answers_max = 2;
  lab l({accounts({hosting::shared, creation::commands})}, 1, o);
  const auto add = [&](const char* key) {
    const auto t = l.command(command_request{"/account/1", "add", "1", {}, {}, key});
    l.settle();
    return t->result().result;
  };
  EXPECT_EQ(add("a"), "1");
  EXPECT_EQ(add("b"), "2");
  EXPECT_EQ(add("c"), "3");
  EXPECT_EQ(add("b"), "2");
  EXPECT_EQ(add("a"), "4");
}

TEST_F(shard_request, writes_put_patch_and_remove) {
  const auto write = [&](write_op op, const char* lane, std::optional<std::string> key, const char* value,
                         std::optional<std::string> match = {}) {
    auto t = l.write({"/account/1", lane, std::move(key), op, value, std::move(match)});
    l.settle();
    return t;
  };
  EXPECT_EQ(write(write_op::put, "name", {}, R"("ann")")->result().rev, 2u);
  EXPECT_TRUE(write(write_op::put, "labels", "7", R"("x")")->fine());
  EXPECT_TRUE(write(write_op::put, "labels", {}, R"({"8":"y","9":"z"})")->fine());
  EXPECT_TRUE(write(write_op::patch, "labels", {}, R"({"8":null,"10":"w"})")->fine());
  EXPECT_EQ(l.document("/account/1")["labels"], json::parse(R"({"9":"z","10":"w"})"));
  EXPECT_EQ(write(write_op::remove, "labels", "8", "")->code(), problem::no_such_key);
  EXPECT_TRUE(write(write_op::remove, "labels", "9", "")->fine());
  EXPECT_EQ(write(write_op::put, "labels", "x", R"("x")")->code(), problem::bad_value);
  EXPECT_EQ(write(write_op::put, "name", {}, "7")->code(), problem::bad_value);
  EXPECT_EQ(write(write_op::put, "name", {}, R"("bob")", "L1:2")->code(), problem::rev_mismatch);
  EXPECT_TRUE(write(write_op::remove, "name", {}, "")->fine());
  EXPECT_FALSE(l.document("/account/1").contains("name"));
}

TEST_F(shard_request, write_to_an_agent_that_does_not_exist_creates_none) {
  const auto t = l.write({"/account/9", "name", {}, write_op::put, R"("x")", {}});
  l.settle();
  EXPECT_EQ(t->code(), problem::no_such_entity);
  EXPECT_TRUE(l.document("/account/9").is_null());
}

}  // namespace
