#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <random>
#include <span>

#include <twinlane/lanes/by_key.hpp>
#include <twinlane/lanes/reduce.hpp>

#include "twin.hpp"

// An agent with every kind of lane, and random operations on it, for property tests.
namespace twin_test {

using date = std::chrono::year_month_day;

struct span_stats {
  reduce::count n;
  reduce::mean mean;
  reduce::median middle;
  reduce::collect<int, 5> list;
  reduce::by_key<reduce::count, 3> numbers;
  void add(int n_) {
    n.add();
    mean.add(n_ / 3.0);
    middle.add(n_);
    list.add(n_);
    numbers.add(std::to_string(n_));
  }
};
BOOST_DESCRIBE_STRUCT(span_stats, (), (n, mean, middle, list, numbers))

// Every kind of lane with every kind of bound, callbacks that write, and rules that read.
struct world final : agent {
  using agent::agent;
  value_lane<item> details{*this, "details"};
  value_lane<json> free{*this, "free"};
  map_lane<int, item> items{*this, "items", did_update<&world::counted>, did_remove<&world::uncounted>};
  map_lane<std::string, json> tree{*this, "tree"};
  map_lane<int, int> last{*this, "last", keep_last(4)};
  map_lane<int, int> young{*this, "young", keep_for(std::chrono::milliseconds{500}), keep_last(6)};
  map_lane<int, int> many{*this, "many", keep_last(300)};
  map_lane<date, json> days{*this, "days"};
  log_lane<item> diary{*this, "diary", keep_last(5)};
  log_lane<int> fresh{*this, "fresh", keep_for(std::chrono::milliseconds{250})};
  value_lane<int> mood{*this, "mood", keep_for(std::chrono::milliseconds{400})};
  value_lane<int> ping{*this, "ping", transient};
  map_lane<int, int> glance{*this, "glance", transient, keep_last(3)};
  map_lane<int, int> wanted{*this, "wanted", did_update<&world::want>, did_remove<&world::unwant>};
  join_value_lane<int, json> joined{*this, "joined"};
  join_map_lane<std::string, int> shelves{*this, "shelves"};
  value_lane<int> sample{*this, "sample", did_update<&world::sampled>};
  window_lane<span_stats> spans{*this,
                                "spans",
                                tumbling(std::chrono::milliseconds{50}),
                                grace(std::chrono::milliseconds{100}),
                                keep_last(4),
                                did_close<&world::span_closed>,
                                roll_up_into<&world::wide_spans>};
  window_lane<span_stats> wide_spans{*this, "wide_spans", tumbling(std::chrono::milliseconds{200}),
                                     keep_for(std::chrono::milliseconds{600})};
  window_lane<reduce::count> hops{*this, "hops", hopping(std::chrono::milliseconds{60}, std::chrono::milliseconds{20}),
                                  grace(std::chrono::milliseconds{100}), keep_for(std::chrono::milliseconds{300})};
  window_lane<span_stats> visits{*this,
                                 "visits",
                                 twinlane::session(std::chrono::milliseconds{15}),
                                 grace(std::chrono::milliseconds{120}),
                                 keep_last(5),
                                 did_remove<&world::visit_gone>};
  value_lane<int> count{*this, "count"};
  value_lane<json> summary{*this, "summary"};
  command_lane<item> act{*this, "act", on_command<&world::do_act>};
  command_lane<int> fill{*this, "fill", on_command<&world::do_fill>};
  timer alarm{*this, "alarm", &world::ring};
  timer pause{*this, "pause", &world::ring};

  static std::string followed(int n) { return "/other/" + std::to_string(n); }

 private:
  rule sum{*this, on_change(items, last, joined), &world::sum_up};

  void counted(const int&, const item&, const item*) {
    count.update([](int& n) { ++n; });
  }
  void uncounted(const int&, const item&) {
    count.update([](int& n) { n += 1000; });
  }
  void sampled(const int& n, const int*) {
    const bool all = spans.add(n) && hops.add() && visits.add(n);
    count.update([&](int& c) { c += all ? 10 : 20; });
  }
  void span_closed(std::int64_t, const window<span_stats>& w) {
    count.update([&](int& n) { n += static_cast<int>(w.value.n.shown()); });
  }
  void visit_gone(std::int64_t, const window<span_stats>&) {
    count.update([](int& n) { n += 7; });
  }
  void want(const int& key, const int& whom, const int*) {
    joined.join(key, followed(whom), "details");
    if (key % 2) shelves.join("shelf " + std::to_string(key), followed(whom), "stock");
  }
  void unwant(const int& key, const int&) {
    joined.leave(key);
    shelves.leave("shelf " + std::to_string(key));
  }
  reply do_act(const item& what) {
    diary.append(what);
    items.remove(what.price);
    auto& t = what.name == "a" ? alarm : pause;
    what.price ? t.set_after(std::chrono::milliseconds{20 * what.price}) : t.cancel();
    return {};
  }
  // More entries than retention looks through one by one.
  reply do_fill(const int& from) {
    for (int i = 0; i < 40; ++i) many.put(from * 50 + i * 3 % 50, from + i);
    return {};
  }
  void ring() { fresh.append(7); }
  void sum_up() {
    int price = 0, seen = 0;
    for (const auto& e : items) price += e.value.price;
    joined.for_each([&](const int&, const json&) { ++seen; });
    json s = {{"price", price}, {"joined", seen}};
    for (const auto& e : last) s["last"][std::to_string(e.key)] = e.value;
    summary.set(std::move(s));
  }
};

/// One change from outside.
struct operation {
  enum class kind { put, remove, join, command, clear } what = kind::put;
  std::string lane, key, value, from;
  std::int64_t event_ms = 0;
  std::optional<agent_place> at{};  // joins: where the followed agent was
};

class operations {
 public:
  explicit operations(unsigned seed) : random_(seed) {}

  operation next() {
    const int key = below(8);
    const auto k = std::to_string(key);
    clock_ += below(20);
    switch (below(22)) {
      case 0:
        return put("details", "", item_text());
      case 1:
        return put("free", "", free_text(3));
      case 2:
      case 3:
        return put("items", k, item_text());
      case 4:
        return put("tree", odd_keys[key], free_text(3));
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
        return join("joined", k, below(4) ? free_text(2) : "");
      case 11:
        return {operation::kind::command, "act", "", item_text(), "", clock_};
      case 12:
        return {operation::kind::command, "fill", "", k, "", clock_};
      case 13:
        return put("days", "2024-02-0" + std::to_string(key + 1), free_text(1));
      case 14:
        return put("fresh", "", k);
      case 15:
        return put("mood", "", std::to_string(below(3)));
      case 16:
        return put("glance", k, std::to_string(below(3)));
      case 17:
        return join("shelves", "shelf " + k, below(4) ? json({{k, key}, {"all", below(2)}}).dump() : "");
      case 18:
      case 19:
        return put("sample", "", std::to_string(below(5)));
      case 20: {
        const char* lanes[] = {"items", "tree", "last", "young", "wanted", "glance"};
        const auto* lane = lanes[below(6)];
        return {operation::kind::remove, lane, lane == lanes[1] ? odd_keys[key] : k, "", "", clock_};
      }
      default: {
        const char* lanes[] = {"details", "free", "ping", "mood"};
        return {operation::kind::remove, lanes[below(4)], "", "", "", clock_};
      }
    }
  }
  int below(int n) { return static_cast<int>(random_() % static_cast<unsigned>(n)); }
  std::int64_t clock() const { return clock_; }

 private:
  static constexpr const char* odd_keys[] = {"", " ", "plain", "a/b:c", "\"q\"\\", "\n\t\x01", "gr\u00fc\u00df", "12 "};

  operation join(std::string lane, std::string key, std::string value) {
    operation op{operation::kind::join, std::move(lane),           std::move(key),
                 std::move(value),      world::followed(below(3)), clock_};
    if (below(4)) op.at = agent_place{"b" + std::to_string(below(2)), static_cast<std::uint64_t>(below(4))};
    return op;
  }
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

inline void apply(twin<world>& t, turn& in, const operation& op) {
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
    case operation::kind::join: {
      lane_input heard{lane_input::kind::join, op.key, text.view(), op.from};
      if (op.value.empty() || op.value == "null") heard.op = lane_input::kind::remove;
      heard.at = op.at ? &*op.at : nullptr;
      status = in.apply(lane, heard, op.event_ms);
      break;
    }
    default:
      status = in.apply(lane, {lane_input::kind::remove, op.key, {}, {}}, op.event_ms);
  }
  ASSERT_TRUE(status) << op.lane << ": " << status.detail;
}

inline void run(twin<world>& t, std::span<const operation> ops) {
  t.run([&](turn& in) {
    for (const auto& op : ops) apply(t, in, op);
  });
}

}  // namespace twin_test
