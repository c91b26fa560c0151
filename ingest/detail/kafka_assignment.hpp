#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <twinlane/ingest/detail/kafka_client.hpp>
#include <twinlane/ingest/flow.hpp>
#include <twinlane/ingest/kafka_source.hpp>
#include <twinlane/ingest/record_feed.hpp>

namespace twinlane::ingest::detail {

/// A partition as one of our sources reads it.
struct kafka_reader {
  kafka_reader(port& p, kafka_source& s, std::int32_t number);

  /// Where to begin: behind what this process handed over, else at the stored low mark, else at the beginning.
  std::int64_t start_offset() const noexcept;
  /// These three do nothing once it is stopped.
  void take(const rd_kafka_message_t& m, text_arena& texts);
  /// The partition has no more records below this offset; gaps that transactions and compaction leave count as read.
  void take_end(std::int64_t offset);
  void post(steady_time arrived);
  bool read_to_end() const noexcept { return end >= 0 && partition->low_mark() >= end; }

  kafka_source& source;
  std::shared_ptr<source_partition> partition;
  record_feed feed;
  std::int64_t skip_below = -1;  // handed over before this assignment
  std::int64_t next = -1;        // behind the last record of this batch
  std::int64_t end = -1;         // of the partition as it was at start
  std::int64_t committed = -1;
  bool stopped = false;  // for good, as long as this assignment lasts: reading on would skip records
};

/// A partition of the group's assignment, and who reads it.
struct kafka_slot {
  /// Nobody reads it any more.
  bool stopped() const;
  /// A message, or that there are no more for now.
  void take(const rd_kafka_message_t& m, text_arena& texts);

  std::string topic;
  std::int32_t number = 0;
  std::vector<std::unique_ptr<kafka_reader>> readers;
  bool full = false;     // as much of it waits for other partitions as may
  bool held = false;     // a reader's source waits for others
  bool over = false;     // too much in flight
  bool paused = false;   // in librdkafka
  bool touched = false;  // by this batch
};

/// What the group gave this consumer.
///
/// Threads  the consumer's
class kafka_assignment {
 public:
  kafka_assignment(port& p, const flow& f) : port_(p), flow_(f) {}

  void take(const rd_kafka_topic_partition_list_t& list, const std::vector<kafka_source*>& sources);
  /// Sets in the list that was taken over where each partition begins.
  void set_starts(rd_kafka_topic_partition_list_t& list) const;
  /// Reads nothing more for this source, of any partition.
  void stop(const kafka_source& s);
  void clear();

  kafka_slot* find(const rd_kafka_message_t& m);
  kafka_slot* find(const std::string& topic, std::int32_t number);
  const std::vector<std::unique_ptr<kafka_slot>>& slots() const noexcept { return slots_; }

  /// Lets sources begin whose turn has come, and says whether some still wait.
  bool release_held();
  /// Looks at what is in flight; pauses and resumes. False: read nothing for a moment, the shards are catching up.
  bool update_flow(rd_kafka_t* k, steady_time now);
  /// Ends and lag, from what the last fetch told.
  void update_ends(rd_kafka_t* k);
  /// Tells sources that have read to the ends they had at start.
  void update_reached(const std::vector<kafka_source*>& sources);
  /// Commits low marks that moved.
  void commit(rd_kafka_t* k);
  bool in_flight() const noexcept;

 private:
  void pause_or_resume(rd_kafka_t* k, bool hold_is_over);

  port& port_;
  const flow& flow_;
  std::vector<std::unique_ptr<kafka_slot>> slots_;
  // By librdkafka's topic object, which lives as long as the assignment.
  std::map<std::pair<const rd_kafka_topic_t*, std::int32_t>, kafka_slot*> by_message_;
  const rd_kafka_topic_t* last_topic_ = nullptr;
  kafka_slot* last_ = nullptr;
  bool total_over_ = false, holding_ = false;
  steady_time hold_until_{};
};

}  // namespace twinlane::ingest::detail
