#include <twinlane/ingest/source.hpp>

#include <exception>

#include <twinlane/runtime/log.hpp>

namespace twinlane::ingest {

reading_source::reading_source(source_context&& c, const char* kind, std::string topic)
    : context_(std::move(c)),
      partition_(context_.port->partition(context_.spec.name, topic, 0)),
      router_(context_.spec, context_.target),
      feed_(*context_.port, router_, partition_),
      gate_(*context_.flow, partition_),
      kind_(kind) {
  context_.flow->add(partition_);
}

void reading_source::start() {
  open();
  partition_->assigned = true;
  assigned_.store(true, std::memory_order_release);
  set_state(source_state::waiting);
  thread_ = std::jthread([this](std::stop_token stop) { run_guarded(stop); });
}

void reading_source::request_stop(steady_time) { thread_.request_stop(); }

void reading_source::join() {
  if (thread_.joinable()) thread_.join();
}

void reading_source::run_guarded(std::stop_token stop) {
  try {
    while (!stop.stop_requested() && !context_.may_start())
      context_.time->wait_until(context_.time->now() + std::chrono::milliseconds{5}, stop);
    if (!stop.stop_requested()) {
      set_state(source_state::running);
      run(stop);
    }
    if (state_ != source_state::ended) set_state(source_state::stopped);
  } catch (const std::exception& e) {
    log_limited(log_level::error, "source/" + context_.spec.name,
                "source '" + context_.spec.name + "': stopped: " + e.what());
    std::lock_guard lock(mutex_);
    problem_ = e.what();
    set_state(source_state::failed);
  }
}

bool reading_source::wait_for_room(std::stop_token stop, const std::function<void()>& meanwhile) {
  while (!stop.stop_requested()) {
    if (gate_.open()) return true;
    if (meanwhile) meanwhile();
    context_.time->wait_until(context_.time->now() + std::chrono::milliseconds{1}, stop);
  }
  return false;
}

source_status reading_source::status() const {
  std::lock_guard lock(mutex_);
  return {context_.spec.name, kind_, state_, problem_};
}

bool reading_source::reached_end() const {
  const auto end = end_.load(std::memory_order_acquire);
  if (end < 0) return false;
  return partition_->low_mark() >= end || partition_->stored_low_mark.value_or(0) >= end;
}

}  // namespace twinlane::ingest
