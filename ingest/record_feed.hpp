#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include <twinlane/ingest/record_router.hpp>
#include <twinlane/runtime/port.hpp>

namespace twinlane::ingest {

/// Collects one partition's batch and posts it, with the dead letters of what cannot be routed.
///
/// Threads  one, the source's own
class record_feed {
 public:
  record_feed(port& p, record_router& router, std::shared_ptr<source_partition> partition);

  /// The record's views, and the arena's texts, live until post().
  std::optional<rejection> add(const raw_record& r, text_arena& texts);
  /// A record that its reader refuses already.
  void reject(const raw_record& r, const rejection& why);
  /// Hands over what was added. next_offset: behind the last record, dead ones included.
  void post(std::int64_t next_offset, steady_time arrived);
  /// What the next records came in, or null; see port::post.
  std::shared_ptr<const ingest_request> request;

  std::size_t waiting() const noexcept { return records_.size() + dead_.size(); }
  source_partition& partition() const noexcept { return *partition_; }

 private:
  port& port_;
  record_router& router_;
  std::shared_ptr<source_partition> partition_;
  std::vector<routed_record> records_;
  std::vector<dead_letter> dead_;
  std::size_t dead_bytes_ = 0;
};

}  // namespace twinlane::ingest
