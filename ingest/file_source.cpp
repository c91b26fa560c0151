#include <twinlane/ingest/file_source.hpp>

#include <algorithm>
#include <stdexcept>

namespace twinlane::ingest {
namespace {

constexpr std::size_t batch_records_max = 10'000;

}  // namespace

file_source::file_source(source_context c)
    : reading_source(std::move(c), "file", std::get<file_spec>(c.spec.from).path),
      spec_(std::get<file_spec>(context_.spec.from)) {}

void file_source::open() {
  file_ = std::make_unique<record_file>(spec_.path, context_.spec.format);
  read_header();
  skip_below_ = partition_->stored_low_mark.value_or(0);
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
    if (offset_ >= skip_below_) {
      add(item);
      ++n;
    }
    ++offset_;
  }
  sent_ += n;
  if (offset_ > first && offset_ > skip_below_) feed_.post(offset_, steady_time::clock::now());
  texts_.clear();
  return n == room || stop.stop_requested() || file_->refill();
}

void file_source::add(const record_file::item& item) {
  raw_record r;
  r.value = item.text;
  r.offset = offset_;
  r.timestamp_ms = context_.time->wall_ms();
  if (!item.too_large) {
    feed_.add(r, texts_);
    return;
  }
  feed_.reject(r, {dead_reason::too_large, "the record has " + std::to_string(item.bytes) + " bytes and may have " +
                                               std::to_string(record_bytes_max) + "; this is its beginning"});
}

bool file_source::begin_again() {
  if (pass_began_ == 0) {
    set_end(offset_);
    partition_->log_end = offset_;
  }
  if (!spec_.loop) return false;
  if (offset_ == pass_began_) throw std::runtime_error("'" + spec_.path + "' holds no records to loop over");
  pass_began_ = offset_;
  partition_->log_end = -1;
  file_->rewind();
  read_header();
  return true;
}

}  // namespace twinlane::ingest
