#pragma once

#include <memory>
#include <utility>
#include <vector>

#include <twinlane/ingest/detail/kafka_assignment.hpp>
#include <twinlane/ingest/detail/kafka_client.hpp>
#include <twinlane/ingest/time_alignment.hpp>

namespace twinlane::ingest::detail {

/// Messages of the partitions that are read side by side in time: those of all sources of one consumer with `align:`.
///
/// Threads  the consumer's
class kafka_alignment {
 public:
  using message = kafka_ptr<rd_kafka_message_t>;
  using slot_list = std::vector<std::unique_ptr<kafka_slot>>;

  void begin(const slot_list& slots, steady_time now);
  /// What still waits is dropped: no low mark has passed it.
  void clear();
  bool empty() const noexcept { return members_.empty(); }

  /// Takes over a message, or that there are no more for now; false when the slot is not aligned.
  bool keep(const kafka_slot& slot, rd_kafka_message_t* m, steady_time now);
  /// Adds up to n messages whose turn has come and that lie no further apart in time than `align` says.
  void next_slice(std::size_t n, steady_time now, std::vector<std::pair<kafka_slot*, message>>& to);
  /// Does a message wait whose turn has come?
  bool ready(steady_time now) const { return !empty() && order_.oldest_ms(now); }
  /// Looks at who is held, stopped or slow, and says of whom enough waits.
  void update(steady_time now);

 private:
  struct member {
    kafka_slot* slot;
    std::int64_t last_ms = 0;  // of what was kept
    std::size_t bytes = 0;     // that wait
  };
  // Of one partition, and of all: where there are many, each may have less.
  static constexpr std::size_t waiting_max = 20'000, bytes_max = 16 * 1024 * 1024, bytes_max_in_all = 64 * 1024 * 1024;

  std::vector<member> members_;
  time_alignment<message> order_{std::chrono::seconds{10}};
  std::chrono::milliseconds within_{};
};

}  // namespace twinlane::ingest::detail
