#include <twinlane/ingest/sink_letter.hpp>

#include <simdjson.h>

namespace twinlane::ingest {
namespace {

constexpr std::string_view source_begin = "(sink ", detail_begin = "item ", detail_middle = ": ";

// FNV-1a, so that an id has the same number in every run and build.
std::int64_t number_of(std::string_view id) noexcept {
  std::uint64_t h = 14695981039346656037u;
  for (const char c : id) h = (h ^ static_cast<unsigned char>(c)) * 1099511628211u;
  return static_cast<std::int64_t>(h >> 1);
}

std::optional<std::string> id_of(const dead_letter& letter) {
  // Of items that found no room in the store: they had no id yet.
  if (letter.reason == dead_reason::sink_full)
    return "letter-" + std::to_string(letter.offset) + '-' + std::to_string(letter.at_ms);
  std::string_view rest = letter.detail;
  if (!rest.starts_with(detail_begin)) return std::nullopt;
  rest.remove_prefix(detail_begin.size());
  // An id may hold the mark that ends it.
  auto end = rest.find(detail_middle);
  while (end != std::string_view::npos && number_of(rest.substr(0, end)) != letter.offset)
    end = rest.find(detail_middle, end + 1);
  if (end == std::string_view::npos) return std::nullopt;
  return std::string(rest.substr(0, end));
}

}  // namespace

dead_letter letter_of(std::string_view sink, const sink_item& item, dead_reason reason, std::string_view why) {
  dead_letter l;
  l.source = std::string(source_begin) + std::string(sink) + ')';
  l.topic = item.uri;
  l.offset = number_of(item.id);
  l.reason = reason;
  l.detail = std::string(detail_begin) + item.id + std::string(detail_middle) + std::string(why);
  l.key = item.key;
  l.value = item.value;
  l.at_ms = item.at_ms;
  return l;
}

std::optional<undelivered> undelivered_of(const dead_letter& letter) {
  const std::string_view source = letter.source;
  if (!source.starts_with(source_begin) || !source.ends_with(')')) return std::nullopt;
  auto id = id_of(letter);
  if (!id) return std::nullopt;
  undelivered u;
  u.sink = source.substr(source_begin.size(), source.size() - source_begin.size() - 1);
  u.item = {std::move(*id), letter.topic, letter.key, letter.value, letter.at_ms};
  return u;
}

std::string shown(std::string_view bytes, std::size_t bytes_max) {
  auto end = std::min(bytes.size(), bytes_max);
  while (end > 0 && end < bytes.size() && (static_cast<unsigned char>(bytes[end]) & 0xc0) == 0x80) --end;
  std::string text(bytes.substr(0, end));
  const bool utf8 = simdjson::validate_utf8(text.data(), text.size());
  for (auto& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
    if (!utf8 && static_cast<unsigned char>(c) >= 0x80) c = '?';
  }
  if (end < bytes.size()) text += "…";
  return text;
}

}  // namespace twinlane::ingest
