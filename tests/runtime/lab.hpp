#pragma once

#include <algorithm>
#include <array>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <twinlane/runtime/shard.hpp>

#include "following.hpp"

namespace runtime_test {

/// Keeps rows, as a durable store does, and what cuts tell of their diffs; waiters wait when told to.
class lab_store final : public store {
 public:
  store_opened open() override { return {1, 1, true}; }
  bool keeps_rows() const noexcept override { return keeps; }
  void commit(row_batch batch, durability d, std::unique_ptr<commit_waiter> w) override {
    ++commits;
    synced += d == durability::now;
    batch.for_each([&](const store_row& r) {
      const std::array place{std::string(r.owner), std::string(r.lane), std::string(r.key)};
      if (r.removed)
        rows.erase(place);
      else
        rows[place] = r.value;
    });
    if (remembers) history.push_back(rows);
    if (w) waiting.push_back(std::move(w));
    if (!held) release();
  }
  void read(std::string_view owner, const std::function<void(const store_row&)>& f) override {
    ++reads;
    if (reads_fail > 0 && reads_fail-- > 0) throw std::runtime_error("no handles left");
    for (const auto& [place, value] : rows)
      if (place[0] == owner) f({place[0], place[1], place[2], value});
  }
  std::vector<std::string> owners(std::string_view prefix, std::string_view after, std::size_t limit) override {
    std::vector<std::string> all;
    for (const auto& [place, value] : rows)
      if (place[0].starts_with(prefix) && place[0] > after && (all.empty() || all.back() != place[0]) &&
          all.size() < limit)
        all.push_back(place[0]);
    return all;
  }
  std::optional<std::string> trouble() const override {
    return full ? std::optional<std::string>("disk full") : std::nullopt;
  }
  bool close() override { return true; }
  void did_cut(std::span<const agent_delta> deltas) {
    for (const auto& d : deltas) {
      auto& at = revs[std::string(d.uri)];
      if (d.from != 0 && d.from != at) broken = "delta from " + std::to_string(d.from) + " after " + std::to_string(at);
      if (d.from == 0) states.erase(std::string(d.uri));
      at = d.rev;
      states[std::string(d.uri)].merge_patch(json::parse(d.patch));
      order.emplace_back(d.uri);
    }
  }
  void release() {
    for (auto& w : std::exchange(waiting, {})) w->durable();
  }

  using rows_type = std::map<std::array<std::string, 3>, std::string>;
  rows_type rows;
  bool remembers = false;
  std::vector<rows_type> history;  // after each commit
  std::map<std::string, json> states;
  std::map<std::string, std::uint64_t> revs;
  std::vector<std::string> order;
  std::string broken;
  std::vector<std::unique_ptr<commit_waiter>> waiting;
  int commits = 0, synced = 0, reads = 0, reads_fail = 0;
  bool full = false;
  bool held = false;
  bool keeps = false;
};

struct event {
  std::string uri, lane, key, value;
  bool remove = false;
  std::int64_t time_ms = 0;
};

/// Shards without actors: the test says when they run.
class lab : public shard_host {
 public:
  explicit lab(std::vector<std::shared_ptr<const agent_type>> types, std::uint32_t shards = 1, shard_options o = {},
               bool keeps = false)
      : options(o), types_(std::move(types)) {
    kept.keeps = keeps;
    woken_.resize(shards);
    for (std::uint32_t n = 0; n < shards; ++n) {
      shards_.push_back(std::make_unique<shard>(std::to_string(n), *this, options));
      shards_[n]->set_runner(std::make_unique<runner>(*this, n));
    }
    source = std::make_shared<source_partition>("src", "topic", 0);
  }
  ~lab() override { ends_ = true; }

  // shard_host
  std::int64_t now_ms() const override { return now; }
  const agent_type* type_of(std::string_view uri) const override {
    for (const auto& t : types_)
      if (t->path().matches(uri)) return t.get();
    return nullptr;
  }
  std::uint32_t place_of(std::string_view uri) const override {
    return type_of(uri) ? static_cast<std::uint32_t>(index_of(uri)) : own_place;
  }
  const agent_type& type_at(std::uint32_t index) const override { return *types_[index]; }
  store& storage() override { return kept; }
  bool wants_deltas() const noexcept override { return true; }
  void did_cut(std::span<const agent_delta> deltas) override { kept.did_cut(deltas); }
  const source_partition* partition_of(std::string_view key) override {
    return key == partition_key(*source) ? source.get() : nullptr;
  }
  turn_pool& turns() override { return pool_; }
  history_budget& histories() override { return history_bytes; }
  std::uint64_t next_birth() override { return ++births; }
  std::string lineage_of(std::uint64_t birth) const override { return "L" + std::to_string(birth); }
  void deliver(mail m) override { ++delivered, on(m.uri).enqueue(std::move(m)); }
  void deliver(join_update u) override { ++delivered, on(u.to.front().uri).enqueue(std::move(u)); }
  void deliver(follow_request f) override { ++delivered, on(f.uri).enqueue(std::move(f)); }
  void take_back(std::shared_ptr<parcel> p) noexcept override {
    ++taken_back;
    shards_[static_cast<std::size_t>(std::stoi(p->sender()))]->enqueue(std::move(p));
  }
  void go_on(fan_out_step s) noexcept override {
    if (ends_) return;
    shards_[static_cast<std::size_t>(std::stoi(*s.shard))]->enqueue(std::move(s));
  }
  sink_queue* sink_of(std::string_view name) override { return name == sink.name() ? &sink : nullptr; }
  void wait_for_room(sink_queue&, const std::string& shard_name) override { waiting_for_room.push_back(shard_name); }
  void did_refill(sink_queue&) override {}
  const std::string& store_id() const override { return store_name_; }
  void did_lose_item(std::string_view name, std::string_view) override { lost.emplace_back(name); }
  bool bury(dead_letter_batch& letters) override { return burial_.try_write(letters); }
  void keep(dead_letter_batch letters) override { burial_.keep(std::move(letters)); }
  void did_run_turn(const agent_type&, std::string_view uri, double) override { turns_run.emplace_back(uri); }
  void did_run_command(const agent_type&, std::string_view lane, std::string_view outcome) override {
    ++commands[std::string(lane) + ' ' + std::string(outcome)];
  }
  void did_drop_late(const agent_type&, std::string_view uri, const late_events& dropped) override {
    late[std::string(uri)] += dropped.count;
  }
  void did_resume(bool done) override { ++(done ? resumed : not_resumed); }
  void did_activate() override {}
  void did_passivate() override {}
  void did_change_agents(const agent_type&, int difference) override { agents += difference; }
  void did_change_unreadable(const agent_type&, int difference) override { unreadable += difference; }

  // Input.
  void post(const std::vector<event>& events) { post(source, events, offset_); }
  void post(const std::shared_ptr<source_partition>& p, const std::vector<event>& events, std::int64_t& offset,
            const std::shared_ptr<const ingest_request>& request = nullptr) {
    std::vector<std::shared_ptr<record_batch>> batches(shards_.size());
    std::int64_t bytes = 0;
    for (const auto& e : events) bytes += static_cast<std::int64_t>(e.value.size());
    const auto next = offset + static_cast<std::int64_t>(events.size());
    auto window = source_partition::open_window(p, next, static_cast<std::int64_t>(events.size()), bytes);
    for (const auto& e : events) {
      auto& b = batches[index_of(e.uri)];
      if (!b) {
        b = std::make_shared<record_batch>();
        b->window = window;
        b->request = request;
        b->arrived = std::chrono::steady_clock::now();
      }
      b->add({e.uri, 0, target_of(e), e.key, e.value, e.remove, offset++, e.time_ms});
    }
    for (std::size_t n = 0; n < batches.size(); ++n) {
      if (!batches[n]) continue;
      batches[n]->close();
      shards_[n]->enqueue(std::move(batches[n]));
    }
  }
  struct told {
    std::optional<outcome<command_result>> answer;
    bool came() const { return answer.has_value(); }
    bool fine() const { return came() && ok(*answer); }
    const command_result& result() const { return std::get<command_result>(answer.value()); }
    problem code() const { return std::get<error>(answer.value()).code; }
  };
  std::shared_ptr<told> command(command_request r) { return ask(std::move(r)); }
  std::shared_ptr<told> command(std::string uri, std::string lane, std::string value) {
    return ask(command_request{std::move(uri), std::move(lane), std::move(value), {}, {}, {}});
  }
  std::shared_ptr<told> write(write_request r) { return ask(std::move(r)); }
  std::shared_ptr<following> subscribe(const std::string& uri, view what = {}, bool life = false) {
    auto f = std::make_shared<following>();
    subscribe(uri, f, what, life);
    return f;
  }
  void subscribe(const std::string& uri, std::shared_ptr<subscriber> by, const view& what, bool life = false,
                 const std::optional<resume_point>& from = {}) {
    const auto& type = *type_of(uri);
    const auto id = ++links_;
    const twinlane::link l{id, id, std::make_shared<const link_view>(std::get<0>(view_of(type, what, true))), life, by};
    on(uri).request([=, &type](shard& s) { s.subscribe(uri, type, l, from); });
  }
  void unsubscribe(const std::string& uri, std::uint64_t id) {
    on(uri).order([=](shard& s) { s.unsubscribe(uri, id); });
  }
  void pull(const std::string& uri, std::uint64_t id) {
    on(uri).order([=](shard& s) { s.pull(uri, id); });
  }
  std::uint64_t last_link() const { return links_; }
  std::shared_ptr<std::optional<outcome<std::monostate>>> remove(const std::string& uri) {
    auto said = std::make_shared<std::optional<outcome<std::monostate>>>();
    on(uri).request([=](shard& s) { s.remove(uri, {}, [=](outcome<std::monostate> o) { *said = std::move(o); }); });
    return said;
  }

  /// Runs shards that were woken until none is; false when they do not come to rest.
  bool settle(int runs = 100'000) {
    while (runs-- > 0) {
      const auto n = std::find(woken_.begin(), woken_.end(), true);
      if (n == woken_.end()) return true;
      *n = false;
      auto& s = *shards_[static_cast<std::size_t>(n - woken_.begin())];
      if (s.run()) *n = true;
    }
    return false;
  }
  /// Runs on the shard of that name, as a host's orders do.
  void order(const std::string& shard_name, shard::control c) {
    shards_[static_cast<std::size_t>(std::stoi(shard_name))]->order(std::move(c));
  }
  /// As at a start: every shard looks at what it has kept.
  void wake_all() {
    std::fill(woken_.begin(), woken_.end(), true);
    settle();
  }
  void tick() {
    for (auto& s : shards_) s->wake_if_due(now);
    settle();
  }

  /// The present document; null when the entity does not exist.
  json document(const std::string& uri) {
    const auto* e = on(uri).find(uri);
    if (!e || !e->self) return nullptr;
    std::string text;
    encode_document(text, *e->self, ~std::uint64_t{0});
    return json::parse(text);
  }
  std::uint64_t rev(const std::string& uri) { return on(uri).find(uri)->rev; }
  shard& on(std::string_view uri) { return *shards_[index_of(uri)]; }

  shard_options options;
  lab_store kept;
  std::shared_ptr<source_partition> source;
  std::int64_t now = 1'000'000;
  std::uint64_t births = 0;
  std::vector<dead_letter> dead;
  bool burial_fails = false;
  void retry_burial() { burial_.retry(); }
  std::vector<std::string> turns_run;
  std::map<std::string, int> commands;
  std::map<std::string, std::uint64_t> late;
  history_budget history_bytes{1 << 20};
  int resumed = 0, not_resumed = 0;
  int agents = 0, unreadable = 0, delivered = 0, taken_back = 0;
  sink_queue sink{"audit", {4, 1 << 20}};
  std::vector<std::string> waiting_for_room, lost;

 private:
  dead_letter_queue burial_{[this](std::span<const dead_letter> letters) {
                              if (burial_fails) return false;
                              dead.insert(dead.end(), letters.begin(), letters.end());
                              return true;
                            },
                            nullptr};

  class runner final : public shard_runner {
   public:
    runner(lab& l, std::uint32_t n) : lab_(l), number_(n) {}
    void wake() override { lab_.woken_[number_] = true; }

   private:
    lab& lab_;
    std::uint32_t number_;
  };

  std::size_t index_of(std::string_view uri) const { return type_of(uri)->path().hash(uri) % shards_.size(); }
  target_id target_of(const event& e) const {
    for (std::uint32_t t = 0; t < types_.size(); ++t)
      if (types_[t]->path().matches(e.uri)) {
        const int lane = types_[t]->lane_index(e.lane);
        if (lane < 0) throw std::out_of_range("no lane " + e.lane);
        return make_target(t, static_cast<std::uint32_t>(lane));
      }
    throw std::out_of_range("no route for " + e.uri);
  }
  template <class R>
  std::shared_ptr<told> ask(R r) {
    auto t = std::make_shared<told>();
    auto& s = on(r.uri);
    if (!s.request(std::move(r), [t](outcome<command_result> o) {
          EXPECT_FALSE(t->came()) << "answered twice";
          t->answer = std::move(o);
        }))
      t->answer = error{problem::too_busy, "inbox full"};
    return t;
  }

  std::vector<std::shared_ptr<const agent_type>> types_;
  turn_pool pool_;
  std::string store_name_ = "S";
  bool ends_ = false;
  std::uint64_t links_ = 0;
  std::int64_t offset_ = 0;
  std::vector<bool> woken_;
  std::vector<std::unique_ptr<shard>> shards_;
};

}  // namespace runtime_test
