#include <twinlane/ingest/source.hpp>

#include <algorithm>
#include <exception>

#include <twinlane/runtime/log.hpp>

namespace twinlane::ingest {

reading_source::reading_source(source_context&& c, const char* kind, std::string topic)
    : context_(std::move(c)), router_(context_.spec, context_.target), kind_(kind), topic_(std::move(topic)) {}

std::shared_ptr<source_partition> reading_source::partition(std::int32_t number) const {
  return context_.port->partition(context_.spec.name, topic_, number);
}

void reading_source::read_as(std::shared_ptr<source_partition> p) {
  partition_ = std::move(p);
  feed_.emplace(*context_.port, router_, partition_);
  gate_.emplace(*context_.flow, partition_);
  context_.flow->add(partition_);
}

void reading_source::start() {
  open();
  if (partition_) did_assign();
  thread_ = std::jthread([this](std::stop_token stop) { run_guarded(stop); });
}

void reading_source::did_assign() {
  partition_->assigned = true;
  set_state(source_state::waiting);
  assigned_.store(true, std::memory_order_release);
}

void reading_source::request_stop(steady_time) { thread_.request_stop(); }

void reading_source::join() {
  if (thread_.joinable()) thread_.join();
}

void reading_source::run_guarded(std::stop_token stop) {
  try {
    if (!partition_) {
      find_partition(stop);
      if (partition_) did_assign();
    }
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
    assigned_.store(true, std::memory_order_release);  // nobody waits for it any longer
  }
}

bool reading_source::wait_for_room(std::stop_token stop, const std::function<void()>& meanwhile) {
  while (!stop.stop_requested()) {
    if (gate_->open()) return true;
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
  return std::max<std::int64_t>(partition_->low_mark(), 0) >= end;
}

}  // namespace twinlane::ingest
