#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

#include <twinlane/runtime/sqlite_store.hpp>

#include "hosted.hpp"
#include "runtime_app/temp_dir.hpp"

namespace host_test {
namespace {

using twinlane::test::temp_dir;

/// A runtime that keeps its state, with accounts; not started.
struct keeping {
  explicit keeping(const temp_dir& in) : on(few_shards(), store_in(in)) { on.add<account>("account", "/account/:id"); }
  static runtime_options few_shards() {
    runtime_options o;
    o.shards = 4;
    o.workers = 2;
    return o;
  }
  static std::unique_ptr<store> store_in(const temp_dir& folder) {
    sqlite_store_options o;
    o.file = (folder.path() / "state.db").string();
    return std::make_unique<sqlite_store>(std::move(o));
  }
  json sum() {
    const auto s = snapshot_of(on, "/account/1");
    return ok(s) ? json::parse(std::get<0>(s).lanes())["sum"] : json();
  }

  runtime on;
};

TEST(feed, goes_on_after_a_restart_made_before_the_start_or_after_it) {
  temp_dir folder;
  constexpr int each = 100;
  std::int64_t reached = -1;
  int run = 0;
  for (const bool early : {true, true, false, true}) {
    SCOPED_TRACE("run " + std::to_string(++run));
    keeping k(folder);
    std::optional<feed> in;
    if (early) in.emplace(k.on, "in");
    k.on.start();
    if (!early) in.emplace(k.on, "in");
    EXPECT_EQ(in->partition().low_mark(), reached);
    for (int n = 0; n < each; ++n) ASSERT_FALSE(in->put("/account/1", "amounts", std::to_string(n), run));
    ASSERT_TRUE(in->wait(patience));
    EXPECT_EQ(k.sum(), each * run);
    EXPECT_EQ(in->partition().duplicates, 0u);
    reached = in->partition().low_mark();
    in.reset();
    ASSERT_TRUE(k.on.stop(patience));
  }
}

/// What is said to f: why it is refused, or that it was not.
template <class F>
std::string refusal_of(F&& f) {
  try {
    f();
    return "it waited";
  } catch (const std::logic_error& x) {
    return x.what();
  }
}

TEST(call, is_refused_in_the_answer_of_a_command_that_is_kept) {
  temp_dir folder;
  keeping k(folder);
  k.on.start();
  feed in{k.on, "in"};
  ASSERT_FALSE(in.put("/account/1", "amounts", "1", 40));
  std::promise<std::string> of_call, of_feed;
  k.on.command({"/account/1", "add", "2", {}, {}, {}}, [&](auto) {
    of_call.set_value(refusal_of([&] { call(k.on, "/account/1", "add", 1, 100ms); }));
    of_feed.set_value(refusal_of([&] { in.wait(1ms); }));
  });
  auto call_said = of_call.get_future(), feed_said = of_feed.get_future();
  ASSERT_EQ(feed_said.wait_for(patience), std::future_status::ready);
  EXPECT_EQ(call_said.get(), "a shard's thread must not wait for an answer of /account/1");
  EXPECT_EQ(feed_said.get(), "a shard's thread must not wait for a feed");
  // The thread that gave the answer is its own again.
  EXPECT_TRUE(ok(call(k.on, "/account/1", "add", 1)));
}

}  // namespace
}  // namespace host_test
