#include <twinlane/ingest/detail/kafka_client.hpp>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string_view>

#include <twinlane/runtime/log.hpp>

namespace twinlane::ingest::detail {
namespace {

// Offsets, their commits and the assignment are twinlane's own business.
constexpr std::array<std::string_view, 9> reserved = {
    "bootstrap.servers",  "metadata.broker.list", "group.id",
    "enable.auto.commit", "auto.commit.enable",   "enable.auto.offset.store",
    "auto.offset.reset",  "enable.partition.eof", "partition.assignment.strategy"};

void log_line(const rd_kafka_t*, int level, const char* facility, const char* text) {
  const auto as = level <= 3 ? log_level::warn : level <= 6 ? log_level::info : log_level::debug;
  log_limited(as, std::string("librdkafka/") + facility, std::string("librdkafka: ") + facility + ": " + text);
}

// Every partition's first or next offset, which brokers tell for these two times.
kafka_list offsets_at(rd_kafka_t* consumer, const rd_kafka_topic_partition_list_t& list, std::int64_t time,
                      int timeout_ms) {
  kafka_list asked(rd_kafka_topic_partition_list_copy(&list));
  for (int i = 0; i < asked->cnt; ++i) asked->elems[i].offset = time;
  if (rd_kafka_offsets_for_times(consumer, asked.get(), timeout_ms) != RD_KAFKA_RESP_ERR_NO_ERROR) return nullptr;
  for (int i = 0; i < asked->cnt; ++i)
    if (asked->elems[i].err != RD_KAFKA_RESP_ERR_NO_ERROR || asked->elems[i].offset < 0) return nullptr;
  return asked;
}

}  // namespace

kafka_conf::kafka_conf(const kafka_spec& spec) : conf_(rd_kafka_conf_new()) {
  rd_kafka_conf_set_log_cb(conf_.get(), log_line);
  set("bootstrap.servers", spec.brokers);
  set("client.id", "twinlane");
  set("log.connection.close", "false");
  set("socket.keepalive.enable", "true");
  for (const auto& [name, value] : spec.properties) {
    if (std::find(reserved.begin(), reserved.end(), name) != reserved.end())
      throw std::invalid_argument("property '" + name + "' is set by twinlane itself. Remove it");
    set(name, value);
  }
}

void kafka_conf::set(const std::string& name, const std::string& value) {
  char why[512];
  if (rd_kafka_conf_set(conf_.get(), name.c_str(), value.c_str(), why, sizeof why) != RD_KAFKA_CONF_OK)
    throw std::invalid_argument("property '" + name + "': " + why);
}

kafka_ptr<rd_kafka_t> kafka_conf::make(rd_kafka_type_t type) {
  char why[512];
  kafka_ptr<rd_kafka_t> made(rd_kafka_new(type, conf_.get(), why, sizeof why));
  if (!made) throw std::runtime_error(std::string("Kafka client: ") + why);
  (void)conf_.release();  // the client's now
  return made;
}

std::optional<std::vector<offset_range>> ranges_of(rd_kafka_t* consumer, const rd_kafka_topic_partition_list_t& list,
                                                   int timeout_ms) {
  const auto first = offsets_at(consumer, list, RD_KAFKA_OFFSET_BEGINNING, timeout_ms);
  const auto end = first ? offsets_at(consumer, list, RD_KAFKA_OFFSET_END, timeout_ms) : nullptr;
  if (!end) return std::nullopt;
  std::vector<offset_range> ranges;
  for (int i = 0; i < list.cnt; ++i) ranges.push_back({first->elems[i].offset, end->elems[i].offset});
  return ranges;
}

std::optional<rd_kafka_resp_err_t> topic_state(rd_kafka_t* client, const std::string& topic, int timeout_ms) {
  const kafka_ptr<rd_kafka_topic_t> handle(rd_kafka_topic_new(client, topic.c_str(), nullptr));
  const struct rd_kafka_metadata* found = nullptr;
  if (!handle || rd_kafka_metadata(client, 0, handle.get(), &found, timeout_ms) != RD_KAFKA_RESP_ERR_NO_ERROR)
    return std::nullopt;
  auto state = RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
  if (found->topic_cnt == 1 && found->topics[0].err != RD_KAFKA_RESP_ERR_NO_ERROR)
    state = found->topics[0].err;
  else if (found->topic_cnt == 1 && found->topics[0].partition_cnt > 0)
    state = RD_KAFKA_RESP_ERR_NO_ERROR;
  rd_kafka_metadata_destroy(found);
  return state;
}

std::optional<bool> topic_exists(rd_kafka_t* consumer, const std::string& topic, int timeout_ms) {
  const auto state = topic_state(consumer, topic, timeout_ms);
  if (!state) return std::nullopt;
  return *state == RD_KAFKA_RESP_ERR_NO_ERROR;
}

std::string missing_topic_text(const std::string& topic, const std::string& brokers) {
  return "topic '" + topic + "' does not exist on " + brokers + ". Create it, or correct kafka.topic";
}

std::string out_of_range_text(const std::string& topic, std::int32_t partition, std::int64_t offset,
                              const std::optional<offset_range>& held) {
  const auto text = [](std::int64_t n) { return std::to_string(n); };
  const auto where = "topic '" + topic + "' partition " + text(partition) + ": the low mark " + text(offset);
  if (!held || (offset >= held->first && offset <= held->end)) return where + " is not an offset that the topic has";
  const auto what = held->first == held->end ? "it holds no records, and the next one's offset is " + text(held->end)
                                             : "it holds offsets " + text(held->first) + " to " + text(held->end - 1);
  if (offset < held->first)
    return where + " is below its start: " + what +
           ". Records were deleted before they were read. Give the source another name to read what is left from its "
           "beginning";
  return where + " is above its end: " + what +
         ". The topic was made anew, or has lost its end. Give the source another name to read it from its beginning";
}

}  // namespace twinlane::ingest::detail
