#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <librdkafka/rdkafka.h>

#include <twinlane/ingest/source_spec.hpp>

namespace twinlane::ingest::detail {

struct kafka_deleter {
  void operator()(rd_kafka_t* k) const { rd_kafka_destroy(k); }
  void operator()(rd_kafka_conf_t* c) const { rd_kafka_conf_destroy(c); }
  void operator()(rd_kafka_message_t* m) const { rd_kafka_message_destroy(m); }
  void operator()(rd_kafka_queue_t* q) const { rd_kafka_queue_destroy(q); }
  void operator()(rd_kafka_topic_t* t) const { rd_kafka_topic_destroy(t); }
  void operator()(rd_kafka_topic_partition_list_t* l) const { rd_kafka_topic_partition_list_destroy(l); }
};
template <class T>
using kafka_ptr = std::unique_ptr<T, kafka_deleter>;
using kafka_list = kafka_ptr<rd_kafka_topic_partition_list_t>;

/// A client's settings; what librdkafka logs goes to our log.
class kafka_conf {
 public:
  /// Brokers and the user's own properties. Throws std::invalid_argument for one that is unknown, malformed, or ours.
  explicit kafka_conf(const kafka_spec& spec);

  /// Throws std::invalid_argument.
  void set(const std::string& name, const std::string& value);
  rd_kafka_conf_t* get() const noexcept { return conf_.get(); }
  /// Throws std::runtime_error.
  kafka_ptr<rd_kafka_t> make(rd_kafka_type_t type);

 private:
  kafka_ptr<rd_kafka_conf_t> conf_;
};

/// What a broker says of the topic, no error when it can be used; nothing when no broker answers in time.
std::optional<rd_kafka_resp_err_t> topic_state(rd_kafka_t* client, const std::string& topic, int timeout_ms);
/// What a partition holds: the offsets from `first` on that are less than `end`.
struct offset_range {
  std::int64_t first = 0, end = 0;
};

/// The ranges of these partitions, in the list's order; nothing when one of them is not answered in time.
std::optional<std::vector<offset_range>> ranges_of(rd_kafka_t* consumer, const rd_kafka_topic_partition_list_t& list,
                                                   int timeout_ms);

/// Whether the topic exists; nothing when no broker answers in time. Never creates it, given a consumer.
std::optional<bool> topic_exists(rd_kafka_t* consumer, const std::string& topic, int timeout_ms);

/// `topic 'x' does not exist on localhost:9092. …`
std::string missing_topic_text(const std::string& topic, const std::string& brokers);

/// `topic 'x' partition 3: the low mark 1000 is above its end: it holds offsets 0 to 99. …`
std::string out_of_range_text(const std::string& topic, std::int32_t partition, std::int64_t offset,
                              const std::optional<offset_range>& held);

}  // namespace twinlane::ingest::detail
