#include <twinlane/ingest/kafka_source.hpp>

#include <twinlane/ingest/kafka_consumer.hpp>

namespace twinlane::ingest {

kafka_source::kafka_source(source_context c, std::shared_ptr<kafka_consumer> consumer)
    : context_(std::move(c)), consumer_(std::move(consumer)), router_(context_.spec, context_.target) {
  consumer_->attach(*this);
}

void kafka_source::start() { consumer_->start(); }

void kafka_source::request_stop(steady_time deadline) { consumer_->request_stop(deadline); }

void kafka_source::join() {
  consumer_->join();
  set_assigned(false);
  std::lock_guard lock(mutex_);
  if (state_ != source_state::failed) state_ = source_state::stopped;
}

source_status kafka_source::status() const {
  std::lock_guard lock(mutex_);
  return {context_.spec.name, "kafka", state_, problem_};
}

std::shared_ptr<source_partition> kafka_source::partition(std::int32_t number) {
  auto p = context_.port->partition(name(), topic(), number);
  context_.flow->add(p);
  return p;
}

void kafka_source::set_state(source_state s) {
  std::lock_guard lock(mutex_);
  state_ = s;
}

void kafka_source::set_problem(std::string text) {
  std::lock_guard lock(mutex_);
  problem_ = std::move(text);
}

}  // namespace twinlane::ingest
