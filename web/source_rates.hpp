#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <twinlane/runtime/partition.hpp>
#include <twinlane/web/options.hpp>

namespace twinlane::web {

/// Events applied per second of each source partition, over the last interval between two samples.
///
/// Threads  any
class source_rates {
 public:
  using clock = std::chrono::steady_clock;

  void sample(const std::vector<std::shared_ptr<source_partition>>& partitions, clock::time_point now);
  double rate(const source_partition& p) const;

 private:
  struct reading {
    std::uint64_t applied{};
    double per_second{};
  };
  mutable std::mutex mutex_;
  clock::time_point at_{};
  std::map<const source_partition*, reading> readings_;
};

/// The body of GET /api/sources: sources by name, each with its partitions, then those that have none yet.
std::string sources_document(const std::vector<std::shared_ptr<source_partition>>& partitions,
                             const source_rates& rates, const std::vector<source_state>& states = {});

}  // namespace twinlane::web
