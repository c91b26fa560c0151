#include <twinlane/ingest/sink.hpp>

#include <algorithm>
#include <exception>
#include <utility>

#include <twinlane/ingest/clock.hpp>
#include <twinlane/ingest/sink_letter.hpp>
#include <twinlane/runtime/log.hpp>

namespace twinlane::ingest {

sink::sink(sink_context&& c, const char* kind) : context_(std::move(c)), kind_(kind) {}

void sink::start() {
  thread_ = std::jthread([this](std::stop_token stop) { guarded_run(stop); });
}

void sink::guarded_run(std::stop_token stop) {
  while (!stop.stop_requested()) {
    try {
      run(stop);
    } catch (const std::exception& e) {
      set_down(e.what());
      pause(std::chrono::seconds{1}, stop);
    }
  }
  std::lock_guard lock(mutex_);
  state_ = sink_state::stopped;
}

void sink::request_stop(steady_time deadline) {
  {
    std::lock_guard lock(mutex_);
    deadline_ = deadline;
  }
  thread_.request_stop();
  context_.queue->close();
  did_request_stop();
}

void sink::join() {
  if (thread_.joinable()) thread_.join();
}

steady_time sink::deadline() const {
  std::lock_guard lock(mutex_);
  return deadline_;
}

void sink::pause(std::chrono::milliseconds time, std::stop_token stop) {
  auto& clock = system_clock();
  clock.wait_until(clock.now() + time, stop);
}

sink_status sink::status() const {
  sink_status s;
  s.name = name();
  s.kind = kind_;
  const auto here = context_.queue->waiting_items() + held_.load(std::memory_order_relaxed);
  const auto stored = std::max<std::int64_t>(context_.queue->stored.load(std::memory_order_relaxed), 0);
  s.waiting = std::max(here, static_cast<std::size_t>(stored));  // items that are replayed are not in the store
  s.sent = sent_.load(std::memory_order_relaxed);
  s.retried = retried_.load(std::memory_order_relaxed);
  s.dead = dead_.load(std::memory_order_relaxed);
  std::lock_guard lock(mutex_);
  s.state = state_;
  s.problem = problem_;
  return s;
}

std::vector<sink_queue::entry> sink::take(std::size_t max, std::chrono::milliseconds wait) {
  auto taken = context_.queue->take(max, wait);
  held_.fetch_add(taken.size(), std::memory_order_relaxed);
  return taken;
}

void sink::did_send(sink_queue::entry& e) {
  sent_.fetch_add(1, std::memory_order_relaxed);
  held_.fetch_sub(1, std::memory_order_relaxed);
  e.arrived();
}

bool sink::bury(sink_queue::entry& e, dead_reason reason, std::string_view why) {
  const auto letter = letter_of(name(), e.item, reason, why);
  if (!context_.bury(std::span(&letter, 1))) return false;
  log_limited(log_level::warn, "sink/dead/" + name(),
              "sink '" + name() + "': an item of " + e.item.uri +
                  " went to the dead letters: " + std::string(name_of(reason)) + ": " + std::string(why));
  dead_.fetch_add(1, std::memory_order_relaxed);
  held_.fetch_sub(1, std::memory_order_relaxed);
  e.arrived();
  return true;
}

void sink::set_running() {
  std::lock_guard lock(mutex_);
  if (state_ == sink_state::down)
    log_limited(log_level::info, "sink/up/" + name(), "sink '" + name() + "': takes items again");
  state_ = sink_state::running;
  problem_.clear();
}

void sink::set_down(const std::string& problem) {
  std::lock_guard lock(mutex_);
  if (state_ != sink_state::down || problem_ != problem)
    log_limited(log_level::warn, "sink/down/" + name(),
                "sink '" + name() + "': " + problem + ". Items wait and are tried again");
  state_ = sink_state::down;
  problem_ = problem;
}

bool sink::is(sink_state s) const {
  std::lock_guard lock(mutex_);
  return state_ == s;
}

}  // namespace twinlane::ingest
