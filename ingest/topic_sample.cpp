#include <twinlane/ingest/topic_sample.hpp>

#include <algorithm>
#include <memory>

#include <stdexcept>
#include <string_view>
#include <utility>

#include <twinlane/ingest/detail/kafka_client.hpp>

namespace twinlane::ingest {

using namespace detail;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

namespace {

constexpr std::size_t headers_max = 32;

// Thrown with what sample_topic() answers.
struct sample_failure {
  error why;
};

[[noreturn]] void give_up(problem code, std::string detail) { throw sample_failure{{code, std::move(detail)}}; }

/// What is read of one partition: up to `head` records from its start, then up to `tail` before its end.
struct partition_plan {
  std::int32_t number = 0;
  offset_range held;
  std::size_t head = 0, tail = 0;
  std::int64_t next = 0;  // behind the last record read
  std::size_t wanted = 0;
  bool done = false;
};

std::uint64_t size_of(const offset_range& r) {
  return r.end > r.first ? static_cast<std::uint64_t>(r.end - r.first) : 0;
}

/// Small partitions are read whole, and what they leave is for the others.
void share_out(std::vector<partition_plan>& parts, std::size_t records_max) {
  std::vector<partition_plan*> by_size;
  for (auto& p : parts) by_size.push_back(&p);
  std::stable_sort(by_size.begin(), by_size.end(),
                   [](const auto* a, const auto* b) { return size_of(a->held) < size_of(b->held); });
  std::size_t left = records_max;
  for (std::size_t i = 0; i < by_size.size(); ++i) {
    const auto share = (left + by_size.size() - i - 1) / (by_size.size() - i);
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(size_of(by_size[i]->held), share));
    left -= size;
    by_size[i]->tail = size_of(by_size[i]->held) > size ? size / 2 : 0;
    by_size[i]->head = size - by_size[i]->tail;
  }
}

class sampling {
 public:
  explicit sampling(const sample_options& o);
  topic_sample run();

 private:
  void find_partitions();
  bool look(int timeout_ms);
  void find_ranges();
  void read_heads();
  void read_tails();
  void read(const std::vector<partition_plan*>& wanted);
  void take(const rd_kafka_message_t& m, const std::vector<partition_plan*>& wanted);
  bool full() const;
  milliseconds left() const { return std::chrono::duration_cast<milliseconds>(deadline_ - steady_clock::now()); }
  [[noreturn]] void unreachable() const;

  const sample_options& options_;
  const std::string& topic_;
  kafka_ptr<rd_kafka_t> client_;
  steady_clock::time_point deadline_;
  std::vector<partition_plan> parts_;
  topic_sample sample_;
  std::size_t bytes_ = 0, wanted_ = 0;
};

sampling::sampling(const sample_options& o)
    : options_(o), topic_(o.from.topic), deadline_(steady_clock::now() + o.connect_time_max) {
  kafka_conf conf(o.from);
  // Offsets are given with the assignment; the group is a name that is never joined.
  conf.set("group.id", "twinlane-sample");
  conf.set("enable.auto.commit", "false");
  conf.set("enable.partition.eof", "true");
  conf.set("auto.offset.reset", "earliest");
  conf.set("fetch.wait.max.ms", "100");
  conf.set("queued.max.messages.kbytes", "16384");
  client_ = conf.make(RD_KAFKA_CONSUMER);
  rd_kafka_poll_set_consumer(client_.get());
  sample_.topic = topic_;
}

void sampling::unreachable() const {
  give_up(problem::not_ready, "no broker of " + options_.from.brokers + " answers within " +
                                  std::to_string(options_.connect_time_max.count() / 1000) +
                                  " s. Check the brokers' address and the network");
}

topic_sample sampling::run() {
  find_partitions();
  if (sample_.exists) {
    find_ranges();
    deadline_ = steady_clock::now() + options_.read_time_max;
    share_out(parts_, options_.records_max);
    for (const auto& p : parts_) wanted_ += p.head + p.tail;
    read_heads();
    read_tails();
    rd_kafka_assign(client_.get(), nullptr);
    auto& all = sample_.records;
    std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) {
      return std::pair(a.partition, a.offset) < std::pair(b.partition, b.offset);
    });
  }
  return std::move(sample_);
}

void sampling::find_partitions() {
  while (!look(static_cast<int>(std::clamp<long>(left().count(), 1, 1000))))
    if (left().count() <= 0 || options_.stop.stop_requested()) unreachable();
}

// Asks for all topics, which creates none. False when no broker answers yet.
bool sampling::look(int timeout_ms) {
  const struct rd_kafka_metadata* found = nullptr;
  if (rd_kafka_metadata(client_.get(), 1, nullptr, &found, timeout_ms) != RD_KAFKA_RESP_ERR_NO_ERROR) return false;
  sample_.exists = false;
  for (int i = 0; i < found->topic_cnt; ++i) {
    const auto& t = found->topics[i];
    if (std::string_view(t.topic).substr(0, 2) != "__") sample_.other_topics.emplace_back(t.topic);
    if (t.topic != topic_ || t.err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) continue;
    if (t.err != RD_KAFKA_RESP_ERR_NO_ERROR && t.partition_cnt == 0) {
      const std::string why = rd_kafka_err2str(t.err);
      rd_kafka_metadata_destroy(found);
      give_up(problem::bad_request, "topic '" + topic_ + "' cannot be read: " + why);
    }
    sample_.exists = true;
    for (int p = 0; p < t.partition_cnt; ++p) parts_.push_back({t.partitions[p].id, {}, 0, 0, 0, 0, false});
  }
  rd_kafka_metadata_destroy(found);
  if (sample_.exists) sample_.other_topics.clear();
  sample_.partitions = static_cast<std::int32_t>(parts_.size());
  return true;
}

void sampling::find_ranges() {
  const kafka_list list(rd_kafka_topic_partition_list_new(static_cast<int>(parts_.size())));
  for (const auto& p : parts_) rd_kafka_topic_partition_list_add(list.get(), topic_.c_str(), p.number);
  std::optional<std::vector<offset_range>> ranges;
  while (!(ranges = ranges_of(client_.get(), *list, 2'000)))
    if (left().count() <= 0 || options_.stop.stop_requested()) unreachable();
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    parts_[i].held = (*ranges)[i];
    sample_.records_held += size_of(parts_[i].held);
  }
}

void sampling::read_heads() {
  std::vector<partition_plan*> wanted;
  sample_.whole = true;
  for (auto& p : parts_) {
    p.next = p.held.first;
    p.wanted = p.head;
    sample_.whole = sample_.whole && p.tail == 0;
    if (p.head > 0) wanted.push_back(&p);
  }
  read(wanted);
  for (const auto* p : wanted) sample_.whole = sample_.whole && p->done && p->next >= p->held.end;
}

void sampling::read_tails() {
  std::vector<partition_plan*> wanted;
  for (auto& p : parts_) {
    if (p.tail == 0 || p.next >= p.held.end) continue;
    p.next = std::max(p.next, p.held.end - static_cast<std::int64_t>(p.tail));
    p.wanted = p.tail;
    p.done = false;
    wanted.push_back(&p);
  }
  read(wanted);
}

bool sampling::full() const {
  return bytes_ >= options_.bytes_max || sample_.records.size() >= options_.records_max || left().count() <= 0 ||
         options_.stop.stop_requested();
}

void sampling::read(const std::vector<partition_plan*>& wanted) {
  if (wanted.empty() || full()) return;
  const kafka_list list(rd_kafka_topic_partition_list_new(static_cast<int>(wanted.size())));
  for (const auto* p : wanted)
    rd_kafka_topic_partition_list_add(list.get(), topic_.c_str(), p->number)->offset = p->next;
  if (const auto err = rd_kafka_assign(client_.get(), list.get()))
    give_up(problem::bad_request, "topic '" + topic_ + "' cannot be read: " + rd_kafka_err2str(err));
  const auto is_done = [](const partition_plan* p) { return p->done; };
  while (!full() && !std::all_of(wanted.begin(), wanted.end(), is_done)) {
    auto* m = rd_kafka_consumer_poll(client_.get(), 100);
    if (m == nullptr) continue;
    const std::unique_ptr<rd_kafka_message_t, void (*)(rd_kafka_message_t*)> held(m, rd_kafka_message_destroy);
    take(*m, wanted);
  }
}

std::optional<std::string> text_of(const void* bytes, std::size_t size) {
  if (bytes == nullptr) return std::nullopt;
  return std::string(static_cast<const char*>(bytes), size);
}

std::vector<std::string> header_names(const rd_kafka_message_t& m) {
  std::vector<std::string> names;
  rd_kafka_headers_t* headers = nullptr;
  if (rd_kafka_message_headers(&m, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return names;
  const char* name = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  for (std::size_t i = 0; i < headers_max && rd_kafka_header_get_all(headers, i, &name, &value, &size) == 0; ++i)
    names.emplace_back(name);
  return names;
}

void sampling::take(const rd_kafka_message_t& m, const std::vector<partition_plan*>& wanted) {
  const auto part = std::find_if(wanted.begin(), wanted.end(), [&](const auto* p) { return p->number == m.partition; });
  if (m.err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
    if (part == wanted.end()) return;
    (*part)->done = true;
    (*part)->next = std::max((*part)->next, m.offset);
    return;
  }
  if (m.err == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED || m.err == RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED)
    give_up(problem::bad_request, "topic '" + topic_ + "' cannot be read: " + rd_kafka_err2str(m.err));
  if (m.err != RD_KAFKA_RESP_ERR_NO_ERROR || part == wanted.end() || (*part)->done) return;
  auto& p = **part;
  // Offsets before the place that was asked for come when a batch begins there.
  if (m.offset < p.next) return;
  sample_.records.push_back({text_of(m.key, m.key_len), text_of(m.payload, m.len), m.partition, m.offset,
                             rd_kafka_message_timestamp(&m, nullptr), header_names(m)});
  bytes_ += m.key_len + m.len;
  p.next = m.offset + 1;
  p.done = --p.wanted == 0 || p.next >= p.held.end;
  if (options_.progress) options_.progress(sample_.records.size(), wanted_);
}

}  // namespace

outcome<topic_sample> sample_topic(const sample_options& o) {
  try {
    return sampling(o).run();
  } catch (sample_failure& e) {
    return std::move(e.why);
  } catch (const std::invalid_argument& e) {
    return error{problem::bad_request, e.what()};
  } catch (const std::runtime_error& e) {
    return error{problem::not_ready, e.what()};
  }
}

}  // namespace twinlane::ingest
