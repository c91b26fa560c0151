#include <twinlane/ingest/sources.hpp>

#include <future>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "recording_port.hpp"

namespace twinlane::ingest {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;

struct bench {
  explicit bench(record_format format = record_format::json, std::vector<std::string> columns = {}) {
    source_spec spec;
    spec.name = "inbox";
    spec.from = http_spec{};
    spec.format = format;
    spec.columns = std::move(columns);
    spec.entity = "/customer/{customer_id}";
    spec.lane = "orders";
    spec.key = "{id}";
    all = std::make_unique<sources>(std::vector{spec}, port, generator_registry{});
    all->start();
  }

  std::future<outcome<http_answer>> post(std::string body, std::optional<std::string> key = std::nullopt,
                                         const std::string& source = "inbox") {
    auto answered = std::make_shared<std::promise<outcome<http_answer>>>();
    auto answer = answered->get_future();
    all->handle(source, std::move(body), std::move(key), [answered](auto a) { answered->set_value(std::move(a)); });
    return answer;
  }
  outcome<http_answer> wait(std::future<outcome<http_answer>> f) {
    if (f.wait_for(seconds{20}) != std::future_status::ready) return error{problem::not_ready, "no answer in time"};
    return f.get();
  }
  http_answer answer(std::string body, std::optional<std::string> key = std::nullopt) {
    const auto a = wait(post(std::move(body), std::move(key)));
    if (const auto* e = std::get_if<error>(&a)) ADD_FAILURE() << e->detail;
    return ok(a) ? std::get<http_answer>(a) : http_answer{};
  }
  problem refusal(std::future<outcome<http_answer>> f) {
    const auto a = wait(std::move(f));
    if (!ok(a)) return std::get<error>(a).code;
    ADD_FAILURE() << "accepted";
    return {};
  }

  recording_port port;
  std::unique_ptr<sources> all;
};

const std::string two = "{\"customer_id\":1,\"id\":1}\n{\"customer_id\":2,\"id\":2}\n";

TEST(http_source, answers_with_what_was_accepted_and_which_lines_were_not) {
  bench b;
  const auto a =
      b.answer("{\"customer_id\":1,\"id\":1}\r\n\nnot JSON\n{\"customer_id\":1}\n{\"customer_id\":1,\"id\":2}");
  EXPECT_EQ(a.accepted, 2u);
  ASSERT_EQ(a.rejected.size(), 2u);
  EXPECT_EQ(a.rejected[0].line, 3u);
  EXPECT_THAT(a.rejected[0].reason, HasSubstr("bad_json"));
  EXPECT_EQ(a.rejected[1].line, 4u);
  EXPECT_THAT(a.rejected[1].reason, HasSubstr("missing_field"));
  EXPECT_EQ(b.port.count(), 2u);
  EXPECT_EQ(b.port.dead().size(), 2u);
}

TEST(http_source, answers_only_when_the_records_are_durable) {
  bench b;
  b.port.hold();
  auto first = b.post(two), second = b.post(two);
  ASSERT_TRUE(recording_port::eventually([&] { return b.port.count() == 4; }));
  EXPECT_EQ(first.wait_for(milliseconds{50}), std::future_status::timeout);
  EXPECT_EQ(b.port.complete(1), 1u);
  EXPECT_EQ(std::get<http_answer>(b.wait(std::move(first))).accepted, 2u);
  EXPECT_EQ(second.wait_for(milliseconds{50}), std::future_status::timeout);
  b.port.let_go();
  EXPECT_EQ(std::get<http_answer>(b.wait(std::move(second))).accepted, 2u);
}

TEST(http_source, a_durable_body_is_answered_while_the_next_one_waits_for_room) {
  bench b;
  std::string large;
  for (int i = 0; i < 250'000; ++i) large += "{\"customer_id\":1,\"id\":" + std::to_string(i) + "}\n";
  b.port.keep_records = false;
  b.port.hold();
  auto first = b.post(two), second = b.post(large);
  ASSERT_TRUE(recording_port::eventually([&] { return b.port.posts() >= 2; }));
  EXPECT_EQ(b.port.complete(1), 1u);
  const auto a = b.wait(std::move(first));
  EXPECT_TRUE(ok(a));
  EXPECT_EQ(second.wait_for(milliseconds{0}), std::future_status::timeout);
  b.port.let_go();
  EXPECT_EQ(std::get<http_answer>(b.wait(std::move(second))).accepted, 250'000u);
}

TEST(http_source, a_record_that_a_shard_refuses_is_a_rejected_line) {
  bench b;
  b.port.did_post = [](const recording_port::record& r, source_partition& p) {
    if (r.key == "2") p.did_reject(r.offset, dead_reason::bad_value, "field 'id': too even");
  };
  b.answer(two);
  const auto a = b.answer("\n" + two + "bad\n");
  EXPECT_EQ(a.accepted, 1u);
  ASSERT_EQ(a.rejected.size(), 2u);
  EXPECT_EQ(a.rejected[0].line, 3u);
  EXPECT_EQ(a.rejected[0].reason, "bad_value: field 'id': too even");
  EXPECT_EQ(a.rejected[1].line, 4u);
}

TEST(http_source, a_body_without_records_is_answered) {
  bench b;
  EXPECT_EQ(b.answer("").accepted, 0u);
  b.answer(two);
  EXPECT_EQ(b.answer("\n\n").accepted, 0u);
  EXPECT_EQ(b.answer("bad").rejected.size(), 1u);
}

TEST(http_source, a_repeated_idempotency_key_gets_the_first_answer_and_applies_nothing) {
  bench b;
  EXPECT_EQ(b.answer(two + "bad\n", "k1").rejected.size(), 1u);
  const auto again = b.answer(two + "bad\n", "k1");
  EXPECT_EQ(again.accepted, 2u);
  EXPECT_EQ(again.rejected.size(), 1u);
  EXPECT_EQ(b.port.count(), 2u);
  EXPECT_EQ(b.refusal(b.post(two, "k1")), problem::conflict);
  EXPECT_EQ(b.answer(two, "k2").accepted, 2u);
  EXPECT_EQ(b.port.count(), 4u);
}

TEST(http_source, a_repeat_that_comes_before_the_answer_shares_it) {
  bench b;
  b.port.hold();
  auto first = b.post(two, "k"), repeat = b.post(two, "k");
  ASSERT_TRUE(recording_port::eventually([&] { return b.port.count() == 2; }));
  b.port.let_go();
  EXPECT_EQ(std::get<http_answer>(b.wait(std::move(first))).accepted, 2u);
  EXPECT_EQ(std::get<http_answer>(b.wait(std::move(repeat))).accepted, 2u);
  EXPECT_EQ(b.port.count(), 2u);
}

TEST(http_source, the_answers_of_ten_thousand_keys_are_remembered) {
  bench b;
  b.answer(two, "oldest");
  for (int i = 0; i < 10'000; ++i) {
    auto answer = b.post("", "k" + std::to_string(i));
    if (i % 500 != 499) continue;
    ASSERT_TRUE(ok(b.wait(std::move(answer))));
  }
  EXPECT_EQ(b.answer(two, "oldest").accepted, 2u);
  EXPECT_EQ(b.port.count(), 4u) << "forgotten, so applied again";
  b.answer("", "k9999");
  EXPECT_EQ(b.refusal(b.post(two, "k9999")), problem::conflict) << "the newest is remembered";
}

TEST(http_source, csv_bodies_have_a_header_or_configured_columns) {
  bench with_header(record_format::csv);
  const auto a = with_header.answer("customer_id,id,note\n1,2,\"a\nb\"\n3,4\n5,6,c\n");
  EXPECT_EQ(a.accepted, 2u);
  ASSERT_EQ(a.rejected.size(), 1u);
  EXPECT_EQ(a.rejected[0].line, 4u);
  EXPECT_EQ(with_header.refusal(with_header.post("")), problem::bad_request);
  bench with_columns(record_format::csv, {"id", "customer_id"});
  EXPECT_EQ(with_columns.answer("1,2\n3,4\n").accepted, 2u);
  EXPECT_EQ(with_columns.port.records()[1].uri, "/customer/4");
}

TEST(http_source, large_bodies_go_in_batches_and_wait_for_room) {
  bench b;
  std::string body;
  for (int i = 0; i < 250'000; ++i) body += "{\"customer_id\":1,\"id\":" + std::to_string(i) + "}\n";
  b.port.keep_records = false;
  EXPECT_EQ(b.answer(body).accepted, 250'000u);
  EXPECT_EQ(b.port.posts(), 25u);
}

TEST(http_source, names_that_are_no_http_source_are_no_route) {
  bench b;
  EXPECT_EQ(b.refusal(b.post(two, std::nullopt, "outbox")), problem::no_such_route);
}

TEST(http_source, every_body_is_answered_when_the_source_stops) {
  bench b;
  b.port.hold();
  auto applied = b.post(two), waiting = b.post(two);
  ASSERT_TRUE(recording_port::eventually([&] { return b.port.count() == 4; }));
  b.all->stop(milliseconds{100});
  EXPECT_EQ(b.refusal(std::move(applied)), problem::not_ready);
  EXPECT_EQ(b.refusal(std::move(waiting)), problem::not_ready);
  EXPECT_EQ(b.refusal(b.post(two)), problem::not_ready);
  b.port.let_go();
}

TEST(http_source, what_becomes_durable_before_the_deadline_is_answered_well) {
  bench b;
  b.port.hold();
  auto answer = b.post(two);
  ASSERT_TRUE(recording_port::eventually([&] { return b.port.count() == 2; }));
  std::thread stopping([&] { b.all->stop(seconds{20}); });
  EXPECT_EQ(b.port.complete(1), 1u);
  EXPECT_EQ(std::get<http_answer>(b.wait(std::move(answer))).accepted, 2u);
  stopping.join();
}

}  // namespace
}  // namespace twinlane::ingest
