#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <twinlane/ingest/back_off.hpp>
#include <twinlane/ingest/http_client.hpp>
#include <twinlane/ingest/sink.hpp>
#include <twinlane/ingest/webhook_request.hpp>

namespace twinlane::ingest {

/// Sends each item as an HTTP request.
///
/// Order    by agent: one request of it at a time, several agents beside each other
/// Units    at most 10,000 items and 16 MiB held; those of one agent that waits do not hold back others within this
/// bound Threads  one sends Errors   2xx: arrived. 408, 429 (after its Retry-After), 5xx and silence: tried again,
/// which holds back that agent
///          alone. Any other answer, or too many tries: a dead letter. A receiver that cannot be reached, or is silent
///          three times in a row, holds back all; one request at a time then asks whether it is there again, and costs
///          no try
class webhook_sink final : public sink {
 public:
  explicit webhook_sink(sink_context c);
  ~webhook_sink() override;

  /// What is wrong with the spec, as (field, text).
  static std::vector<std::pair<std::string, std::string>> refusals(const webhook_spec& spec);

 private:
  /// What waits of one agent, and what its first item has come to.
  struct agent_line {
    std::deque<sink_queue::entry> items;
    unsigned tries = 0;
    steady_time first_try{};
    std::optional<rejection> dead;  // to be written down
  };
  using line_map = std::unordered_map<std::string, agent_line>;
  /// Lets shards wake the thread, whoever of both ends first.
  struct waker;

  void run(std::stop_token stop) override;
  void did_request_stop() override;
  void fill();
  void wake_due(steady_time now);
  void send_due(steady_time now);
  void send_first(line_map::value_type& agent, steady_time now);
  void did_end(const http_reply& reply, steady_time now);
  void did_answer(line_map::value_type& agent, const http_reply& reply, steady_time now);
  void did_fail(line_map::value_type& agent, const http_reply& reply, steady_time now);
  void try_again(line_map::value_type& agent, const std::string& why, std::optional<std::chrono::seconds> after,
                 steady_time now);
  void wait_until(line_map::value_type& agent, steady_time t);
  void next_item(line_map::value_type& agent);
  void hold_back(const std::string& why, steady_time now);
  std::chrono::milliseconds time_to_wait(steady_time now) const;

  const webhook_spec webhook_;
  webhook_request request_;
  back_off item_back_off_, sink_back_off_;
  std::shared_ptr<waker> waker_;
  http_client client_;

  // The thread's own.
  line_map lines_;  // of agents that have items here
  std::size_t items_ = 0, bytes_ = 0;
  std::deque<line_map::value_type*> due_;
  std::multimap<steady_time, line_map::value_type*> later_;
  std::map<std::uint64_t, line_map::value_type*> sent_;  // by tag
  std::uint64_t next_tag_ = 0;
  bool held_back_ = false;
  unsigned silences_ = 0, outages_ = 0;  // in a row
  steady_time next_look_{};
};

}  // namespace twinlane::ingest
