#include <twinlane/runtime/detail/dead_letter_text.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <functional>

#include <simdjson.h>
#include <nlohmann/json.hpp>

#include <twinlane/lanes/detail/text.hpp>

namespace twinlane::detail {

namespace {

constexpr std::string_view base64_digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void append_base64(std::string& out, std::string_view bytes) {
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const auto byte = [&](std::size_t at) {
      return at < bytes.size() ? static_cast<unsigned>(static_cast<unsigned char>(bytes[at])) : 0u;
    };
    const unsigned group = byte(i) << 16 | byte(i + 1) << 8 | byte(i + 2);
    out += base64_digits[group >> 18];
    out += base64_digits[group >> 12 & 63];
    out += i + 1 < bytes.size() ? base64_digits[group >> 6 & 63] : '=';
    out += i + 2 < bytes.size() ? base64_digits[group & 63] : '=';
  }
}

std::optional<std::string> parse_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  const auto digits = text.substr(0, text.find('='));
  if (text.size() - digits.size() > 2 || text.find_first_not_of('=', digits.size()) != std::string_view::npos)
    return std::nullopt;
  std::string out;
  unsigned bits = 0, held = 0;
  for (const char c : digits) {
    const auto digit = base64_digits.find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    bits = bits << 6 | static_cast<unsigned>(digit);
    held += 6;
    if (held < 8) continue;
    held -= 8;
    out += static_cast<char>(bits >> held & 0xff);
  }
  return out;
}

bool is_utf8(std::string_view bytes) { return simdjson::validate_utf8(bytes.data(), bytes.size()); }

/// At most bytes_max bytes, not ending within a character.
std::string_view cut(std::string_view bytes, std::size_t bytes_max) {
  if (bytes.size() <= bytes_max) return bytes;
  auto end = bytes_max;
  while (end > 0 && bytes_max - end < 3 && (static_cast<unsigned char>(bytes[end]) & 0xc0) == 0x80) --end;
  const auto shorter = bytes.substr(0, end);
  return is_utf8(shorter) ? shorter : bytes.substr(0, bytes_max);
}

void append_member(std::string& out, std::string_view name, std::string_view text) {
  out += ",\"";
  out += name;
  out += "\":";
  append_json_string(out, text);
}

/// `original`: how many there were.
void append_bytes(std::string& out, std::string_view name, std::string_view kept, std::uint64_t original) {
  if (is_utf8(kept)) {
    append_member(out, name, kept);
  } else {
    out += ",\"";
    out += name;
    out += "\":\"";
    append_base64(out, kept);
    out += "\",\"";
    out += name;
    out += "_encoding\":\"base64\"";
  }
  if (kept.size() == original) return;
  out += ",\"";
  out += name;
  out += "_bytes\":";
  append_integer(out, original);
}

std::int64_t now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::optional<dead_reason> parse_reason(std::string_view text) {
  for (unsigned i = 0; i <= static_cast<unsigned>(dead_reason::undeliverable); ++i)
    if (name_of(static_cast<dead_reason>(i)) == text) return static_cast<dead_reason>(i);
  return std::nullopt;
}

bool read_bytes(const nlohmann::json& line, const std::string& name, std::string& bytes, std::uint64_t& original) {
  const auto& text = line.at(name).get_ref<const std::string&>();
  if (line.contains(name + "_encoding")) {
    auto decoded = parse_base64(text);
    if (!decoded) return false;
    bytes = std::move(*decoded);
  } else {
    bytes = text;
  }
  original = line.value(name + "_bytes", static_cast<std::uint64_t>(bytes.size()));
  return true;
}

}  // namespace

namespace {

/// All members but the bytes, after an opening bracket.
void append_head(std::string& out, const dead_letter& letter) {
  out += "\"source\":";
  append_json_string(out, letter.source);
  append_member(out, "topic", letter.topic);
  out += ",\"partition\":";
  append_integer(out, letter.partition);
  out += ",\"offset\":";
  append_integer(out, letter.offset);
  append_member(out, "reason", name_of(letter.reason));
  append_member(out, "detail", cut(letter.detail, 4096));
  out += ",\"at\":";
  append_integer(out, letter.at_ms ? letter.at_ms : now_ms());
  if (letter.uri.empty()) return;
  append_member(out, "uri", letter.uri);
  out += ",\"time\":";
  append_integer(out, letter.time_ms);
}

}  // namespace

void append_line(std::string& out, const dead_letter& letter, std::size_t bytes_max) {
  out += '{';
  append_head(out, letter);
  append_bytes(out, "key", cut(letter.key, bytes_max), letter.key.size());
  append_bytes(out, "value", cut(letter.value, bytes_max), letter.value.size());
  out += "}\n";
}

void append_stored(std::string& out, const dead_letters::stored& s) {
  out += "{\"id\":";
  append_json_string(out, s.id);
  out += ',';
  append_head(out, s.letter);
  append_bytes(out, "key", s.letter.key, s.key_bytes);
  append_bytes(out, "value", s.letter.value, s.value_bytes);
  out += '}';
}

namespace {

constexpr std::string_view done_begin = "{\"done\":\"", done_end = "\"}";

}  // namespace

void append_done(std::string& out, std::string_view id) {
  out += done_begin;
  out += id;
  out += done_end;
  out += '\n';
}

std::optional<std::string> parse_done(std::string_view line) {
  if (!line.starts_with(done_begin) || !line.ends_with(done_end)) return std::nullopt;
  line.remove_prefix(done_begin.size());
  line.remove_suffix(std::min(done_end.size(), line.size()));
  return std::string(line);
}

std::optional<dead_letters::stored> parse_line(std::string_view line) {
  const auto json = nlohmann::json::parse(line, nullptr, false);
  if (!json.is_object()) return std::nullopt;
  try {
    dead_letters::stored s;
    auto& letter = s.letter;
    json.at("source").get_to(letter.source);
    json.at("topic").get_to(letter.topic);
    json.at("partition").get_to(letter.partition);
    json.at("offset").get_to(letter.offset);
    json.at("detail").get_to(letter.detail);
    json.at("at").get_to(letter.at_ms);
    const auto reason = parse_reason(json.at("reason").get_ref<const std::string&>());
    if (!reason || !read_bytes(json, "key", letter.key, s.key_bytes)) return std::nullopt;
    letter.reason = *reason;
    letter.uri = json.value("uri", std::string());
    letter.time_ms = json.value("time", std::int64_t{0});
    if (!read_bytes(json, "value", letter.value, s.value_bytes)) return std::nullopt;
    return s;
  } catch (const nlohmann::json::exception&) {
    return std::nullopt;
  }
}

namespace {

/// Of a letter among those of its partition.
std::string identity_of(const dead_letter& letter) {
  std::string id;
  append_integer(id, letter.offset);
  id += ' ';
  append_integer(id, std::hash<std::string>{}(letter.key + '\0' + letter.value));
  return id;
}

}  // namespace

bool seen_letters::first_time(const dead_letter& letter) {
  return by_partition_[{letter.source, letter.topic, letter.partition}].insert(identity_of(letter)).second;
}

void seen_letters::hide(std::string id, const dead_letter& letter) {
  hidden_[std::move(id)] = {{letter.source, letter.topic, letter.partition}, identity_of(letter)};
}

void seen_letters::show_again(const std::string& id) {
  if (const auto at = hidden_.find(id); at != hidden_.end()) by_partition_[at->second.first].erase(at->second.second);
}

}  // namespace twinlane::detail
