#include <twinlane/ingest/file_source.hpp>

#include <algorithm>
#include <stdexcept>

#include <zlib.h>

#include <twinlane/runtime/log.hpp>

namespace twinlane::ingest {
namespace {

constexpr std::size_t batch_records_max = 10'000;
constexpr std::size_t head_bytes_max = 64 * 1024;

// A file's origin says how it begins: a checksum, and of how many bytes, so that it still fits when the file has grown.
std::int64_t origin_of(std::string_view head) {
  const auto sum = ::crc32_z(0, reinterpret_cast<const unsigned char*>(head.data()), head.size());
  return static_cast<std::int64_t>(head.size() << 32 | sum);
}

bool begins_as(std::string_view head, std::int64_t origin) {
  const auto size = static_cast<std::size_t>(origin >> 32);
  return head.size() >= size && origin_of(head.substr(0, size)) == origin;
}

std::string topic_of(const file_spec& s) { return s.topic.empty() ? s.path : s.topic; }

bool is_used(const source_partition& p) { return p.origin || p.stored_low_mark; }

}  // namespace

file_source::file_source(source_context c)
    : reading_source(std::move(c), "file", topic_of(std::get<file_spec>(c.spec.from))),
      spec_(std::get<file_spec>(context_.spec.from)) {}

void file_source::open() {
  file_ = std::make_unique<record_file>(spec_.path, context_.spec.format);
  head_ = file_->head(head_bytes_max);
  read_header();
  if (auto first = partition(0); !is_used(*first)) begin(std::move(first));
}

void file_source::find_partition(std::stop_token stop) {
  std::string why;
  const auto used = used_partitions();
  // The newest first: of two files that begin alike, it is the one that was read last.
  for (auto number = used; number-- > 0 && !partition_;) {
    auto p = partition(number);
    const auto no = refusal(*p, stop);
    if (stop.stop_requested()) return;
    if (no.empty()) begin(std::move(p));
    if (why.empty()) why = no;
  }
  const auto say = [&](log_level level, const std::string& what) {
    log_limited(level, "source/" + context_.spec.name + "/start",
                "source '" + context_.spec.name + "': '" + spec_.path + "' " + what);
  };
  if (partition_ && offset_ == 0) return;
  if (partition_)
    return say(log_level::info, "goes on behind the " + std::to_string(offset_) + " records that earlier runs read");
  begin(partition(used));
  say(log_level::warn, "is not the file that was read before: " + why + ". It is read from its start, as partition " +
                           std::to_string(used));
}

// Asks for those that are there: a partition that is asked for is one from then on.
std::int32_t file_source::used_partitions() const {
  const auto first = partition(0);
  std::int32_t used = 0;
  for (const auto& p : context_.port->partitions())
    if (p->source() == first->source() && p->topic() == first->topic() && is_used(*p))
      used = std::max(used, p->partition() + 1);
  return used;
}

std::string file_source::refusal(const source_partition& p, std::stop_token stop) {
  if (p.origin && !begins_as(head_, *p.origin)) return "it begins with other records";
  const auto low = p.stored_low_mark.value_or(0);
  if (skip_below(low, stop) || stop.stop_requested()) return {};
  auto why = "it ends at record " + std::to_string(offset_) + ", and " + std::to_string(low) + " were read";
  rewind();
  offset_ = pass_began_ = 0;
  return why;
}

bool file_source::skip_below(std::int64_t offset, std::stop_token stop) {
  record_file::item item;
  while (offset_ < offset && !stop.stop_requested()) {
    if (file_->read(item)) {
      ++offset_;
      continue;
    }
    const auto pass = offset_ - pass_began_;
    if (!spec_.loop || pass == 0) return false;
    if (pass_records_ < 0) pass_records_ = pass;
    offset_ += (offset - offset_) / pass * pass;  // whole passes need no reading
    pass_began_ = offset_;
    rewind();
  }
  return true;
}

void file_source::begin(std::shared_ptr<source_partition> p) {
  p->keep_origin(origin_of(head_));
  read_as(std::move(p));
  if (pass_records_ >= 0) set_end(pass_records_);
}

void file_source::read_header() {
  if (context_.spec.format != record_format::csv || !context_.spec.columns.empty()) return;
  record_file::item header;
  std::vector<std::string> columns;
  std::string why = "it is empty";
  if (!file_->read(header) || header.too_large || !split_csv_row(header.text, columns, why))
    throw std::runtime_error("'" + spec_.path + "' has no CSV header line: " + why);
  try {
    router_.set_columns(std::move(columns));
  } catch (const std::invalid_argument& e) {
    throw std::runtime_error("the header line of '" + spec_.path + "': " + e.what());
  }
}

void file_source::run(std::stop_token stop) {
  pacer pace(spec_.rate, context_.time->now());
  while (wait_for_room(stop)) {
    const auto due = pace.due(context_.time->now());
    if (sent_ >= due) {
      context_.time->wait_until(pace.time_of(sent_), stop);
    } else if (!step(pace, stop) && !begin_again()) {
      set_state(source_state::ended);
      return;
    }
  }
}

bool file_source::step(pacer& pace, std::stop_token stop) {
  const auto now = context_.time->now();
  const auto room = std::min<std::uint64_t>(pace.due(now) - sent_, batch_records_max);
  const auto first = offset_;
  std::uint64_t n = 0;
  record_file::item item;
  while (n < room && !stop.stop_requested() && file_->next(item)) {
    add(item);
    ++offset_;
    ++n;
  }
  sent_ += n;
  if (offset_ > first) feed_->post(offset_, steady_time::clock::now());
  texts_.clear();
  return n == room || stop.stop_requested() || file_->refill();
}

void file_source::add(const record_file::item& item) {
  raw_record r;
  r.value = item.text;
  r.offset = offset_;
  r.timestamp_ms = context_.time->wall_ms();
  if (!item.too_large) {
    feed_->add(r, texts_);
    return;
  }
  feed_->reject(r, {dead_reason::too_large, "the record has " + std::to_string(item.bytes) + " bytes and may have " +
                                                std::to_string(record_bytes_max) + "; this is its beginning"});
}

bool file_source::begin_again() {
  if (pass_records_ < 0) {
    pass_records_ = offset_;
    set_end(offset_);
    partition_->log_end = offset_;
  }
  if (!spec_.loop) return false;
  if (offset_ == pass_began_) throw std::runtime_error("'" + spec_.path + "' holds no records to loop over");
  pass_began_ = offset_;
  partition_->log_end = -1;
  rewind();
  return true;
}

void file_source::rewind() {
  file_->rewind();
  read_header();
}

}  // namespace twinlane::ingest
