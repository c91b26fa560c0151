#include <twinlane/runtime/app/detail/scalar_place.hpp>

#include <algorithm>

namespace twinlane::app::detail {
namespace {

bool begins_character(char c) noexcept { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }

bool is_blank(char c) noexcept { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

std::size_t after_blanks(std::string_view file, std::size_t i) {
  while (i < file.size() && is_blank(file[i])) ++i;
  return i;
}

std::size_t characters_before(std::string_view text, std::size_t line, std::size_t column) {
  std::size_t n = 0;
  for (std::size_t i = 0; i < text.size() && (line > 1 || column > 1); ++i) {
    if (!begins_character(text[i])) continue;
    ++n;
    if (line > 1)
      line -= text[i] == '\n';
    else
      --column;
  }
  return n;
}

/// How a scalar is written: quoted by ' or ", as a block after | or >, or plain.
struct written {
  char style = ' ';
  std::size_t first;       // character of its text
  std::size_t indent = 0;  // of a block's lines
};

written find_text(std::string_view file, std::size_t i) {
  while (i < file.size() && (file[i] == '&' || file[i] == '!')) {
    while (i < file.size() && !is_blank(file[i])) ++i;
    i = after_blanks(file, i);
  }
  const char style = i < file.size() ? file[i] : ' ';
  if (style == '\'' || style == '"') return {style, i + 1};
  if (style != '|' && style != '>') return {' ', i};
  const auto first = after_blanks(file, std::min(file.find('\n', i), file.size()));
  return {style, first, first - file.rfind('\n', first) - 1};
}

// Behind a line's end and the indentation of the next line: they stand for one character.
std::size_t next_line(std::string_view file, std::size_t i, const written& w) {
  if (w.style != '|') return after_blanks(file, i);
  i = file.find('\n', i) + 1;
  for (auto n = w.indent; n > 0 && i < file.size() && file[i] == ' '; --n) ++i;
  return i;
}

}  // namespace

place place_within(std::string_view file, const yaml_node& scalar, std::size_t line, std::size_t column) {
  auto at = scalar.at;
  if (scalar.offset >= file.size() || at.line == 0) return at;
  const auto w = find_text(file, scalar.offset);
  auto i = w.first;
  for (auto n = characters_before(scalar.text, line, column); n > 0 && i < file.size(); --n) {
    if (file[i] == '\n' || file.substr(i, 2) == "\r\n")
      i = next_line(file, i, w);
    else if ((w.style == '\'' && file.substr(i, 2) == "''") || (w.style == '"' && file[i] == '\\'))
      i += 2;
    else
      for (++i; i < file.size() && !begins_character(file[i]);) ++i;
  }
  const auto before = file.substr(0, i);
  at.line = 1 + static_cast<int>(std::count(before.begin(), before.end(), '\n'));
  const auto start = before.rfind('\n') == before.npos ? 0 : before.rfind('\n') + 1;
  at.column = 1 + static_cast<int>(std::count_if(before.begin() + static_cast<std::ptrdiff_t>(start), before.end(),
                                                 begins_character));
  return at;
}

}  // namespace twinlane::app::detail
