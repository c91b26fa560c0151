#pragma once

#include <memory>
#include <stop_token>
#include <string>

#include <twinlane/ingest/pacer.hpp>
#include <twinlane/ingest/record_file.hpp>
#include <twinlane/ingest/source.hpp>

namespace twinlane::ingest {

/// Reads an NDJSON or CSV file, once or in a loop, at a rate or as fast as the shards take it.
///
/// Shape    offset = record number, counted on over loops; the record's own time is when it was read. Offsets are of a
///          file, not of a path: a file that does not begin as the one before it, or ends before the low mark, is the
///          next partition, and read from its start. One that has grown goes on
/// Cost     at a restart what has been read is read once more, and skipped
/// Errors   a file that cannot be read, or is damaged, fails the source; a record that is too large or malformed is a
///          dead letter
class file_source final : public reading_source {
 public:
  explicit file_source(source_context c);

 private:
  void open() override;
  void find_partition(std::stop_token stop) override;
  /// How many files this source has read before.
  std::int32_t used_partitions() const;
  /// Why the file is not the one that the partition's offsets are of; empty when it may be. Leaves it behind the low
  /// mark then.
  std::string refusal(const source_partition& p, std::stop_token stop);
  /// Reads over the records below the offset, in a loop as often as it takes; false when they are fewer.
  bool skip_below(std::int64_t offset, std::stop_token stop);
  void begin(std::shared_ptr<source_partition> p);
  void run(std::stop_token stop) override;
  /// Reads what is due and in memory, and posts it; false at the end of the file.
  bool step(pacer& pace, std::stop_token stop);
  void add(const record_file::item& item);
  /// At the end of the file: starts over, or answers false.
  bool begin_again();
  void rewind();
  void read_header();

  const file_spec& spec_;
  std::unique_ptr<record_file> file_;
  std::string head_;                // of the file at this start
  std::int64_t offset_ = 0;         // of the next record
  std::int64_t pass_began_ = 0;     // offset at which this pass over the file began
  std::int64_t pass_records_ = -1;  // in the first pass, once it is over
  std::uint64_t sent_ = 0;          // since this start, for the rate
};

}  // namespace twinlane::ingest
