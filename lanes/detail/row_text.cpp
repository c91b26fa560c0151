#include <twinlane/lanes/detail/row_text.hpp>

namespace twinlane::detail {

void append_counted(std::string& out, std::string_view bytes) {
  append_integer(out, bytes.size());
  out += ':';
  out += bytes;
}

bool take_counted(std::string_view& text, std::string_view& bytes) noexcept {
  std::size_t length = 0;
  if (!take_integer(text, length) || !take_char(text, ':') || length > text.size()) return false;
  bytes = text.substr(0, length);
  text.remove_prefix(length);
  return true;
}

void append_joined(std::string& out, const joined_row& row) {
  append_number(out, row.rev);
  for (const auto part : {row.lineage, row.uri, row.lane}) {
    append_counted(out, part);
    out += ' ';
  }
}

bool parse_joined(std::string_view text, joined_row& row) noexcept {
  if (!take_number(text, row.rev)) return false;
  for (auto* part : {&row.lineage, &row.uri, &row.lane}) {
    if (!take_counted(text, *part) || !take_char(text, ' ')) return false;
  }
  row.json = text;
  return true;
}

decode_status bad_row_key() { return {lane_errc::bad_value, "the key does not fit the lane"}; }

decode_status bad_row(std::string_view what) { return {lane_errc::bad_value, std::string(what)}; }

}  // namespace twinlane::detail
