#include <twinlane/ingest/produce.hpp>

#include <algorithm>
#include <chrono>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <thread>
#include <vector>

#include <twinlane/agents/uri.hpp>
#include <twinlane/ingest/detail/kafka_client.hpp>
#include <twinlane/ingest/pacer.hpp>
#include <twinlane/ingest/record_file.hpp>
#include <twinlane/ingest/record_router.hpp>
#include <twinlane/runtime/log.hpp>

namespace twinlane::ingest {

using namespace detail;
using std::chrono::steady_clock;

namespace {

constexpr std::chrono::milliseconds progress_interval{500};

bool ends_with(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

// Thrown with what produce() answers.
struct produce_failure {
  error why;
};

[[noreturn]] void give_up(problem code, std::string detail) { throw produce_failure{{code, std::move(detail)}}; }

// The source, seen as one lane whose route's only parameter is the segment that makes the Kafka key.
source_spec key_spec(const produce_options& o) {
  source_spec s = o.source;
  field_paths fields;
  const uri_template entity(s.entity, fields);
  const auto n = o.first_param_segment.value_or(entity.first_open_segment());
  if (n >= entity.segments().size())
    give_up(problem::bad_request, "'" + s.entity + "' has no {…} to make the Kafka key of");
  for (const auto kind : {part_kind::partition, part_kind::offset, part_kind::timestamp})
    if (entity.segments()[n].uses(kind))
      give_up(problem::bad_request, "'" + s.entity + "': the Kafka key cannot be made of what the broker decides");
  return s;
}

class producing {
 public:
  explicit producing(const produce_options& o);
  produce_result run();

 private:
  void check_topic();
  void read_header();
  void read_file();
  void take(const record_file::item& item);
  bool find_key(std::string_view json, std::string& key);
  void send(std::string_view key, std::optional<std::string_view> value);
  void skip(std::string_view kind, const std::string& why);
  void tell(bool last);
  void did_deliver(rd_kafka_resp_err_t err);

  const produce_options& options_;
  const kafka_spec& kafka_;
  const bool csv_file_;
  record_file file_;
  std::optional<csv_row> csv_;
  field_paths fields_;
  unsigned segment_ = 0;
  bool keyed_lines_ = false;
  std::unique_ptr<record_router> router_;
  text_arena texts_;
  std::vector<routed_record> routed_;
  kafka_ptr<rd_kafka_t> client_;
  kafka_ptr<rd_kafka_topic_t> topic_;
  produce_result result_;
  std::string key_;
  std::uint64_t taken_ = 0, record_number_ = 0, told_ = 0;
  steady_clock::time_point began_ = steady_clock::now(), told_at_ = began_;
};

const kafka_spec& kafka_of(const produce_options& o) {
  const auto* k = std::get_if<kafka_spec>(&o.source.from);
  if (k == nullptr) give_up(problem::bad_request, "source '" + o.source.name + "' is no Kafka source");
  return *k;
}

bool is_csv(const produce_options& o) {
  return ends_with(o.file, ".csv") || ends_with(o.file, ".csv.gz") ||
         (o.source.format == record_format::csv && !ends_with(o.file, ".ndjson") && !ends_with(o.file, ".json"));
}

producing::producing(const produce_options& o)
    : options_(o),
      kafka_(kafka_of(o)),
      csv_file_(is_csv(o)),
      file_(o.file, csv_file_ ? record_format::csv : record_format::json) {
  auto spec = key_spec(o);
  const uri_template entity(spec.entity, fields_);
  segment_ = o.first_param_segment.value_or(entity.first_open_segment());
  keyed_lines_ = entity.segments()[segment_].uses(part_kind::key);
  // Only the URI is wanted; the lane's own key and time are for the server to judge.
  spec.format = record_format::json;
  spec.key.clear();
  spec.time.clear();
  router_ = std::make_unique<record_router>(spec, target_info{0, lane_kind::value, segment_});
  if (csv_file_ && keyed_lines_)
    give_up(problem::bad_request, "a route with {$key} needs lines of key<TAB>value, not CSV");
  if (csv_file_) read_header();
}

void producing::read_header() {
  record_file::item header;
  std::vector<std::string> columns;
  std::string why = "it is empty";
  if (!file_.read(header) || header.too_large || !split_csv_row(header.text, columns, why))
    give_up(problem::bad_request, "'" + options_.file + "' has no CSV header line: " + why);
  const bool raw = options_.source.format == record_format::csv;
  if (raw && !options_.source.columns.empty() && columns != options_.source.columns)
    give_up(problem::bad_request, "the header line of '" + options_.file + "' differs from the source's columns");
  csv_.emplace(std::move(columns));
}

void producing::check_topic() {
  // A consumer asks, because a producer's question makes some brokers create the topic.
  kafka_conf conf(kafka_);
  const auto asking = conf.make(RD_KAFKA_CONSUMER);
  std::optional<bool> exists;
  for (int i = 0; i < 20 && !exists && !options_.stop.stop_requested(); ++i)
    exists = topic_exists(asking.get(), kafka_.topic, 500);
  if (!exists)
    give_up(problem::not_ready, "no broker of " + kafka_.brokers + " answers. Check kafka.brokers and the network");
  if (!*exists) give_up(problem::bad_request, missing_topic_text(kafka_.topic, kafka_.brokers));
}

produce_result producing::run() {
  check_topic();
  kafka_conf conf(kafka_);
  conf.set("partitioner", "murmur2_random");
  conf.set("enable.idempotence", "true");
  conf.set("linger.ms", options_.rate > 0 ? "1" : "20");
  conf.set("message.max.bytes", std::to_string(record_bytes_max + 64 * 1024));
  rd_kafka_conf_set_opaque(conf.get(), this);
  rd_kafka_conf_set_dr_msg_cb(conf.get(), [](rd_kafka_t*, const rd_kafka_message_t* m, void* self) {
    static_cast<producing*>(self)->did_deliver(m->err);
  });
  client_ = conf.make(RD_KAFKA_PRODUCER);
  topic_.reset(rd_kafka_topic_new(client_.get(), kafka_.topic.c_str(), nullptr));
  began_ = told_at_ = steady_clock::now();
  do {
    const auto before = record_number_;
    read_file();
    if (options_.loop && record_number_ == before)
      give_up(problem::bad_request, "'" + options_.file + "' holds no records");
    if (!options_.loop || options_.stop.stop_requested()) break;
    file_.rewind();
    if (csv_file_) read_header();
  } while (true);
  while (rd_kafka_outq_len(client_.get()) > 0) {
    rd_kafka_flush(client_.get(), 100);
    tell(false);
    // A stop waits for acknowledgements, not for a broker that is gone.
    if (options_.stop.stop_requested() && rd_kafka_flush(client_.get(), 5000) != RD_KAFKA_RESP_ERR_NO_ERROR) break;
  }
  result_.failed += static_cast<std::uint64_t>(rd_kafka_outq_len(client_.get()));
  tell(true);
  result_.seconds = std::chrono::duration<double>(steady_clock::now() - began_).count();
  if (rd_kafka_outq_len(client_.get()) > 0)
    rd_kafka_purge(client_.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
  const auto result = result_;
  return result;
}

void producing::read_file() {
  const pacer pace(options_.rate, began_);
  record_file::item item;
  while (!options_.stop.stop_requested() && file_.read(item)) {
    while (taken_ >= pace.due(steady_clock::now()) && !options_.stop.stop_requested()) {
      const auto left = pace.time_of(taken_) - steady_clock::now();
      const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(left).count();
      rd_kafka_poll(client_.get(), static_cast<int>(std::clamp<long>(ms, 1, 100)));
      tell(false);
    }
    ++taken_;
    take(item);
    if (taken_ % 1000 == 0) {
      rd_kafka_poll(client_.get(), 0);
      tell(false);
    }
  }
}

void producing::take(const record_file::item& item) {
  ++record_number_;
  if (item.too_large) return skip("too_large", std::to_string(item.bytes) + " bytes");
  if (keyed_lines_) {
    const auto tab = item.text.find('\t');
    if (tab == std::string_view::npos) return skip("null_key", "the line has no key<TAB>value");
    const auto value = item.text.substr(tab + 1);
    return send(item.text.substr(0, tab), value.empty() ? std::nullopt : std::optional(value));
  }
  const std::string* json = nullptr;
  if (csv_) {
    json = csv_->to_json(item.text);
    if (json == nullptr) return skip("bad_json", csv_->why());
  }
  const std::string_view text = json != nullptr ? std::string_view(*json) : item.text;
  if (find_key(text, key_)) send(key_, options_.source.format == record_format::csv ? item.text : text);
}

bool producing::find_key(std::string_view json, std::string& key) {
  raw_record r;
  r.value = json;
  routed_.clear();
  texts_.clear();
  if (const auto bad = router_->route(r, {kafka_.topic, 0}, texts_, routed_)) {
    skip(name_of(bad->reason), bad->detail);
    return false;
  }
  auto rest = routed_.front().uri;
  for (unsigned i = 0; i < segment_; ++i) rest.remove_prefix(rest.find('/', 1));
  rest.remove_prefix(1);
  key = *decode_segment(rest.substr(0, rest.find('/')));
  return true;
}

void producing::send(std::string_view key, std::optional<std::string_view> value) {
  for (;;) {
    // librdkafka copies; it does not write through the pointer.
    void* payload = value ? const_cast<char*>(value->data()) : nullptr;
    const int sent = rd_kafka_produce(topic_.get(), RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY, payload,
                                      value ? value->size() : 0, key.data(), key.size(), nullptr);
    if (sent == 0) return;
    const auto err = rd_kafka_last_error();
    if (err != RD_KAFKA_RESP_ERR__QUEUE_FULL) return skip("produce", rd_kafka_err2str(err));
    if (options_.stop.stop_requested()) return;
    rd_kafka_poll(client_.get(), 50);
    tell(false);
  }
}

void producing::skip(std::string_view kind, const std::string& why) {
  ++result_.skipped;
  log_limited(log_level::warn, "produce/" + std::string(kind),
              "'" + options_.file + "' record " + std::to_string(record_number_) +
                  " is not sent: " + std::string(kind) + ": " + why);
}

void producing::did_deliver(rd_kafka_resp_err_t err) {
  if (err == RD_KAFKA_RESP_ERR_NO_ERROR) {
    ++result_.sent;
    return;
  }
  ++result_.failed;
  log_limited(log_level::warn, std::string("produce/") + rd_kafka_err2name(err),
              "topic '" + kafka_.topic + "': a record was not written: " + rd_kafka_err2str(err));
}

void producing::tell(bool last) {
  const auto now = steady_clock::now();
  if (!options_.progress || (!last && now - told_at_ < progress_interval)) return;
  produce_progress p;
  p.done = result_.sent;
  if (!options_.loop) p.fraction = last ? 1 : file_.fraction();
  if (last && !options_.loop) p.total = result_.sent + result_.failed;
  const double seconds = std::chrono::duration<double>(now - told_at_).count();
  p.per_second = seconds > 0 ? static_cast<double>(result_.sent - told_) / seconds : 0;
  told_ = result_.sent;
  told_at_ = now;
  options_.progress(p);
}

}  // namespace

outcome<produce_result> produce(const produce_options& o) {
  try {
    return producing(o).run();
  } catch (const produce_failure& f) {
    return f.why;
  } catch (const std::exception& e) {
    return error{problem::bad_request, e.what()};
  }
}

}  // namespace twinlane::ingest
