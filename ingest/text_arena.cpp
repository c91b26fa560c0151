#include <twinlane/ingest/text_arena.hpp>

#include <cstring>

namespace twinlane::ingest {

std::string_view text_arena::keep(std::string_view text) {
  if (text.empty()) return {};
  char* to = nullptr;
  if (text.size() > block_bytes) {
    large_.push_back(std::make_unique_for_overwrite<char[]>(text.size()));
    large_bytes_ += text.size();
    to = large_.back().get();
  } else {
    if (!blocks_.empty() && used_ + text.size() > block_bytes) {
      ++block_;
      used_ = 0;
    }
    if (block_ == blocks_.size()) blocks_.push_back(std::make_unique_for_overwrite<char[]>(block_bytes));
    to = blocks_[block_].get() + used_;
    used_ += text.size();
  }
  std::memcpy(to, text.data(), text.size());
  return {to, text.size()};
}

void text_arena::clear() noexcept {
  large_.clear();
  large_bytes_ = 0;
  if (blocks_.size() > blocks_kept_max) blocks_.resize(blocks_kept_max);
  block_ = used_ = 0;
}

std::size_t text_arena::bytes_reserved() const noexcept { return blocks_.size() * block_bytes + large_bytes_; }

}  // namespace twinlane::ingest
