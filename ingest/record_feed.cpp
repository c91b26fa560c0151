#include <twinlane/ingest/record_feed.hpp>

#include <string>

#include <twinlane/runtime/log.hpp>

namespace twinlane::ingest {

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
  port_.report_dead_letter(d);
  partition_->dead.fetch_add(1, std::memory_order_relaxed);
  const std::string reason(name_of(why.reason));
  log_limited(log_level::warn, "dead/" + d.source + '/' + reason,
              "source '" + d.source + "': record " + std::to_string(d.offset) + " of '" + d.topic + "' partition " +
                  std::to_string(d.partition) + " goes to the dead letters: " + reason + ": " + d.detail);
}

void record_feed::post(std::int64_t next_offset, steady_time arrived) {
  port_.post(partition_, records_, next_offset, arrived);
  records_.clear();
}

}  // namespace twinlane::ingest
