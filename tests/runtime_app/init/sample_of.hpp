#pragma once

#include <optional>
#include <string>
#include <utility>

#include <twinlane/ingest/topic_sample.hpp>

namespace twinlane::app {

/// A sample, record by record, a second apart.
class sample_of {
 public:
  explicit sample_of(std::string topic, int partitions = 1) {
    sample_.topic = std::move(topic);
    sample_.partitions = partitions;
    sample_.whole = true;
  }

  sample_of& add(std::optional<std::string> value, std::optional<std::string> key = std::nullopt, int partition = 0) {
    ingest::sampled_record r;
    r.value = std::move(value);
    r.key = std::move(key);
    r.partition = partition;
    r.offset = static_cast<std::int64_t>(sample_.records.size());
    r.timestamp_ms = first_ms + 1'000 * r.offset;
    sample_.records.push_back(std::move(r));
    sample_.records_held = sample_.records.size();
    return *this;
  }
  /// There is more in the topic.
  sample_of& in_part(std::uint64_t held) {
    sample_.whole = false;
    sample_.records_held = held;
    return *this;
  }

  operator const ingest::topic_sample&() const { return sample_; }

  static constexpr std::int64_t first_ms = 1'763'700'000'000;  // 2025-11-21T04:40:00Z

 private:
  ingest::topic_sample sample_;
};

}  // namespace twinlane::app
