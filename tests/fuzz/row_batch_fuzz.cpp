// Bytes of a damaged store as a batch's text: refused whole or read whole, and what was read makes a batch that reads
// the same.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include <zlib.h>

#include <twinlane/runtime/row_batch.hpp>

using namespace twinlane;

namespace {

using row = std::tuple<std::string, std::string, std::string, std::string, bool>;

void check(bool holds) {
  if (!holds) std::abort();
}

bool rows_of(std::string_view text, std::vector<row>& to) {
  return row_batch::parse(text, [&](const store_row& r) {
    check(!r.removed || r.value.empty());
    to.emplace_back(r.owner, r.lane, r.key, r.value, r.removed);
  });
}

void check_text(std::string_view text) {
  std::vector<row> rows, again;
  if (!rows_of(text, rows)) return;
  row_batch b;
  for (const auto& [owner, lane, key, value, removed] : rows) {
    if (removed)
      b.remove(owner, lane, key);
    else
      b.put(owner, lane, key, value);
  }
  check(b.rows() == rows.size());
  check(rows_of(b.text(), again) && again == rows);
  check(row_batch::first(b.text()) == b.text());
}

void write_u32(std::string& to, std::size_t at, std::size_t v) {
  for (unsigned i = 0; i < 4; ++i) to[at + i] = static_cast<char>(v >> (8 * i));
}

/// The input as rows behind a head that fits them, or nobody would get past the checksum.
std::string sealed(std::string_view rows, std::size_t count) {
  std::string text(12, '\0');
  text += rows;
  write_u32(text, 0, rows.size());
  write_u32(text, 4, count);
  auto crc = ::crc32_z(0, reinterpret_cast<const Bytef*>(text.data()), 8);
  crc = ::crc32_z(crc, reinterpret_cast<const Bytef*>(text.data()) + 12, rows.size());
  write_u32(text, 8, crc);
  return text;
}

}  // namespace

// The input's first byte is the number of rows.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  check_text(input);
  if (const auto first = row_batch::first(input); !first.empty()) check_text(first);
  if (!input.empty()) check_text(sealed(input.substr(1), static_cast<unsigned char>(input.front())));
  return 0;
}
