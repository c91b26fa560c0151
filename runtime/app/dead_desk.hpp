#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <twinlane/ingest/replayer.hpp>
#include <twinlane/runtime/dead_letters.hpp>
#include <twinlane/web/options.hpp>

namespace twinlane::app {

/// Shows dead letters and hands them over again, a page at a time, on a thread of its own.
///
/// Shape    list: `{"items":[letters],"next":"…"}`. replay: `{"replayed":2,"refused":[{"id","why"}],"next":"…"}`, where
///          replayed ones are marked as done, also those that have become new letters; `"dead_again"` counts these.
///          No next: that was all. Replaying ends with the letters that were there at its first page
/// Units    at most 16 requests wait; a page has at most 4 MiB of letters
/// Threads  any
/// Errors   bad_request for an `after` that is no `next`; too_busy; not_ready while the server stops; store_full when
///          what was replayed could not be marked, so that it will be again
class dead_desk {
 public:
  using done_fn = std::function<void(outcome<std::string>)>;

  dead_desk(dead_letters& place, std::vector<ingest::source_spec> sources, port& p,
            ingest::replayer::sink_handler to_sink);
  ~dead_desk();

  void list(web::dead_query q, done_fn done) { push({std::move(q), std::move(done), false}); }
  void replay(web::dead_query q, done_fn done) { push({std::move(q), std::move(done), true}); }
  /// Answers what waits with not_ready.
  void stop();

 private:
  struct job {
    web::dead_query query;
    done_fn done;
    bool again;
  };
  void push(job j);
  void run(std::stop_token stop);
  outcome<std::string> page(const web::dead_query& q) const;
  outcome<std::string> replay_page(const web::dead_query& q, std::stop_token stop);

  dead_letters& place_;
  ingest::replayer replayer_;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::deque<job> jobs_;
  bool stopping_ = false;
  std::jthread thread_;
};

}  // namespace twinlane::app
