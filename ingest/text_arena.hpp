#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

namespace twinlane::ingest {

/// Texts of one batch, in blocks that are used again for the next: a view stays good until clear().
///
/// Cost     a copy a text; no allocation once the blocks of the largest batch so far are there (at most 16 MiB are
/// kept) Threads  one
class text_arena {
 public:
  std::string_view keep(std::string_view text);
  void clear() noexcept;
  std::size_t bytes_reserved() const noexcept;

 private:
  static constexpr std::size_t block_bytes = 256 * 1024;
  static constexpr std::size_t blocks_kept_max = 64;

  std::vector<std::unique_ptr<char[]>> blocks_;
  std::vector<std::unique_ptr<char[]>> large_;  // texts over a block's size; freed by clear()
  std::size_t large_bytes_ = 0;
  std::size_t block_ = 0, used_ = 0;
};

}  // namespace twinlane::ingest
