#include <twinlane/ingest/detail/kafka_producer.hpp>

#include <algorithm>
#include <array>
#include <map>
#include <stdexcept>
#include <string_view>
#include <utility>

#include <twinlane/runtime/log.hpp>

namespace twinlane::ingest::detail {
namespace {

// Without these an item could be lost, overtaken, or wait for nothing.
constexpr std::array<std::string_view, 11> reserved = {"enable.idempotence",
                                                       "enable.gapless.guarantee",
                                                       "acks",
                                                       "request.required.acks",
                                                       "message.timeout.ms",
                                                       "delivery.timeout.ms",
                                                       "transactional.id",
                                                       "retries",
                                                       "message.send.max.retries",
                                                       "max.in.flight",
                                                       "max.in.flight.requests.per.connection"};

// What a user may set otherwise.
const std::map<std::string, std::string> preferred = {
    {"linger.ms", "5"},
    {"partitioner", "murmur2_random"},
    {"reconnect.backoff.max.ms", "2000"},
    {"topic.metadata.propagation.max.ms", "5000"},
};

kafka_conf producer_conf(const kafka_sink_spec& spec, bool one_by_one) {
  for (const auto& [name, value] : spec.properties)
    if (std::find(reserved.begin(), reserved.end(), name) != reserved.end())
      throw std::invalid_argument("property '" + name + "' is set by twinlane itself. Remove it");
  kafka_spec with{spec.brokers, spec.topic, {}, spec.properties};
  with.properties.insert(preferred.begin(), preferred.end());
  kafka_conf conf(with);
  conf.set("enable.idempotence", "true");
  conf.set("acks", "all");
  conf.set("message.timeout.ms", "0");  // items wait as long as it takes
  if (one_by_one) conf.set("batch.num.messages", "1");
  return conf;
}

}  // namespace

void kafka_producer::check(const kafka_sink_spec& spec) { producer_conf(spec, false); }

kafka_producer::kafka_producer(const kafka_sink_spec& spec, bool one_by_one, events e)
    : topic_(spec.topic), events_(std::move(e)) {
  auto conf = producer_conf(spec, one_by_one);
  rd_kafka_conf_set_opaque(conf.get(), this);
  rd_kafka_conf_set_dr_msg_cb(conf.get(), [](rd_kafka_t*, const rd_kafka_message_t* m, void* self) {
    static_cast<kafka_producer*>(self)->events_.delivered(m->_private, m->err);
  });
  rd_kafka_conf_set_error_cb(conf.get(), [](rd_kafka_t* k, int err, const char* text, void* self) {
    auto& p = *static_cast<kafka_producer*>(self);
    if (err == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) return p.events_.unreachable();
    if (err == RD_KAFKA_RESP_ERR__FATAL) {
      char why[512];
      rd_kafka_fatal_error(k, why, sizeof why);
      return p.events_.gave_up(why);
    }
    log_limited(log_level::debug, "kafka/producer", std::string("Kafka producer: ") + text);
  });
  client_ = conf.make(RD_KAFKA_PRODUCER);
}

kafka_producer::~kafka_producer() {
  rd_kafka_purge(client_.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT | RD_KAFKA_PURGE_F_NON_BLOCKING);
}

rd_kafka_resp_err_t kafka_producer::send(const sink_item& item, void* tag) {
  const auto& key = item.key.empty() ? item.uri : item.key;
  const bool tombstone = item.value == "null";
  // librdkafka neither copies nor frees nor changes the value.
  auto* value = tombstone ? nullptr : const_cast<char*>(item.value.data());
  // Not rd_kafka_produceva: up to 2.0.2, where it refuses a message, it frees the headers twice.
  return __extension__ rd_kafka_producev(
      client_.get(), RD_KAFKA_V_TOPIC(topic_.c_str()), RD_KAFKA_V_MSGFLAGS(0), RD_KAFKA_V_KEY(key.data(), key.size()),
      RD_KAFKA_V_VALUE(value, tombstone ? 0 : item.value.size()),
      RD_KAFKA_V_HEADER("twinlane-id", item.id.data(), static_cast<ssize_t>(item.id.size())),
      RD_KAFKA_V_HEADER("twinlane-uri", item.uri.data(), static_cast<ssize_t>(item.uri.size())),
      RD_KAFKA_V_TIMESTAMP(item.at_ms), RD_KAFKA_V_OPAQUE(tag), RD_KAFKA_V_END);
}

void kafka_producer::poll(std::chrono::milliseconds wait) {
  rd_kafka_poll(client_.get(), static_cast<int>(wait.count()));
}

std::optional<rd_kafka_resp_err_t> kafka_producer::topic_state(std::chrono::milliseconds wait) {
  return detail::topic_state(client_.get(), topic_, static_cast<int>(wait.count()));
}

void kafka_producer::finish(std::chrono::milliseconds wait, bool sent_only) {
  if (sent_only) rd_kafka_purge(client_.get(), RD_KAFKA_PURGE_F_QUEUE);
  rd_kafka_flush(client_.get(), static_cast<int>(std::max<long>(wait.count(), 0)));
}

}  // namespace twinlane::ingest::detail
