#pragma once

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <twinlane/ingest/source_spec.hpp>

namespace twinlane::ingest {

/// librdkafka's own broker, in this process.
class mock_kafka {
 public:
  explicit mock_kafka(int brokers = 1) {
    char why[256];
    host_ = rd_kafka_new(RD_KAFKA_PRODUCER, quiet(), why, sizeof why);
    cluster_ = rd_kafka_mock_cluster_new(host_, brokers);
    auto* conf = quiet();
    rd_kafka_conf_set(conf, "bootstrap.servers", this->brokers().c_str(), nullptr, 0);
    producer_ = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof why);
  }
  ~mock_kafka() {
    rd_kafka_destroy(producer_);
    rd_kafka_mock_cluster_destroy(cluster_);
    rd_kafka_destroy(host_);
  }
  mock_kafka(const mock_kafka&) = delete;
  mock_kafka& operator=(const mock_kafka&) = delete;

  std::string brokers() const { return rd_kafka_mock_cluster_bootstraps(cluster_); }
  rd_kafka_mock_cluster_t* cluster() const { return cluster_; }
  void create(const std::string& topic, int partitions) {
    rd_kafka_mock_topic_create(cluster_, topic.c_str(), partitions, 1);
  }

  /// As if the topic did not exist. The cluster creates any topic that it is asked about.
  void hide(const std::string& topic) {
    rd_kafka_mock_topic_set_error(cluster_, topic.c_str(), RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
  }
  void show(const std::string& topic) {
    rd_kafka_mock_topic_set_error(cluster_, topic.c_str(), RD_KAFKA_RESP_ERR_NO_ERROR);
  }

  /// Null pointers are null keys and values. time_ms: 0 for now.
  void send(const std::string& topic, int partition, const char* key, const char* value, std::int64_t time_ms = 0) {
    const std::size_t key_size = key != nullptr ? std::string_view(key).size() : 0;
    const std::size_t value_size = value != nullptr ? std::string_view(value).size() : 0;
    const auto err = rd_kafka_producev(producer_, RD_KAFKA_V_TOPIC(topic.c_str()), RD_KAFKA_V_PARTITION(partition),
                                       RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY | RD_KAFKA_MSG_F_BLOCK),
                                       RD_KAFKA_V_KEY(key, key_size), RD_KAFKA_V_TIMESTAMP(time_ms),
                                       RD_KAFKA_V_VALUE(const_cast<char*>(value), value_size), RD_KAFKA_V_END);
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR) throw std::runtime_error(rd_kafka_err2str(err));
    rd_kafka_poll(producer_, 0);
  }
  void flush() {
    if (rd_kafka_flush(producer_, 20'000) != RD_KAFKA_RESP_ERR_NO_ERROR) throw std::runtime_error("flush");
  }

  struct message {
    int partition{};
    std::int64_t time_ms{};
    std::string key;
    std::optional<std::string> value;
    std::map<std::string, std::string> headers;
  };
  /// All that the topic's partitions hold, each in its order; waits until there are n messages at least.
  std::vector<message> read(const std::string& topic, int partitions, std::size_t n) const {
    char why[256];
    auto* conf = quiet();
    rd_kafka_conf_set(conf, "bootstrap.servers", brokers().c_str(), nullptr, 0);
    rd_kafka_conf_set(conf, "group.id", "reader", nullptr, 0);
    rd_kafka_conf_set(conf, "enable.partition.eof", "true", nullptr, 0);
    auto* reading = rd_kafka_new(RD_KAFKA_CONSUMER, conf, why, sizeof why);
    auto* list = rd_kafka_topic_partition_list_new(partitions);
    for (int i = 0; i < partitions; ++i)
      rd_kafka_topic_partition_list_add(list, topic.c_str(), i)->offset = RD_KAFKA_OFFSET_BEGINNING;
    rd_kafka_assign(reading, list);
    rd_kafka_topic_partition_list_destroy(list);
    std::vector<message> all;
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds{20};
    std::set<int> at_end;
    while ((all.size() < n || at_end.size() < static_cast<std::size_t>(partitions)) &&
           std::chrono::steady_clock::now() < until) {
      auto* m = rd_kafka_consumer_poll(reading, 100);
      if (m == nullptr) continue;
      if (m->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) at_end.insert(m->partition);
      if (m->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        at_end.erase(m->partition);
        all.push_back(message_of(*m));
      }
      rd_kafka_message_destroy(m);
    }
    rd_kafka_consumer_close(reading);
    rd_kafka_destroy(reading);
    return all;
  }

  /// The next requests of that kind are answered with these errors, one each.
  void fail_next(std::int16_t request, const std::vector<rd_kafka_resp_err_t>& errors) {
    rd_kafka_mock_push_request_errors_array(cluster_, request, errors.size(),
                                            const_cast<rd_kafka_resp_err_t*>(errors.data()));
  }
  static constexpr std::int16_t produce_request = 0, init_producer_request = 22;

  /// What the group has committed for the partition; negative when nothing.
  std::int64_t committed(const std::string& group, const std::string& topic, int partition) const {
    char why[256];
    auto* conf = quiet();
    rd_kafka_conf_set(conf, "bootstrap.servers", brokers().c_str(), nullptr, 0);
    rd_kafka_conf_set(conf, "group.id", group.c_str(), nullptr, 0);
    auto* asking = rd_kafka_new(RD_KAFKA_CONSUMER, conf, why, sizeof why);
    auto* list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, topic.c_str(), partition);
    rd_kafka_committed(asking, list, 5000);
    const auto offset = list->elems[0].offset;
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_destroy(asking);
    return offset;
  }

  /// A source of this cluster.
  source_spec source(const std::string& name, const std::string& topic) const {
    source_spec s;
    s.name = name;
    s.from = kafka_spec{brokers(), topic, "twinlane", {}};
    s.entity = "/customer/{customer_id}";
    s.lane = "orders";
    s.key = "{id}";
    return s;
  }

 private:
  static message message_of(const rd_kafka_message_t& m) {
    message to;
    to.partition = m.partition;
    to.time_ms = rd_kafka_message_timestamp(&m, nullptr);
    to.key.assign(static_cast<const char*>(m.key), m.key_len);
    if (m.payload != nullptr) to.value.emplace(static_cast<const char*>(m.payload), m.len);
    rd_kafka_headers_t* headers = nullptr;
    if (rd_kafka_message_headers(&m, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return to;
    const char* name = nullptr;
    const void* text = nullptr;
    std::size_t size = 0;
    for (std::size_t i = 0; rd_kafka_header_get_all(headers, i, &name, &text, &size) == 0; ++i)
      to.headers[name] = std::string(static_cast<const char*>(text), size);
    return to;
  }

  static rd_kafka_conf_t* quiet() {
    auto* conf = rd_kafka_conf_new();
    rd_kafka_conf_set_log_cb(conf, nullptr);
    rd_kafka_conf_set(conf, "linger.ms", "5", nullptr, 0);
    return conf;
  }

  rd_kafka_t* host_ = nullptr;
  rd_kafka_mock_cluster_t* cluster_ = nullptr;
  rd_kafka_t* producer_ = nullptr;
};

}  // namespace twinlane::ingest
