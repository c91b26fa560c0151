#pragma once

#include <algorithm>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>
#include <twinlane/runtime/port.hpp>

namespace runtime_test {

using nlohmann::json;
using namespace twinlane;

/// A subscriber that folds what it hears and notes what breaks the rules of the stream.
class following final : public subscriber {
  template <class F>
  auto locked(F&& f) const {
    std::lock_guard lock(mutex_);
    return f();
  }

 public:
  /// Asked before each snapshot and diff whether it is refused; empty: none is. has_room() goes before the pull.
  std::function<bool()> refuses;

  bool on_snapshot(std::uint64_t, const snapshot& s) override {
    std::lock_guard lock(mutex_);
    if (refused()) return false;
    if (s.resumed) return resumed(s);
    state_ = json::parse(s.lanes());
    lineage_ = s.lineage;
    rev_ = s.rev;
    exists_ = s.exists;
    said_.push_back("snap " + std::to_string(s.rev) + (s.exists ? "" : " none"));
    const auto whole = json::parse(R"({"op":"snap",)" + *s.tail);
    if (whole["rev"] != s.rev || whole["lanes"] != state_ || whole["uri"] != s.uri || whole["exists"] != s.exists)
      broken_ = "snapshot's text does not say what it is";
    return true;
  }
  bool on_diff(std::uint64_t, const diff& d) override {
    std::lock_guard lock(mutex_);
    if (refused()) return false;
    if (!exists_) broken_ = "a diff without a snapshot";
    if (d.from != rev_) broken_ = "diff from " + std::to_string(d.from) + " after rev " + std::to_string(rev_);
    if (d.rev <= d.from) broken_ = "rev does not grow";
    const auto whole = json::parse("{" + *d.tail);
    if (whole["rev"] != d.rev || whole["patch"] != json::parse(d.patch()))
      broken_ = "diff's text does not say what it is";
    rev_ = d.rev;
    const auto before = state_;
    state_.merge_patch(json::parse(d.patch()));
    if (!d.merged && state_ == before && says_something(whole["patch"])) broken_ = "diff of nothing " + whole.dump();
    patches_.push_back(json::parse(d.patch()));
    said_.push_back((d.merged ? "merged " : "diff ") + std::to_string(d.from) + ">" + std::to_string(d.rev));
    return true;
  }
  void on_life(std::uint64_t, const life_event& e) override {
    std::lock_guard lock(mutex_);
    said_.push_back("life " + std::string(e.event));
  }
  void on_event(std::uint64_t, const supply_event& e) override {
    std::lock_guard lock(mutex_);
    const auto whole = json::parse("{" + *e.tail + ",\"dropped\":0}");
    if (whole["value"] != json::parse(e.value())) broken_ = "event's text does not say what it is";
    said_.push_back("event " + whole["lane"].get<std::string>() + " " + whole["value"].dump());
  }
  void on_done(std::uint64_t, std::string_view reason) override {
    std::lock_guard lock(mutex_);
    said_.push_back("done " + std::string(reason));
  }

  /// From here on it takes what it is told.
  void has_room() {
    std::lock_guard lock(mutex_);
    waits_ = false;
  }
  bool waits() const {
    return locked([&] { return waits_; });
  }
  /// Has what the other one had when it went, to resume from there.
  void take_over(const following& other) {
    std::scoped_lock lock(mutex_, other.mutex_);
    state_ = other.state_;
    lineage_ = other.lineage_;
    rev_ = other.rev_;
    exists_ = other.exists_;
  }
  resume_point at() const {
    return locked([&] { return resume_point{lineage_, rev_}; });
  }
  json state() const {
    return locked([&] { return state_; });
  }
  std::string lineage() const {
    return locked([&] { return lineage_; });
  }
  std::uint64_t rev() const {
    return locked([&] { return rev_; });
  }
  std::vector<std::string> said() const {
    return locked([&] { return said_; });
  }
  std::vector<json> patches() const {
    return locked([&] { return patches_; });
  }
  /// Empty while all rules held.
  std::string broken() const {
    return locked([&] { return broken_; });
  }

 private:
  bool refused() {
    if (waits_) broken_ = "told before it pulled";
    return waits_ = refuses && refuses();
  }
  bool resumed(const snapshot& s) {
    if (!exists_ || s.rev != rev_ || s.lineage != lineage_) broken_ = "resumed where it was not";
    const auto whole = json::parse(R"({"op":"snap",)" + *s.tail);
    if (whole["rev"] != rev_ || whole["lineage"] != lineage_ || whole["resumed"] != true || whole.contains("lanes"))
      broken_ = "resuming snapshot's text does not say what it is";
    said_.push_back("resumed " + std::to_string(s.rev));
    return true;
  }
  // Nulls alone tell nothing that one could have.
  static bool says_something(const json& patch) {
    if (!patch.is_object()) return !patch.is_null();
    return std::any_of(patch.begin(), patch.end(), [](const json& v) { return says_something(v); });
  }

  mutable std::mutex mutex_;
  json state_ = json::object();
  std::string lineage_, broken_;
  std::uint64_t rev_ = 0;
  bool exists_ = false, waits_ = false;
  std::vector<std::string> said_;
  std::vector<json> patches_;
};

}  // namespace runtime_test
