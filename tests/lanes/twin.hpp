#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>
#include <twinlane/agents/agent.hpp>
#include <twinlane/agents/agent_header.hpp>
#include <twinlane/agents/agent_loader.hpp>
#include <twinlane/agents/turn.hpp>

#include <support/fire_due.hpp>

// One agent under test with the turns it is given, and no actor system.
namespace twin_test {

using nlohmann::json;
using namespace twinlane;

/// Text with the readable bytes behind it that a decoder asks for.
class padded {
 public:
  explicit padded(std::string_view text) : size_(text.size()) {
    bytes_.reserve(size_ + 64);
    bytes_.assign(text);
    bytes_.append(64, '\0');
  }
  std::string_view view() const { return std::string_view(bytes_).substr(0, size_); }

 private:
  std::string bytes_;
  std::size_t size_;
};

/// What a store holds of one agent, by lane and key.
using row_map = std::map<std::pair<std::string, std::string>, std::string>;

/// Collects the rows of a turn that may yet be undone.
class row_collector final : public row_sink {
 public:
  void put(std::string_view lane, std::string_view key, std::string_view value) override {
    rows_.push_back({std::string(lane), std::string(key), std::string(value)});
  }
  void remove(std::string_view lane, std::string_view key) override {
    rows_.push_back({std::string(lane), std::string(key), std::nullopt});
  }
  void commit(row_map& to) {
    for (auto& r : rows_) {
      if (r.value)
        to[{r.lane, r.key}] = *r.value;
      else
        to.erase({r.lane, r.key});
    }
    rows_.clear();
  }
  void clear() { rows_.clear(); }

 private:
  struct row {
    std::string lane, key;
    std::optional<std::string> value;
  };
  std::vector<row> rows_;
};

template <class Agent>
class twin {
 public:
  twin() : twin(make_agent_type<Agent>("thing", "/thing/:id")) {}
  explicit twin(std::shared_ptr<const agent_type> type)
      : type_(std::move(type)), turn_(*type_), self_(type_->make("/thing/1")) {}

  Agent& operator*() const { return static_cast<Agent&>(*self_); }
  Agent* operator->() const { return static_cast<Agent*>(self_.get()); }
  const agent_type& type() const { return *type_; }
  std::shared_ptr<const agent_type> shared_type() const { return type_; }
  const std::string& last_text() const { return patch_; }
  const std::vector<message_effect>& sent() const { return sent_; }
  const std::vector<join_effect>& joins() const { return joins_; }
  /// What the last turn emitted, as `lane value`.
  const std::vector<std::string>& events() const { return events_; }

  /// One turn around f(turn); its merge patch, null when nothing changed. What f or a rule throws undoes it and goes
  /// on.
  template <class F>
  json run(F&& f) {
    try {
      turn_.begin(*self_, now_ms, first_);
      std::forward<F>(f)(turn_);
      const bool changed = turn_.finish();
      patch_.clear();
      if (changed) turn_.encode_patch(patch_, ~std::uint64_t{0});
      if (changed) turn_.mark_paths(marks.root(), ~std::uint64_t{0});
      sent_ = turn_.messages;
      joins_ = turn_.joins;
      events_.clear();
      for (const auto& e : turn_.events) events_.push_back(type_->lanes()[e.lane].name + ' ' + e.value);
      save(changed);
      turn_.end();
      saved_.commit(rows_);
    } catch (...) {
      turn_.undo();
      saved_.clear();
      throw;
    }
    first_ = false;
    return patch_.empty() ? json() : json::parse(patch_);
  }
  /// A turn in which the agent's own code runs.
  template <class F>
  json act(F&& f) {
    return run([&](turn&) { f(**this); });
  }
  json tick() {
    return run([&](turn& t) { fire_due(**this, t); });
  }

  decode_status apply(turn& t, std::string_view lane, std::string_view key, std::string_view value,
                      std::int64_t event_ms = 0) {
    return t.apply(lane_of(lane), {lane_input::kind::put, key, padded(value).view(), {}}, event_ms);
  }
  decode_status remove(turn& t, std::string_view lane, std::string_view key = {}) {
    return t.apply(lane_of(lane), {lane_input::kind::remove, key, {}, {}}, now_ms);
  }
  /// One record in a turn of its own.
  json put(std::string_view lane, std::string_view key, std::string_view value, std::int64_t event_ms = 0) {
    return run([&](turn& t) {
      if (const auto s = apply(t, lane, key, value, event_ms); !s) throw lane_error(s.code, s.detail);
    });
  }
  json patch(std::string_view lane, std::string_view key, std::string_view value, bool whole = false) {
    return write(lane_input::kind::patch, lane, key, value, whole);
  }
  json put_whole(std::string_view lane, std::string_view value) {
    return write(lane_input::kind::put, lane, {}, value, true);
  }
  json command(std::string_view lane, std::string_view value, reply& answer) {
    return run([&](turn& t) {
      if (const auto s = t.command(lane_of(lane), padded(value).view(), answer); !s) throw lane_error(s.code, s.detail);
    });
  }

  /// What a store would hold after the turns so far.
  const row_map& rows() const { return rows_; }
  std::uint64_t rev() const { return rev_; }
  /// Forgets the agent and brings it, or another's, back from rows.
  void load(row_map rows) {
    self_ = type_->make("/thing/1");
    loader_.begin(*self_);
    for (const auto& [place, value] : rows) {
      const auto status = loader_.add(place.first, place.second, value);
      EXPECT_TRUE(status) << status.detail;
    }
    EXPECT_TRUE(loader_.finish());
    EXPECT_EQ(loader_.skipped(), 0u);
    EXPECT_EQ(loader_.birth(), birth);
    rev_ = loader_.rev();
    rows_ = std::move(rows);
    first_ = true;
  }
  void reload() { load(rows_); }

  std::string document_text() const {
    std::string text;
    encode_document(text, *self_, ~std::uint64_t{0});
    return text;
  }
  json document() const { return json::parse(document_text()); }
  /// The merge patch of all paths marked since they were last cleared, as they are now.
  json marked() const {
    std::string text = "{";
    for (const auto& [name, paths] : marks.root().children()) {
      append_json_string(text, name);
      text += ':';
      self_->lane_at(lane_of(name)).encode_marked(text, paths);
      text += ',';
    }
    if (text.back() == ',') text.pop_back();
    return json::parse(text + '}');
  }
  unsigned lane_of(std::string_view name) const {
    const int i = type_->lane_index(name);
    if (i < 0) throw std::out_of_range("no lane " + std::string(name));
    return static_cast<unsigned>(i);
  }

  std::int64_t now_ms = 1'000'000;
  mutable dirty_paths marks;

 private:
  static constexpr std::uint64_t birth = 9;

  void save(bool changed) {
    rev_ += changed;
    if (!turn_.wrote()) return;
    turn_.save(saved_);
    std::string header;
    append_header(header, *self_, birth, rev_);
    saved_.put("", "", header);
  }
  json write(lane_input::kind op, std::string_view lane, std::string_view key, std::string_view value, bool whole) {
    return run([&](turn& t) {
      const padded text(value);
      lane_input in{op, key, text.view(), {}};
      in.whole = whole;
      if (const auto s = t.apply(lane_of(lane), in, now_ms); !s) throw lane_error(s.code, s.detail);
    });
  }

  std::shared_ptr<const agent_type> type_;
  turn turn_;
  std::unique_ptr<agent> self_;
  bool first_ = true;
  std::string patch_;
  std::vector<message_effect> sent_;
  std::vector<join_effect> joins_;
  std::vector<std::string> events_;
  row_collector saved_;
  row_map rows_;
  std::uint64_t rev_ = 0;
  agent_loader loader_;
};

struct item {
  std::string name;
  int price = 0;
  std::optional<std::string> note;
};
BOOST_DESCRIBE_STRUCT(item, (), (name, price, note))

}  // namespace twin_test
