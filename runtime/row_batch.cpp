#include <twinlane/runtime/row_batch.hpp>

#include <limits>
#include <stdexcept>

#include <zlib.h>

namespace twinlane {

namespace {

// Size of the rows, their number, checksum of those two and of the rows; little-endian.
constexpr std::size_t head_size = 12;
enum : unsigned char { row_removed = 1, same_owner = 2, same_lane = 4 };

void write_u32(char* to, std::uint32_t v) noexcept {
  for (int i = 0; i < 4; ++i) to[i] = static_cast<char>(v >> (8 * i));
}

std::uint32_t read_u32(const char* from) noexcept {
  std::uint32_t v = 0;
  for (int i = 0; i < 4; ++i) v |= static_cast<std::uint32_t>(static_cast<unsigned char>(from[i])) << (8 * i);
  return v;
}

std::uint32_t extend(std::uint32_t crc, std::string_view bytes) noexcept {
  return static_cast<std::uint32_t>(::crc32_z(crc, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

std::uint32_t checksum_of_text(std::string_view text) noexcept {
  return extend(extend(0, text.substr(0, 8)), text.substr(head_size));
}

}  // namespace

row_cursor::row_cursor(std::string_view text) noexcept {
  const bool whole = text.size() >= head_size && read_u32(text.data()) == text.size() - head_size;
  damaged_ = !whole || read_u32(text.data() + 8) != checksum_of_text(text);
  if (damaged_) return;
  left_ = read_u32(text.data() + 4);
  rest_ = text.substr(head_size);
  damaged_ = left_ == 0 && !rest_.empty();
}

bool row_cursor::take(std::string_view& to) noexcept {
  std::size_t size = 0;
  for (unsigned shift = 0;; shift += 7) {
    if (rest_.empty() || shift > 28) return false;
    const auto byte = static_cast<unsigned char>(rest_.front());
    rest_.remove_prefix(1);
    size |= static_cast<std::size_t>(byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  if (size > rest_.size()) return false;
  to = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return true;
}

bool row_cursor::next(store_row& to) noexcept {
  if (damaged_ || left_ == 0) return false;
  if (rest_.empty()) {
    damaged_ = true;
    return false;
  }
  const auto flags = static_cast<unsigned char>(rest_.front());
  rest_.remove_prefix(1);
  to.removed = flags & row_removed;
  to.value = {};
  if (flags > 7 || !(flags & same_owner || take(owner_)) || !(flags & same_lane || take(lane_)) || !take(to.key) ||
      !(to.removed || take(to.value)) || (--left_ == 0 && !rest_.empty())) {
    damaged_ = true;
    return false;
  }
  to.owner = owner_;
  to.lane = lane_;
  return true;
}

row_batch::span row_batch::append(std::string_view part) {
  auto size = part.size();
  for (; size >= 0x80; size >>= 7) text_.push_back(static_cast<char>(size | 0x80));
  text_.push_back(static_cast<char>(size));
  const span s{text_.size(), part.size()};
  text_.append(part);
  return s;
}

void row_batch::begin_row(std::string_view owner, std::string_view lane, bool removed) {
  if (text_.empty()) text_.append(head_size, '\0');
  sealed_ = false;
  const bool owner_is = rows_ > 0 && view(owner_) == owner, lane_is = rows_ > 0 && view(lane_) == lane;
  text_.push_back(
      static_cast<char>((removed ? row_removed : 0) | (owner_is ? same_owner : 0) | (lane_is ? same_lane : 0)));
  if (!owner_is) owner_ = append(owner);
  if (!lane_is) lane_ = append(lane);
  ++rows_;
}

void row_batch::put(std::string_view owner, std::string_view lane, std::string_view key, std::string_view value) {
  // What holds a row, a blob of SQLite's say, has its own greatest size.
  constexpr std::size_t row_bytes_max = 512 * 1024 * 1024;
  constexpr std::size_t bytes_max = std::numeric_limits<std::uint32_t>::max() - 64;
  const auto size = owner.size() + lane.size() + key.size() + value.size();
  if (size > row_bytes_max) throw std::length_error("A row of " + std::string(owner) + " takes more than 512 MiB.");
  if (text_.size() + size > bytes_max) throw std::length_error("A cut writes more than 4 GiB.");
  begin_row(owner, lane, false);
  append(key);
  append(value);
}

void row_batch::remove(std::string_view owner, std::string_view lane, std::string_view key) {
  begin_row(owner, lane, true);
  append(key);
}

std::string_view row_batch::rows_text() const noexcept {
  return text_.empty() ? std::string_view() : std::string_view(text_).substr(head_size);
}

std::string_view row_batch::text() const {
  if (text_.empty()) text_.append(head_size, '\0');
  if (!sealed_) {
    write_u32(text_.data(), static_cast<std::uint32_t>(text_.size() - head_size));
    write_u32(text_.data() + 4, static_cast<std::uint32_t>(rows_));
    write_u32(text_.data() + 8, checksum_of_text(text_));
    sealed_ = true;
  }
  return text_;
}

std::string_view row_batch::first(std::string_view log) noexcept {
  if (log.size() < head_size || read_u32(log.data()) > log.size() - head_size) return {};
  return log.substr(0, head_size + read_u32(log.data()));
}

row_batch::mark row_batch::here() const noexcept {
  mark m;
  m.size = text_.size();
  m.rows = rows_;
  m.owner = owner_;
  m.lane = lane_;
  return m;
}

void row_batch::rewind(const mark& to) noexcept {
  text_.resize(to.size);
  sealed_ = false;
  rows_ = to.rows;
  owner_ = to.owner;
  lane_ = to.lane;
}

void row_batch::clear() noexcept {
  text_.clear();
  sealed_ = false;
  rows_ = 0;
  owner_ = lane_ = {};
}

}  // namespace twinlane
