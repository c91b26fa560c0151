#pragma once

#include <cstdint>
#include <stop_token>
#include <string>
#include <vector>

#include <twinlane/ingest/source.hpp>

namespace twinlane::ingest {

/// Makes its records with a registered function: the preload at once, then at the rate.
///
/// Shape    offset = n; the record's own time is start + (n - preload) / rate, so n is a pure function of (seed, n)
///          and the start
/// Errors   an exception of the function fails the source
class generator_source final : public reading_source {
 public:
  /// The function outlives the source.
  generator_source(source_context c, const generator_fn& make);

 private:
  void run(std::stop_token stop) override;
  /// Makes records n to n + count and posts them.
  void make_batch(std::uint64_t n, std::size_t count);
  std::int64_t time_of(std::uint64_t n) const noexcept;

  const generator_spec& spec_;
  const generator_fn& make_;
  std::int64_t start_ms_ = 0;
  std::uint64_t paced_from_ = 0;        // records before it come at once
  std::vector<generated_record> made_;  // strings keep their memory from batch to batch
};

}  // namespace twinlane::ingest
