#include <twinlane/ingest/detail/kafka_problems.hpp>

#include <algorithm>

#include <twinlane/runtime/log.hpp>

namespace twinlane::ingest::detail {
namespace {

constexpr int range_timeout_ms = 2000;

}  // namespace

void kafka_problems::did_fail(rd_kafka_t* k, const rd_kafka_message_t& m, kafka_assignment& assignment) {
  const std::string topic = m.rkt != nullptr ? rd_kafka_topic_name(m.rkt) : "";
  if (m.err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART || m.err == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC)
    return topic_is_missing(topic);
  if (m.err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET) {
    const auto* slot = assignment.find(topic, m.partition);
    return slot != nullptr ? did_lose_place(k, *slot, assignment) : void();
  }
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

// Asked before the first record is read: librdkafka would tell of one partition after others were read.
void kafka_problems::check_starts(rd_kafka_t* k, kafka_assignment& assignment) {
  const kafka_list list(rd_kafka_topic_partition_list_new(0));
  std::vector<const kafka_slot*> asked;
  for (const auto& slot : assignment.slots()) {
    const auto goes_on = [](const auto& r) { return r->start_offset() >= 0; };
    if (std::none_of(slot->readers.begin(), slot->readers.end(), goes_on)) continue;
    rd_kafka_topic_partition_list_add(list.get(), slot->topic.c_str(), slot->number);
    asked.push_back(slot.get());
  }
  const auto held = asked.empty() ? std::nullopt : ranges_of(k, *list, range_timeout_ms);
  if (!held) return;  // nothing to ask, or no answer: then the first fetch tells
  for (std::size_t i = 0; i < asked.size(); ++i) {
    const auto& range = (*held)[i];
    for (const auto& r : asked[i]->readers) {
      const auto start = r->start_offset();
      if (start >= 0 && (start < range.first || start > range.end)) stop(*r, range, assignment);
    }
  }
}

// While it was being read.
void kafka_problems::did_lose_place(rd_kafka_t* k, const kafka_slot& slot, kafka_assignment& assignment) {
  const kafka_list list(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_list_add(list.get(), slot.topic.c_str(), slot.number);
  const auto held = ranges_of(k, *list, range_timeout_ms);
  for (const auto& r : slot.readers) stop(*r, held ? std::optional(held->front()) : std::nullopt, assignment);
}

void kafka_problems::stop(const kafka_reader& r, const std::optional<offset_range>& held,
                          kafka_assignment& assignment) {
  if (r.stopped) return;
  const auto text = out_of_range_text(r.source.topic(), r.partition->partition(), r.start_offset(), held);
  log_limited(log_level::error, "kafka/range/" + r.source.name(),
              "source '" + r.source.name() + "' is stopped: " + text);
  assignment.stop(r.source);
  r.source.set_problem(text);
  r.source.set_state(source_state::failed);
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
