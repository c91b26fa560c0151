#include <gtest/gtest.h>

#include <random>
#include <span>

#include "twin.hpp"

using namespace twin_test;

namespace {

// Every kind of lane with every kind of bound, callbacks that write, and rules that read.
struct world final : agent {
  using agent::agent;
  value_lane<item> details{*this, "details"};
  value_lane<json> free{*this, "free"};
  map_lane<int, item> items{*this, "items", did_update<&world::counted>, did_remove<&world::uncounted>};
  map_lane<std::string, json> tree{*this, "tree"};
  map_lane<int, int> last{*this, "last", keep_last(4)};
  map_lane<int, int> young{*this, "young", keep_for(std::chrono::milliseconds{500}), keep_last(6)};
  log_lane<item> diary{*this, "diary", keep_last(5)};
  value_lane<int> ping{*this, "ping", transient};
  map_lane<int, int> wanted{*this, "wanted", did_update<&world::want>, did_remove<&world::unwant>};
  join_value_lane<int, json> joined{*this, "joined"};
  value_lane<int> count{*this, "count"};
  value_lane<json> summary{*this, "summary"};
  command_lane<item> act{*this, "act", on_command<&world::do_act>};

  static std::string followed(int n) { return "/other/" + std::to_string(n); }

 private:
  rule sum{*this, on_change(items, last, joined), &world::sum_up};

  void counted(const int&, const item&, const item*) {
    count.update([](int& n) { ++n; });
  }
  void uncounted(const int&, const item&) {
    count.update([](int& n) { n += 1000; });
  }
  void want(const int& key, const int& whom, const int*) { joined.join(key, followed(whom), "details"); }
  void unwant(const int& key, const int&) { joined.leave(key); }
  reply do_act(const item& what) {
    diary.append(what);
    items.remove(what.price);
    return {};
  }
  void sum_up() {
    int price = 0, seen = 0;
    for (const auto& e : items) price += e.value.price;
    joined.for_each([&](const int&, const json&) { ++seen; });
    json s = {{"price", price}, {"joined", seen}};
    for (const auto& e : last) s["last"][std::to_string(e.key)] = e.value;
    summary.set(std::move(s));
  }
};

struct operation {
  enum class kind { put, remove, join, command, clear } what = kind::put;
  std::string lane, key, value, from;
  std::int64_t event_ms = 0;
};

class operations {
 public:
  explicit operations(unsigned seed) : random_(seed) {}

  operation next() {
    const int key = below(8);
    const auto k = std::to_string(key);
    clock_ += below(20);
    switch (below(14)) {
      case 0:
        return put("details", "", item_text());
      case 1:
        return put("free", "", free_text(3));
      case 2:
      case 3:
        return put("items", k, item_text());
      case 4:
        return put("tree", k, free_text(3));
      case 5:
        return put("last", k, std::to_string(below(3)));
      case 6:
        return put("young", k, std::to_string(below(3)));
      case 7:
        return put("diary", "", item_text());
      case 8:
        return put("ping", "", std::to_string(below(3)));
      case 9:
        return put("wanted", k, std::to_string(below(3)));
      case 10:
        return {operation::kind::join, "joined", k, below(4) ? free_text(2) : "", world::followed(below(3)), clock_};
      case 11:
        return {operation::kind::command, "act", "", item_text(), "", clock_};
      case 12: {
        const char* lanes[] = {"items", "tree", "last", "young", "wanted"};
        return {operation::kind::remove, lanes[below(5)], k, "", "", clock_};
      }
      default: {
        const char* lanes[] = {"details", "free", "ping"};
        return {operation::kind::remove, lanes[below(3)], "", "", "", clock_};
      }
    }
  }
  int below(int n) { return static_cast<int>(random_() % static_cast<unsigned>(n)); }
  std::int64_t clock() const { return clock_; }

 private:
  operation put(std::string lane, std::string key, std::string value) {
    // Some events come late.
    return {operation::kind::put, std::move(lane), std::move(key), std::move(value), "", clock_ - below(300)};
  }
  std::string item_text() {
    json j = {{"name", std::string(1, static_cast<char>('a' + below(3)))}, {"price", below(8)}};
    if (below(2)) j["note"] = "n" + std::to_string(below(2));
    return j.dump();
  }
  std::string free_text(int depth) { return free_value(depth).dump(); }
  json free_value(int depth) {
    switch (below(depth > 0 ? 7 : 3)) {
      case 0:
        return below(3);
      case 1:
        return nullptr;
      case 2:
        return std::string(1, static_cast<char>('a' + below(2)));
      case 3:
        return json::array({below(2), nullptr, free_value(depth - 1)});
      default: {
        json j = json::object();
        for (int i = below(3); i >= 0; --i)
          j[std::string(1, static_cast<char>('x' + below(3)))] = free_value(depth - 1);
        return j;
      }
    }
  }

  std::mt19937 random_;
  std::int64_t clock_ = 1'000'000;
};

void apply(twin<world>& t, turn& in, const operation& op) {
  const padded text(op.value);
  const auto lane = t.lane_of(op.lane);
  decode_status status;
  switch (op.what) {
    case operation::kind::put:
      status = in.apply(lane, {lane_input::kind::put, op.key, text.view(), {}}, op.event_ms);
      break;
    case operation::kind::command: {
      reply answer;
      status = in.command(lane, text.view(), answer);
      break;
    }
    case operation::kind::join:
      status = op.value.empty() || op.value == "null"
                   ? in.apply(lane, {lane_input::kind::remove, op.key, {}, op.from}, op.event_ms)
                   : in.apply(lane, {lane_input::kind::join, op.key, text.view(), op.from}, op.event_ms);
      break;
    default:
      status = in.apply(lane, {lane_input::kind::remove, op.key, {}, {}}, op.event_ms);
  }
  ASSERT_TRUE(status) << op.lane << ": " << status.detail;
}

void run(twin<world>& t, std::span<const operation> ops) {
  t.run([&](turn& in) {
    for (const auto& op : ops) apply(t, in, op);
  });
}

class lane_property : public testing::TestWithParam<unsigned> {};

TEST_P(lane_property, folded_patches_equal_the_document_at_all_times) {
  SCOPED_TRACE(GetParam());
  operations make(GetParam());
  twin<world> t;
  json folded = t.document();
  for (int i = 0; i < 600; ++i) {
    json patch;
    if (i % 10 == 9) {
      t.now_ms = make.clock();
      patch = t.tick();
    } else {
      std::vector<operation> ops(static_cast<std::size_t>(make.below(12)));
      for (auto& op : ops) op = make.next();
      const auto before = t.document();
      patch = t.run([&](turn& in) {
        for (const auto& op : ops) apply(t, in, op);
      });
      ASSERT_EQ(patch.is_null(), before == t.document()) << "turn " << i << ": a patch exactly when something changed";
    }
    if (!patch.is_null()) folded.merge_patch(patch);
    ASSERT_EQ(folded, t.document()) << "turn " << i << ", patch " << patch;
  }
}

TEST_P(lane_property, merged_paths_bring_a_receiver_to_the_present_state) {
  SCOPED_TRACE(GetParam());
  operations make(GetParam());
  twin<world> t;
  json received = t.document();
  for (int i = 0; i < 400; ++i) {
    std::vector<operation> ops(static_cast<std::size_t>(1 + make.below(6)));
    for (auto& op : ops) op = make.next();
    run(t, ops);
    if (i % 13 == 0) {
      t.now_ms = make.clock();
      t.tick();
    }
    if (make.below(5) != 0) continue;
    received.merge_patch(t.marked());
    t.marks.clear();
    ASSERT_EQ(received, t.document()) << "turn " << i;
  }
}

// A twin that also goes through turns that fail must stay the equal of one that does not.
TEST_P(lane_property, undone_turn_leaves_no_trace) {
  SCOPED_TRACE(GetParam());
  operations make(GetParam());
  twin<world> good, bad;
  for (int i = 0; i < 400; ++i) {
    std::vector<operation> ops(static_cast<std::size_t>(1 + make.below(8)));
    for (auto& op : ops) op = make.next();
    if (make.below(2)) {
      const auto before = bad.document_text();
      const bool after_rules = make.below(2);
      EXPECT_THROW(bad.run([&](turn& in) {
        for (int n = 1 + make.below(12); n > 0; --n) apply(bad, in, make.next());
        if (after_rules) in.finish();
        if (after_rules && make.below(2)) apply(bad, in, make.next());
        if (make.below(3) == 0) fire_due(*bad, in);
        throw std::runtime_error("undo");
      }),
                   std::runtime_error);
      ASSERT_EQ(bad.document_text(), before) << "turn " << i;
    }
    good.now_ms = bad.now_ms = make.clock();
    run(good, ops);
    run(bad, ops);
    ASSERT_EQ(bad.last_text(), good.last_text()) << "turn " << i;
    if (i % 7 == 0) {
      ASSERT_EQ(bad.tick(), good.tick()) << "turn " << i;
    }
    ASSERT_EQ(bad.document_text(), good.document_text()) << "turn " << i;
  }
}

TEST_P(lane_property, results_do_not_depend_on_how_events_are_split_into_turns) {
  SCOPED_TRACE(GetParam());
  std::string first;
  for (const std::size_t size : {std::size_t{1}, std::size_t{7}, std::size_t{1000}}) {
    operations make(GetParam());
    twin<world> t;
    std::vector<operation> ops(1500);
    for (auto& op : ops) op = make.next();
    json folded = t.document();
    for (std::size_t at = 0; at < ops.size(); at += size) {
      run(t, std::span(ops).subspan(at, std::min(size, ops.size() - at)));
      if (!t.last_text().empty()) folded.merge_patch(json::parse(t.last_text()));
    }
    if (first.empty()) first = t.document_text();
    EXPECT_EQ(t.document_text(), first) << "in turns of " << size;
    EXPECT_EQ(folded, t.document());
  }
}

INSTANTIATE_TEST_SUITE_P(seeds, lane_property, testing::Range(1u, 9u));

}  // namespace
