#include <twinlane/ingest/record_splitter.hpp>

#include <cstring>

namespace twinlane::ingest {

std::size_t record_splitter::end_of_record(std::string_view text) noexcept {
  std::size_t end = std::string_view::npos;
  if (csv_) {
    end = end_of_csv_row(text);
  } else {
    const auto newline = text.find('\n', seen_);
    if (newline != std::string_view::npos) end = newline + 1;
  }
  if (end == std::string_view::npos)
    seen_ = text.size();
  else
    restart();
  return end;
}

std::size_t record_splitter::end_of_csv_row(std::string_view text) noexcept {
  for (std::size_t i = seen_; i < text.size(); ++i) {
    const char c = text[i];
    if (place_ == place::quoted) {
      if (c == '"') place_ = place::quote_in_quoted;
    } else if (c == '\n') {
      return i + 1;
    } else if (c == ',') {
      place_ = place::field_start;
    } else if (c == '"' && place_ != place::plain) {
      place_ = place::quoted;
    } else {
      place_ = place::plain;
    }
  }
  return std::string_view::npos;
}

void record_splitter::restart() noexcept {
  seen_ = 0;
  place_ = place::field_start;
}

std::string_view record_splitter::without_line_end(std::string_view record) noexcept {
  if (!record.empty() && record.back() == '\n') record.remove_suffix(1);
  if (!record.empty() && record.back() == '\r') record.remove_suffix(1);
  return record;
}

std::string_view without_bom(std::string_view text) noexcept {
  if (text.substr(0, 3) == "\xEF\xBB\xBF") text.remove_prefix(3);
  return text;
}

}  // namespace twinlane::ingest
