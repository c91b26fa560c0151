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
/// Shape    offset = record number, counted on over loops; the record's own time is when it was read
/// Errors   a file that cannot be read, or is damaged, fails the source; a record that is too large or malformed is a
///          dead letter
class file_source final : public reading_source {
 public:
  explicit file_source(source_context c);

 private:
  void open() override;
  void run(std::stop_token stop) override;
  /// Reads what is due and in memory, and posts it; false at the end of the file.
  bool step(pacer& pace, std::stop_token stop);
  void add(const record_file::item& item);
  /// At the end of the file: starts over, or answers false.
  bool begin_again();
  void read_header();

  const file_spec& spec_;
  std::unique_ptr<record_file> file_;
  std::int64_t offset_ = 0;      // of the next record
  std::int64_t skip_below_ = 0;  // durable before this start
  std::int64_t pass_began_ = 0;  // offset at which this pass over the file began
  std::uint64_t sent_ = 0;       // since this start, for the rate
};

}  // namespace twinlane::ingest
