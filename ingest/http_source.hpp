#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include <twinlane/ingest/source.hpp>

namespace twinlane::ingest {

/// Takes records from bodies that come over HTTP, and answers when they are applied and durable.
///
/// Shape    one record a line; offset = number of the record since the first body
/// Units    waiting bodies: at most 1,000 and 256 MiB, else too_busy; the answers of the last 10,000 idempotency keys
///          are remembered in memory
/// Threads  handle() from any thread, it never blocks; a thread of its own routes and answers
class http_source final : public reading_source {
 public:
  using callback = std::function<void(outcome<http_answer>)>;

  explicit http_source(source_context c);
  ~http_source() override;

  void handle(std::string body, std::optional<std::string> idempotency_key, callback done);

  void request_stop(steady_time deadline) override;
  void join() override;

 private:
  /// One body from its arrival to its answer. Shared by repeats of its idempotency key.
  struct request {
    std::string body, key;
    std::size_t body_bytes = 0, body_hash = 0;
    std::vector<callback> waiting;      // under the mutex
    std::optional<http_answer> answer;  // set once answered, under the mutex
    // The thread's own.
    http_answer result;
    std::int64_t end = 0;  // offset behind its last record
    struct run {
      std::int64_t offset;
      std::uint64_t line;
    };
    std::vector<run> lines;  // where line - offset changes
  };
  /// What shards tell. They may do so after the source is gone.
  struct signals {
    std::mutex mutex;
    std::condition_variable_any wake;
    bool advanced = false;
    std::map<std::int64_t, std::string> rejected;  // by offset; at most 10,000
    std::vector<std::int64_t> rejected_unnamed;    // offsets beyond that
  };
  using request_ptr = std::shared_ptr<request>;

  void run(std::stop_token stop) override;
  request_ptr take_next(std::stop_token stop);
  std::optional<error> read_body(request& r, std::stop_token stop);
  std::optional<error> read_header(std::string_view& rest, std::uint64_t& line);
  void add_record(request& r, std::string_view text, std::uint64_t line);
  void take_rejections(request& r);
  static std::uint64_t line_of(const request& r, std::int64_t offset);
  void answer_applied();
  void answer(const request_ptr& r, const outcome<http_answer>& what);
  void remember(const std::string& key, const request_ptr& r);
  void forget(const std::string& key);
  void forget_oldest();

  std::shared_ptr<signals> signals_ = std::make_shared<signals>();

  // Under the mutex in signals_.
  std::deque<request_ptr> queue_;
  std::size_t queue_bytes_ = 0;
  bool accepting_ = true;
  steady_time deadline_{};
  std::map<std::string, request_ptr, std::less<>> remembered_;
  std::deque<std::string> remembered_order_;
  std::size_t remembered_lines_ = 0;

  // The thread's own.
  std::deque<request_ptr> posted_;
  std::int64_t offset_ = 0;
};

}  // namespace twinlane::ingest
