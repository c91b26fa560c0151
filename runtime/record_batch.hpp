#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

#include <twinlane/runtime/port.hpp>

namespace twinlane {

/// Records of one source partition for one shard: their texts in one buffer, 64 readable bytes behind the last.
class record_batch {
 public:
  static constexpr std::size_t padding = 64;

  struct record {
    std::uint32_t at, uri_size, key_size, value_size;
    std::int64_t offset, time_ms;
    target_id target;
    bool remove;
  };

  void add(const routed_record& r) {
    records_.push_back({static_cast<std::uint32_t>(bytes_.size()), static_cast<std::uint32_t>(r.uri.size()),
                        static_cast<std::uint32_t>(r.key.size()),
                        static_cast<std::uint32_t>(r.remove ? 0 : r.value.size()), r.offset, r.time_ms, r.target,
                        r.remove});
    bytes_.insert(bytes_.end(), r.uri.begin(), r.uri.end());
    bytes_.insert(bytes_.end(), r.key.begin(), r.key.end());
    if (!r.remove) bytes_.insert(bytes_.end(), r.value.begin(), r.value.end());
  }
  /// After the last add().
  void close() { bytes_.resize(bytes_.size() + padding); }

  const std::vector<record>& records() const noexcept { return records_; }
  std::size_t size() const noexcept { return records_.size(); }
  std::size_t bytes() const noexcept { return bytes_.size(); }
  std::size_t capacity() const noexcept { return bytes_.capacity(); }
  std::string_view uri(const record& r) const noexcept { return {bytes_.data() + r.at, r.uri_size}; }
  std::string_view key(const record& r) const noexcept { return {bytes_.data() + r.at + r.uri_size, r.key_size}; }
  std::string_view value(const record& r) const noexcept {
    return {bytes_.data() + r.at + r.uri_size + r.key_size, r.value_size};
  }

  std::shared_ptr<source_partition::window> window;
  std::shared_ptr<const ingest_request> request;  // or null
  steady_time arrived{};
  // Fates, counted by the shard and added to the partition once a cut.
  std::uint32_t applied = 0, duplicates = 0;

  void recycle() {
    records_.clear();
    bytes_.clear();
    window.reset();
    request.reset();
    applied = duplicates = 0;
  }

 private:
  std::vector<record> records_;
  std::vector<char> bytes_;
};

/// Keeps emptied batches for reuse, so that the path of an event allocates nothing once warm.
///
/// Threads  any
class batch_pool : public std::enable_shared_from_this<batch_pool> {
 public:
  /// The batch comes back by itself when its last reference goes.
  std::shared_ptr<record_batch> take();

 private:
  static constexpr std::size_t batches_max = 2048;
  static constexpr std::size_t batch_bytes_max = 64 * 1024;
  void give_back(std::unique_ptr<record_batch> b);

  std::mutex mutex_;
  std::vector<std::unique_ptr<record_batch>> free_;
};

}  // namespace twinlane
