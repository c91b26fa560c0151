#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include <twinlane/runtime/port.hpp>

namespace twinlane::ingest {

/// Keeps what sources hand over. Records are durable at once, or when the test says so.
///
/// Threads  any
class recording_port final : public port {
 public:
  struct record {
    std::string source, topic;
    std::int32_t partition{};
    std::string uri, key, value;
    std::uint32_t hash{};
    bool remove{};
    std::int64_t offset{}, time_ms{};
  };

  /// Lanes that resolve_target knows; the route's parameter is the second segment.
  std::map<std::string, lane_kind> lanes = {{"profile", lane_kind::value},
                                            {"orders", lane_kind::map},
                                            {"clicks", lane_kind::log},
                                            {"note", lane_kind::command}};

  // What a test sees.
  std::vector<record> records() const {
    std::lock_guard lock(mutex_);
    return records_;
  }
  std::vector<dead_letter> dead() const {
    std::lock_guard lock(mutex_);
    return dead_;
  }
  std::size_t count() const {
    std::lock_guard lock(mutex_);
    return records_.size();
  }
  std::vector<std::string> values() const {
    std::vector<std::string> all;
    for (auto& r : records()) all.push_back(r.value);
    return all;
  }
  std::size_t posts() const {
    std::lock_guard lock(mutex_);
    return posts_;
  }
  std::int64_t most_in_flight() const {
    std::lock_guard lock(mutex_);
    return most_in_flight_;
  }

  // What a test does.
  /// Only these partitions are held; all when empty. Set before the first record.
  std::function<bool(const source_partition&)> holds_this;
  void hold() {
    std::lock_guard lock(mutex_);
    holding_ = true;
  }
  /// Makes up to n of the held windows durable, the oldest first; answers how many.
  std::size_t complete(std::size_t n) {
    std::deque<std::shared_ptr<source_partition::window>> done;
    std::lock_guard lock(mutex_);
    while (n-- > 0 && !held_.empty()) {
      done.push_back(std::move(held_.front()));
      held_.pop_front();
    }
    return done.size();
  }
  void let_go() {
    std::deque<std::shared_ptr<source_partition::window>> done;
    std::lock_guard lock(mutex_);
    holding_ = false;
    done.swap(held_);
  }
  /// Called on the source's thread for each record, before it is durable.
  std::function<void(const record&, source_partition&)> did_post;
  void forget_records() {
    std::lock_guard lock(mutex_);
    records_.clear();
  }
  bool keep_records = true;
  /// Begins as a process that finds what an earlier one has stored.
  void continue_from(const recording_port& earlier) {
    for (const auto& p : earlier.partitions()) {
      const auto q = partition(p->source(), p->topic(), p->partition());
      if (p->low_mark() >= 0) q->stored_low_mark = p->low_mark();
      q->origin = p->origin;
    }
  }

  /// Waits for a condition on this object; false when it does not come to hold in time.
  template <class Condition>
  static bool eventually(Condition c, std::chrono::milliseconds within = std::chrono::seconds{20}) {
    const auto until = std::chrono::steady_clock::now() + within;
    while (!c()) {
      if (std::chrono::steady_clock::now() > until) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds{1});
    }
    return true;
  }

  // port
  std::shared_ptr<source_partition> partition(const std::string& source, const std::string& topic,
                                              std::int32_t number) override {
    std::lock_guard lock(mutex_);
    auto& p = partitions_[{source, topic, number}];
    if (!p) p = std::make_shared<source_partition>(source, topic, number);
    return p;
  }

  outcome<target_info> resolve_target(std::string_view entity_template, std::string_view lane) override {
    if (entity_template.substr(0, 9) == "/nowhere/") return error{problem::no_such_route, "no route takes it"};
    const auto it = lanes.find(std::string(lane));
    if (it == lanes.end()) return error{problem::no_such_lane, "no lane '" + std::string(lane) + "'"};
    return target_info{static_cast<target_id>(std::distance(lanes.begin(), it)), it->second, 1};
  }

  void post(const std::shared_ptr<source_partition>& p, std::span<const routed_record> records,
            std::vector<dead_letter> dead, std::int64_t next_offset, steady_time,
            std::shared_ptr<const ingest_request>) override {
    std::int64_t bytes = 0;
    for (const auto& r : records) bytes += static_cast<std::int64_t>(r.uri.size() + r.key.size() + r.value.size());
    auto w = source_partition::open_window(p, next_offset, static_cast<std::int64_t>(records.size()), bytes);
    for (const auto& r : records) {
      const record copy{p->source(),          p->topic(), p->partition(), std::string(r.uri), std::string(r.key),
                        std::string(r.value), r.hash,     r.remove,       r.offset,           r.time_ms};
      if (did_post) did_post(copy, *p);
      std::lock_guard lock(mutex_);
      if (keep_records) records_.push_back(copy);
    }
    p->applied += records.size();
    p->dead += dead.size();
    std::lock_guard lock(mutex_);
    dead_.insert(dead_.end(), dead.begin(), dead.end());
    ++posts_;
    std::int64_t in_flight = 0;
    for (const auto& [name, each] : partitions_) in_flight = std::max(in_flight, each->in_flight_records());
    most_in_flight_ = std::max(most_in_flight_, in_flight);
    if (holding_ && (!holds_this || holds_this(*p))) held_.push_back(std::move(w));
  }

  void get(const std::string&, const view&, answer<snapshot> a) override { a(nothing()); }
  void get_lane(const std::string&, const std::string&, const std::optional<std::string>&,
                answer<lane_value> a) override {
    a(nothing());
  }
  void command(command_request, answer<command_result> a) override { a(nothing()); }
  void write(write_request, answer<command_result> a) override { a(nothing()); }
  void remove(const std::string&, std::optional<std::string>, answer<std::monostate> a) override { a(nothing()); }
  outcome<subscription> subscribe(const subscribe_request&, std::shared_ptr<subscriber>, std::uint64_t) override {
    return nothing();
  }
  void unsubscribe(const subscription&) override {}
  void pull(const subscription&) override {}
  std::vector<type_description> types() const override { return {}; }
  void entities(const std::string&, const std::string&, std::size_t, answer<entity_page> a) override { a(nothing()); }
  std::vector<std::shared_ptr<source_partition>> partitions() const override {
    std::vector<std::shared_ptr<source_partition>> all;
    std::lock_guard lock(mutex_);
    for (const auto& [name, p] : partitions_) all.push_back(p);
    return all;
  }
  bool ready() const override { return true; }

 private:
  static error nothing() { return {problem::no_such_entity, "this port only records"}; }

  mutable std::mutex mutex_;
  std::map<std::tuple<std::string, std::string, std::int32_t>, std::shared_ptr<source_partition>> partitions_;
  std::vector<record> records_;
  std::vector<dead_letter> dead_;
  std::deque<std::shared_ptr<source_partition::window>> held_;
  std::size_t posts_ = 0;
  std::int64_t most_in_flight_ = 0;
  bool holding_ = false;
};

}  // namespace twinlane::ingest
