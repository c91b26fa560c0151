#pragma once

#include <charconv>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

#include <twinlane/lanes/codec.hpp>
#include <twinlane/lanes/errors.hpp>

// The parts of rows: numbers with a blank behind them, and bytes behind their length.
namespace twinlane::detail {

/// Numbers of writing run from 1; what is not below the bound was not written by a lane.
inline constexpr std::uint64_t row_number_max = std::uint64_t{1} << 62;

template <std::integral Int>
void append_number(std::string& out, Int v) {
  append_integer(out, v);
  out += ' ';
}

/// Takes an integer off the front; text is unspecified when the answer is false, here and below.
template <std::integral Int>
bool take_integer(std::string_view& text, Int& out) noexcept {
  const auto [at, ec] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (ec != std::errc{}) return false;
  text.remove_prefix(static_cast<std::size_t>(at - text.data()));
  return true;
}
inline bool take_char(std::string_view& text, char c) noexcept {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}
/// Takes an integer and the blank behind it.
template <std::integral Int>
bool take_number(std::string_view& text, Int& out) noexcept {
  return take_integer(text, out) && take_char(text, ' ');
}

/// `length:bytes`
void append_counted(std::string& out, std::string_view bytes);
bool take_counted(std::string_view& text, std::string_view& bytes) noexcept;

/// A row of a join lane, as views.
struct joined_row {
  std::uint64_t rev = 0;
  std::string_view lineage, uri, lane;
  std::string_view json;  // empty: the followed lane was absent
};
/// Appends all but the JSON.
void append_joined(std::string& out, const joined_row& row);
bool parse_joined(std::string_view text, joined_row& row) noexcept;

/// Sets the text of an entry's key. Throws lane_error for a key that could not be read back, as an enumerator without
/// a name, so that the turn is undone and not an agent lost.
template <class K>
void set_row_key(std::string& text, const K& key) {
  text.clear();
  key_codec<K>::append(text, key);
  K back{};
  if (text.empty() && !key_codec<K>::parse(text, back)) throw_bad_value("an entry's key has no text");
}

decode_status bad_row_key();
decode_status bad_row(std::string_view what);

}  // namespace twinlane::detail
