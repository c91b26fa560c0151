#include <twinlane/ingest/record_feed.hpp>

#include <string>
#include <utility>

namespace twinlane::ingest {
namespace {

// Dead letters are copies: a batch of huge ones is handed over in parts.
constexpr std::size_t dead_bytes_max = 8 * 1024 * 1024;

}  // namespace

record_feed::record_feed(port& p, record_router& router, std::shared_ptr<source_partition> partition)
    : port_(p), router_(router), partition_(std::move(partition)) {}

std::optional<rejection> record_feed::add(const raw_record& r, text_arena& texts) {
  auto bad = router_.route(r, {partition_->topic(), partition_->partition()}, texts, records_);
  if (bad) reject(r, *bad);
  return bad;
}

void record_feed::reject(const raw_record& r, const rejection& why) {
  dead_letter d;
  d.source = partition_->source();
  d.topic = partition_->topic();
  d.partition = partition_->partition();
  d.offset = r.offset;
  d.reason = why.reason;
  d.detail = why.detail;
  d.key = r.key;
  d.value = r.value;
  dead_.push_back(std::move(d));
  dead_bytes_ += r.key.size() + r.value.size();
  if (dead_bytes_ > dead_bytes_max) post(r.offset + 1, steady_time::clock::now());
}

void record_feed::post(std::int64_t next_offset, steady_time arrived) {
  port_.post(partition_, records_, std::exchange(dead_, {}), next_offset, arrived, request);
  records_.clear();
  dead_bytes_ = 0;
}

}  // namespace twinlane::ingest
