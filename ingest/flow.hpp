#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include <twinlane/ingest/sources.hpp>
#include <twinlane/runtime/partition.hpp>

namespace twinlane::ingest {

/// How much of all sources is on its way to the shards, against the limits.
///
/// Threads  any
/// Cost     a few atomic loads a partition
class flow {
 public:
  explicit flow(const flow_limits& limits) : limits_(limits) {}

  /// Counts the partition from now on; once is enough.
  void add(std::shared_ptr<const source_partition> p);

  bool over(const source_partition& p) const noexcept;
  /// Under half of the limits.
  bool low(const source_partition& p) const noexcept;
  bool total_over() const;
  bool total_low() const;

 private:
  bool total_under(std::int64_t records, std::int64_t bytes) const;

  flow_limits limits_;
  mutable std::mutex mutex_;
  std::vector<std::shared_ptr<const source_partition>> partitions_;
};

/// The valve of a source with one partition: closes over a high mark, opens again under the low ones.
///
/// Threads  one
class flow_gate {
 public:
  flow_gate(const flow& f, std::shared_ptr<source_partition> p) : flow_(f), partition_(std::move(p)) {}
  /// Asks the counters, and shows the answer in the partition's `paused`.
  bool open();

 private:
  const flow& flow_;
  std::shared_ptr<source_partition> partition_;
  bool closed_ = false;
};

}  // namespace twinlane::ingest
