#include <future>
#include <stdexcept>
#include <string>

#include "hosted.hpp"

namespace host_test {
namespace {

TEST(call, waits_for_the_answer_of_a_command) {
  hosted h;
  feed in{h.on, "in"};
  ASSERT_FALSE(in.put("/account/1", "amounts", "1", 40));
  ASSERT_TRUE(in.wait(patience));
  const auto said = call(h.on, "/account/1", "add", 2);
  ASSERT_TRUE(ok(said)) << std::get<error>(said).detail;
  EXPECT_EQ(std::get<0>(said).result, "42");
  EXPECT_EQ(h.document("/account/1")["sum"], 42);
}

TEST(call, gives_refusals_and_errors_as_they_are) {
  hosted h;
  feed in{h.on, "in"};
  ASSERT_FALSE(in.put("/account/1", "amounts", "1", 40));
  const auto code = [&](const char* uri, const char* lane, int n) {
    const auto said = call(h.on, uri, lane, n);
    return ok(said) ? std::string("ok") : std::string(code_of(std::get<error>(said).code));
  };
  EXPECT_EQ(code("/account/1", "add", 0), "conflict");
  EXPECT_EQ(code("/account/1", "add", -1), "handler_failed");
  EXPECT_EQ(code("/account/1", "sum", 1), "no_such_lane");
  EXPECT_EQ(code("/account/2", "add", 1), "no_such_entity");
  EXPECT_EQ(code("/nowhere/1", "add", 1), "no_such_route");
}

TEST(call, says_so_when_no_answer_comes_in_time) {
  hosted h;
  std::promise<void> go;
  auto held = go.get_future().share();
  feed in{h.on, "in"};
  ASSERT_FALSE(in.put("/account/1", "amounts", "1", 40));
  // An answer that blocks its shard, which hosts must not do.
  h.on.get("/account/1", {}, [held](auto) { held.wait(); });
  const auto said = call(h.on, "/account/1", "add", 1, 20ms);
  ASSERT_FALSE(ok(said));
  EXPECT_EQ(std::get<error>(said).code, problem::not_ready);
  go.set_value();
}

TEST(call, is_refused_on_a_shards_thread) {
  hosted h;
  feed in{h.on, "in"};
  ASSERT_FALSE(in.put("/account/1", "amounts", "1", 40));
  std::promise<std::string> said;
  h.on.get("/account/1", {}, [&](auto) {
    try {
      call(h.on, "/account/2", "add", 1);
      said.set_value("it waited");
    } catch (const std::logic_error& x) {
      said.set_value(x.what());
    }
  });
  auto answer = said.get_future();
  ASSERT_EQ(answer.wait_for(patience), std::future_status::ready);
  EXPECT_EQ(answer.get(), "a shard's thread must not wait for an answer of /account/2");
}

TEST(call, reads_the_lanes_that_it_is_asked_for) {
  hosted h;
  feed in{h.on, "in"};
  ASSERT_FALSE(in.put("/account/1", "amounts", "1", 40));
  ASSERT_FALSE(in.put("/account/1", "name", std::string("Ann")));
  const auto s = snapshot_of(h.on, "/account/1", {false, {"name"}});
  ASSERT_TRUE(ok(s));
  EXPECT_EQ(json::parse(std::get<0>(s).lanes()), json::parse(R"({"name":"Ann"})"));
}

}  // namespace
}  // namespace host_test
