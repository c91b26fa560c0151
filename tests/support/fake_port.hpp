#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <nlohmann/json.hpp>

#include <twinlane/agents/uri.hpp>
#include <twinlane/runtime/port.hpp>

namespace twinlane::testing {

inline std::vector<type_description> retail_types() {
  return {{"customer",
           "/customer/:id",
           "shared",
           "events",
           {{"profile", lane_kind::value, false, false},
            {"orders", lane_kind::map, true, false},
            {"prefs", lane_kind::value, true, false},
            {"clicks", lane_kind::log, false, true},
            {"issue_voucher", lane_kind::command, false, false},
            {"alerts", lane_kind::supply, false, false},
            {"summary", lane_kind::demand, false, false}}},
          {"product", "/product/:id", "shared", "events", {{"details", lane_kind::value, false, false}}}};
}

/// A runtime in memory that a test drives: entities are set, erased and announced by hand, answers come from a thread
/// of its own, as they come from shards.
///
/// Shape    types: customer (/customer/:id) with profile, orders (writable map), prefs (writable value), clicks (log)
///          issue_voucher, alerts (supply) and summary, which counts the lanes that are there; product (/product/:id)
///          with details. issue_voucher takes {"amount": n}: n < 0 is bad_value, n > 1000 fails, else it is put into
///          orders under `v<n>` and answered with {"given":n}. A link that was refused something hears nothing until
///          pull(), and then one merged diff or a snapshot; who has one of the last 32 revs resumes
/// Threads  any
class fake_port : public port {
 public:
  explicit fake_port(std::vector<type_description> types = retail_types());
  ~fake_port() override;

  // The test's side.
  /// Sets a lane's value, or one entry of it, with a new rev and a diff; creates the entity. null removes.
  std::uint64_t set(const std::string& uri, const std::string& lane, const nlohmann::json& value);
  std::uint64_t set_entry(const std::string& uri, const std::string& lane, const std::string& key,
                          const nlohmann::json& value);
  void erase(const std::string& uri);
  void announce(const std::string& uri, std::string_view event, const std::string& cause);
  /// As a supply lane does in a turn that changes nothing.
  void emit(const std::string& uri, const std::string& lane, const nlohmann::json& value);
  nlohmann::json document(const std::string& uri) const;
  /// Answers wait from here on, until they are let go.
  void hold_answers();
  void release_answers();
  void set_ready(bool yes) { ready_ = yes; }
  std::size_t subscribers() const;
  /// Ends a subscription as the runtime does.
  void end_all(std::string_view reason);
  std::shared_ptr<source_partition> add_partition(const std::string& source, const std::string& topic,
                                                  std::int32_t number);

  // port
  std::shared_ptr<source_partition> partition(const std::string&, const std::string&, std::int32_t) override;
  outcome<target_info> resolve_target(std::string_view, std::string_view) override;
  void post(const std::shared_ptr<source_partition>&, std::span<const routed_record>, std::vector<dead_letter>,
            std::int64_t, steady_time, std::shared_ptr<const ingest_request>) override;
  void get(const std::string& uri, const view& what, answer<snapshot> a) override;
  void get_lane(const std::string& uri, const std::string& lane, const std::optional<std::string>& key,
                answer<lane_value> a) override;
  void command(command_request r, answer<command_result> a) override;
  void write(write_request r, answer<command_result> a) override;
  void remove(const std::string& uri, std::optional<std::string> if_match, answer<std::monostate> a) override;
  outcome<subscription> subscribe(const subscribe_request& r, std::shared_ptr<subscriber> s,
                                  std::uint64_t tag) override;
  void unsubscribe(const subscription& s) override;
  void pull(const subscription& s) override;
  std::vector<type_description> types() const override { return types_; }
  void entities(const std::string& type, const std::string& after, std::size_t limit, answer<entity_page> a) override;
  std::vector<std::shared_ptr<source_partition>> partitions() const override;
  bool ready() const override { return ready_; }

 private:
  struct entity {
    std::string lineage;
    std::uint64_t rev = 0;
    nlohmann::json lanes = nlohmann::json::object();
    std::map<std::uint64_t, nlohmann::json> past;  // what the last revs were, for those who resume
  };
  struct link {
    subscribe_request wanted;
    std::shared_ptr<subscriber> to;
    std::uint64_t tag;
    bool started = false, behind = false;
    // What it was told last; no lineage: nothing, or that the entity does not exist.
    std::string lineage{};
    std::uint64_t rev = 0;
    nlohmann::json seen{};
  };

  void run();
  void later(std::function<void()> job);
  const type_description* type_of(const std::string& uri) const;
  std::optional<error> wrong_lanes(const std::string& uri, const view& what) const;
  snapshot make_snapshot(const std::string& uri, const view& what) const;
  void start(link& l);
  bool resume(link& l);
  void tell_snapshot(link& l);
  void tell_diff(link& l, steady_time arrived, bool merged);
  bool is_told(const link& l) const;
  std::uint64_t change(const std::string& uri, const std::function<void(nlohmann::json&)>& f, steady_time arrived);
  outcome<command_result> apply(const command_request& r);
  outcome<command_result> apply(const write_request& r);
  void publish(const std::string& uri, steady_time arrived);

  std::vector<type_description> types_;
  std::vector<route> routes_;
  mutable std::mutex mutex_;
  std::map<std::string, entity> entities_;
  std::map<std::uint64_t, link> links_;
  std::map<std::string, command_result> done_;  // by idempotency key
  std::vector<std::shared_ptr<source_partition>> partitions_;
  std::uint64_t next_link_ = 1, births_ = 0;
  std::atomic<bool> ready_{true};

  std::mutex jobs_mutex_;
  std::condition_variable jobs_changed_;
  std::deque<std::function<void()>> jobs_;
  bool held_ = false, stop_ = false;
  std::thread worker_;
};

}  // namespace twinlane::testing
