#include <twinlane/ingest/detail/kafka_problems.hpp>

#include <twinlane/runtime/log.hpp>

namespace twinlane::ingest::detail {

void kafka_problems::did_fail(const rd_kafka_message_t& m, kafka_assignment& assignment) {
  const std::string topic = m.rkt != nullptr ? rd_kafka_topic_name(m.rkt) : "";
  if (m.err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART || m.err == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC)
    return topic_is_missing(topic);
  if (m.err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET) return offset_out_of_range(m, assignment);
  const std::string text = rd_kafka_message_errstr(&m);
  log_limited(log_level::warn, "kafka/" + topic + '/' + rd_kafka_err2name(m.err),
              "Kafka " + brokers_ + ": " + (topic.empty() ? "" : "topic '" + topic + "': ") + text);
  for (auto* s : sources_)
    if (topic.empty() || s->topic() == topic) s->set_problem(text);
}

void kafka_problems::did_fail(rd_kafka_t* k, rd_kafka_resp_err_t err, const std::string& text) {
  if (err == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) {
    if (!unreachable_) {
      const auto problem = "no broker of " + brokers_ + " answers; trying again. Check kafka.brokers and the network";
      log_limited(log_level::warn, "kafka/down/" + brokers_, problem);
      tell_all(problem);
    }
    unreachable_ = true;
  } else if (err == RD_KAFKA_RESP_ERR__FATAL) {
    char why[512];
    rd_kafka_fatal_error(k, why, sizeof why);
    log_limited(log_level::error, "kafka/fatal/" + brokers_,
                "Kafka " + brokers_ + ": the client gave up and is made anew: " + why);
    fatal_ = true;
  } else {
    log_limited(log_level::warn, "kafka/" + brokers_ + '/' + rd_kafka_err2name(err), "Kafka " + brokers_ + ": " + text);
  }
}

void kafka_problems::did_hear() {
  if (!unreachable_) return;
  unreachable_ = false;
  tell_all({});
}

void kafka_problems::did_assign(rd_kafka_t* k, const rd_kafka_topic_partition_list_t& list) {
  for (int i = 0; i < list.cnt; ++i) missing_.erase(list.elems[i].topic);
  // All partitions of a topic may be another member's.
  std::erase_if(missing_, [&](const std::string& t) { return topic_exists(k, t, 500).value_or(false); });
}

void kafka_problems::offset_out_of_range(const rd_kafka_message_t& m, kafka_assignment& assignment) {
  auto* slot = m.rkt != nullptr ? assignment.find(rd_kafka_topic_name(m.rkt), m.partition) : nullptr;
  if (slot == nullptr) return;
  const auto text = "topic '" + slot->topic + "' partition " + std::to_string(slot->number) + ": " +
                    rd_kafka_message_errstr(&m) +
                    ". The broker holds other offsets than were stored here; reading on would skip records";
  log_limited(log_level::error, "kafka/range/" + slot->topic, text);
  slot->broken = true;
  for (const auto& r : slot->readers) {
    r->source.set_problem(text);
    r->source.set_state(source_state::failed);
  }
}

void kafka_problems::topic_is_missing(const std::string& topic) {
  missing_.insert(topic);
  const auto text = missing_topic_text(topic, brokers_);
  for (auto* s : sources_) {
    if (s->topic() != topic) continue;
    s->set_assigned(false);
    s->set_problem(text);
    log_limited(log_level::error, "kafka/missing/" + s->name(), "source '" + s->name() + "': " + text);
  }
}

void kafka_problems::look(rd_kafka_t* k) {
  const auto topics = missing_;
  for (const auto& topic : unreachable_ ? std::set<std::string>{sources_.front()->topic()} : topics) {
    const auto exists = topic_exists(k, topic, 500);
    if (!exists) return;
    if (unreachable_) tell_all({});
    unreachable_ = false;
    if (!*exists) topic_is_missing(topic);
  }
}

void kafka_problems::tell_all(const std::string& problem) {
  for (auto* s : sources_) {
    if (s->status().state == source_state::failed) continue;
    if (problem.empty() && is_missing(s->topic()))
      s->set_problem(missing_topic_text(s->topic(), brokers_));
    else
      s->set_problem(problem);
  }
}

}  // namespace twinlane::ingest::detail
