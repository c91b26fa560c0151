#include <twinlane/agents/testing.hpp>

#include <algorithm>
#include <stdexcept>

#include <twinlane/agents/agent_header.hpp>
#include <twinlane/agents/agent_loader.hpp>

namespace twinlane::testing {
namespace {

constexpr std::uint64_t birth = 1;
constexpr std::int64_t again_ms = 10'000;
constexpr std::uint64_t all_lanes = ~std::uint64_t{0};

/// Text with the readable bytes behind it that a decoder asks for.
class padded {
 public:
  explicit padded(std::string_view text) : bytes_(text), size_(text.size()) { bytes_.append(64, '\0'); }
  std::string_view view() const { return std::string_view(bytes_).substr(0, size_); }

 private:
  std::string bytes_;
  std::size_t size_;
};

void expect(const decode_status& s) {
  if (!s) throw std::runtime_error(s.detail);
}

}  // namespace

/// Writes a turn's rows over what is kept.
class any_twin::row_keeper final : public row_sink {
 public:
  explicit row_keeper(decltype(rows_)& to) : to_(to) {}
  void put(std::string_view lane, std::string_view key, std::string_view value) override {
    to_[{std::string(lane), std::string(key)}] = value;
  }
  void remove(std::string_view lane, std::string_view key) override {
    to_.erase({std::string(lane), std::string(key)});
  }

 private:
  decltype(rows_)& to_;
};

any_twin::any_twin(std::shared_ptr<const agent_type> type, std::string uri, std::int64_t now_ms)
    : type_(std::move(type)), turn_(*type_), now_ms_(now_ms) {
  if (!type_->path().matches(uri))
    throw std::invalid_argument("route " + type_->path().pattern() + " does not take " + uri);
  self_ = type_->make(std::move(uri));
}

any_twin::~any_twin() = default;

unsigned any_twin::lane_index(std::string_view name) const {
  const int i = type_->lane_index(name);
  if (i < 0) throw std::invalid_argument(self_->uri() + " has no lane '" + std::string(name) + "'");
  return static_cast<unsigned>(i);
}

// False when the turn threw, and is undone.
bool any_twin::run(const std::function<void(turn&)>& work, const std::string& what) {
  turn_.begin(*self_, now_ms_, starts_);
  try {
    work(turn_);
    const bool changed = turn_.finish();
    if (changed) {
      std::string patch;
      turn_.encode_patch(patch, all_lanes);
      diffs_.push_back(nlohmann::json::parse(patch));
    }
    rev_ += changed;
    collect(turn_);
    starts_ = false;
    turn_.end();
    return true;
  } catch (const std::exception& x) {
    turn_.undo();
    failures_.push_back({what, x.what()});
  } catch (...) {
    turn_.undo();
    failures_.push_back({what, "the agent threw something that is not a std::exception"});
  }
  return false;
}

void any_twin::collect(turn& t) {
  for (const auto& m : t.messages) sent_.push_back({m.uri, m.lane, m.key, nlohmann::json::parse(m.value)});
  for (const auto& e : t.emissions) emitted_.push_back({e.sink, e.key, nlohmann::json::parse(e.value)});
  for (const auto& e : t.events) events_.push_back({type_->lanes()[e.lane].name, nlohmann::json::parse(e.value)});
  for (const auto& j : t.joins) joins_.push_back({type_->lanes()[j.lane].name, j.key, j.uri, j.from_lane, j.leave});
  if (!t.wrote()) return;
  row_keeper keeper(rows_);
  t.save(keeper);
  std::string header;
  append_header(header, *self_, birth, rev_);
  keeper.put("", "", header);
}

bool any_twin::feed(std::span<const event> events) {
  const auto before = failures_.size();
  const auto apply = [&](turn& t, const event& e) {
    const padded text(e.json);
    const auto op = e.remove ? lane_input::kind::remove : lane_input::kind::put;
    const auto s = t.apply(lane_index(e.lane), {op, e.key, text.view(), {}}, e.time_ms.value_or(now_ms_));
    if (!s) failures_.push_back({std::string(e.lane), s.detail});
  };
  for (const auto& e : events) lane_index(e.lane);
  const auto what = events.size() == 1 ? std::string(events[0].lane) : "turn";
  const bool done = run(
      [&](turn& t) {
        for (const auto& e : events) apply(t, e);
      },
      what);
  if (done || events.size() == 1) return failures_.size() == before;
  failures_.resize(before);
  for (const auto& e : events) feed(std::span(&e, 1));
  return failures_.size() == before;
}

bool any_twin::hear(std::string_view lane, std::string_view key, const nlohmann::json& value) {
  const auto index = lane_index(lane);
  std::vector<join_effect> followed;
  self_->lane_at(index).collect_joins(followed);
  const auto of = std::find_if(followed.begin(), followed.end(), [&](const auto& j) { return j.key == key; });
  if (of == followed.end())
    throw std::invalid_argument("lane '" + std::string(lane) + "' follows nobody under '" + std::string(key) + "'");
  const padded text(value.is_null() ? std::string() : value.dump());
  const auto op = value.is_null() ? lane_input::kind::remove : lane_input::kind::join;
  return run([&](turn& t) { expect(t.apply(index, {op, key, text.view(), of->uri}, now_ms_)); }, std::string(lane));
}

answer any_twin::command(std::string_view lane, std::string_view json) {
  const auto index = lane_index(lane);
  if (type_->lanes()[index].kind != lane_kind::command)
    throw std::invalid_argument("lane '" + std::string(lane) + "' takes no commands");
  const padded text(json);
  reply said;
  const bool done = run([&](turn& t) { expect(t.command(index, text.view(), said)); }, std::string(lane));
  if (!done) return {false, false, failures_.back().why};
  return {!said.refused(), said.refused(), said.text()};
}

std::int64_t any_twin::due_ms() const {
  return std::min(self_->next_timer_ms(), std::max(self_->next_expiry_ms(), evict_after_ms_));
}

void any_twin::advance(std::chrono::milliseconds by) {
  constexpr int turns_max = 1'000'000;
  const auto end = now_ms_ + by.count();
  auto earliest = now_ms_;
  for (int turns = 0; std::max(due_ms(), earliest) <= end; ++turns) {
    if (turns == turns_max) throw std::runtime_error("the timers of " + self_->uri() + " never come to rest");
    now_ms_ = std::max(due_ms(), earliest);
    fire_due();
    // A timer that sets itself to now fires again a millisecond later.
    earliest = now_ms_ + 1;
  }
  now_ms_ = end;
}

// Each timer has a turn of its own, and so has retention; one that throws is tried again later.
void any_twin::fire_due() {
  if (std::max(self_->next_expiry_ms(), evict_after_ms_) <= now_ms_)
    evict_after_ms_ = run([](turn& t) { t.evict(); }, "retention") ? 0 : now_ms_ + again_ms;
  for (std::size_t i = 0; i < type_->timers().size(); ++i) {
    if (self_->timer_at(i).due_ms() > now_ms_) continue;
    if (!run([i](turn& t) { t.fire_timer(i); }, type_->timers()[i].name)) turn::postpone(*self_, i, now_ms_ + again_ms);
  }
}

void any_twin::restart() {
  auto again = type_->make(self_->uri());
  if (!rows_.empty()) {
    agent_loader loader;
    loader.begin(*again);
    for (const auto& [place, value] : rows_) expect(loader.add(place.first, place.second, value));
    expect(loader.finish());
  }
  if (!starts_) turn::stop(*self_);
  self_ = std::move(again);
  starts_ = true;
}

nlohmann::json any_twin::document() const {
  std::string text;
  encode_document(text, *self_, all_lanes);
  return nlohmann::json::parse(text);
}

nlohmann::json any_twin::lane(std::string_view name) const {
  const auto& of = self_->lane_at(lane_index(name));
  std::string text;
  if (of.info().kind == lane_kind::demand)
    static_cast<const demand_lane_base&>(of).compute(now_ms_, text);
  else if (of.present())
    of.encode_value(text);
  else
    return nullptr;
  return nlohmann::json::parse(text);
}

void any_twin::forget() {
  diffs_.clear();
  sent_.clear();
  emitted_.clear();
  events_.clear();
  joins_.clear();
  failures_.clear();
}

}  // namespace twinlane::testing
