#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include <twinlane/ingest/source.hpp>

namespace twinlane::ingest {

/// Makes its records with a registered function: the preload at once, then at the rate.
///
/// Shape    offset = n; the record's own time is start + (n - preload) / rate, so n is a pure function of (seed, n)
///          and the start, which is kept. A stream that was stopped for an hour makes an hour's records at once
/// Errors   an exception of the function fails the source. A start that would have the stream wait for a time that it
///          has been at before, for the clock was set back or the rate is lower now, is moved, with a line in the log
class generator_source final : public reading_source {
 public:
  /// The function outlives the source.
  generator_source(source_context c, const generator_fn& make);

 private:
  void open() override;
  void run(std::stop_token stop) override;
  /// Takes up the stream where an earlier run left it.
  void resume();
  void set_start(std::int64_t ms);
  /// Makes records next_ to next_ + count and posts them.
  void make_batch(std::size_t count);
  std::int64_t time_of(std::uint64_t n) const noexcept;
  /// How many records have a time before this one.
  std::uint64_t count_before(std::int64_t ms) const noexcept;

  const generator_spec& spec_;
  const generator_fn& make_;
  std::uint64_t next_ = 0;
  std::optional<std::int64_t> start_ms_;
  std::vector<generated_record> made_;  // strings keep their memory from batch to batch
};

}  // namespace twinlane::ingest
