#include <twinlane/agents/uri.hpp>

#include <algorithm>
#include <array>
#include <cstring>
#include <stdexcept>

namespace twinlane {
namespace {

constexpr std::string_view hex_digits = "0123456789ABCDEF";

constexpr std::array<bool, 256> make_pchar() {
  std::array<bool, 256> ok{};
  for (char c = 'a'; c <= 'z'; ++c) ok[static_cast<unsigned char>(c)] = true;
  for (char c = 'A'; c <= 'Z'; ++c) ok[static_cast<unsigned char>(c)] = true;
  for (char c = '0'; c <= '9'; ++c) ok[static_cast<unsigned char>(c)] = true;
  for (char c : std::string_view("-._~!$&'()*+,;=:@")) ok[static_cast<unsigned char>(c)] = true;
  return ok;
}
constexpr auto pchar = make_pchar();

int hex_value(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Lengths, continuation bytes, overlong forms, surrogates, the upper end.
bool valid_utf8(std::string_view s) noexcept {
  std::size_t i = 0;
  while (i < s.size()) {
    const auto c = static_cast<unsigned char>(s[i]);
    if (c < 0x80) {
      ++i;
      continue;
    }
    const std::size_t n = c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : 2;
    if (c < 0xC2 || c > 0xF4 || i + n > s.size()) return false;
    const auto second = static_cast<unsigned char>(s[i + 1]);
    if ((c == 0xE0 && second < 0xA0) || (c == 0xED && second > 0x9F) || (c == 0xF0 && second < 0x90) ||
        (c == 0xF4 && second > 0x8F))
      return false;
    for (std::size_t k = 1; k < n; ++k)
      if ((static_cast<unsigned char>(s[i + k]) & 0xC0) != 0x80) return false;
    i += n;
  }
  return true;
}

bool identifier(std::string_view s) noexcept {
  if (s.empty() || (s[0] >= '0' && s[0] <= '9')) return false;
  return std::all_of(s.begin(), s.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

}  // namespace

std::uint32_t murmur2(std::string_view key) noexcept {
  constexpr std::uint32_t m = 0x5bd1e995;
  const auto* p = reinterpret_cast<const unsigned char*>(key.data());
  std::size_t n = key.size();
  std::uint32_t h = 0x9747b28c ^ static_cast<std::uint32_t>(n);
  for (; n >= 4; n -= 4, p += 4) {
    std::uint32_t k = p[0] | p[1] << 8 | p[2] << 16 | static_cast<std::uint32_t>(p[3]) << 24;
    k *= m;
    k ^= k >> 24;
    k *= m;
    h *= m;
    h ^= k;
  }
  if (n >= 3) h ^= static_cast<std::uint32_t>(p[2]) << 16;
  if (n >= 2) h ^= static_cast<std::uint32_t>(p[1]) << 8;
  if (n >= 1) {
    h ^= p[0];
    h *= m;
  }
  h ^= h >> 13;
  h *= m;
  h ^= h >> 15;
  return h & 0x7fffffff;
}

bool append_segment(std::string& uri, std::string_view decoded) {
  if (decoded.empty() || decoded == "." || decoded == "..") return false;
  bool plain = true;
  for (char c : decoded) {
    if (c == '\0') return false;
    plain = plain && pchar[static_cast<unsigned char>(c)];
  }
  if (plain) {
    uri += decoded;
    return true;
  }
  if (!valid_utf8(decoded)) return false;
  for (char ch : decoded) {
    const auto c = static_cast<unsigned char>(ch);
    if (pchar[c]) {
      uri += ch;
    } else {
      uri += '%';
      uri += hex_digits[c >> 4];
      uri += hex_digits[c & 15];
    }
  }
  return true;
}

std::optional<std::string> decode_segment(std::string_view encoded) {
  std::string out;
  out.reserve(encoded.size());
  for (std::size_t i = 0; i < encoded.size(); ++i) {
    if (encoded[i] != '%') {
      out += encoded[i];
      continue;
    }
    if (i + 2 >= encoded.size()) return std::nullopt;
    const int hi = hex_value(encoded[i + 1]), lo = hex_value(encoded[i + 2]);
    if (hi < 0 || lo < 0 || (hi == 0 && lo == 0)) return std::nullopt;
    out += static_cast<char>(hi << 4 | lo);
    i += 2;
  }
  if (out.find('\0') != std::string::npos || !valid_utf8(out)) return std::nullopt;
  return out;
}

std::optional<std::string> canonical_uri(std::string_view path) {
  if (path.size() < 2 || path[0] != '/') return std::nullopt;
  std::string out;
  out.reserve(path.size());
  for (std::string_view segment : split_uri(path)) {
    const auto decoded = decode_segment(segment);
    out += '/';
    if (!decoded || !append_segment(out, *decoded)) return std::nullopt;
  }
  return out;
}

std::vector<std::string_view> split_uri(std::string_view uri) {
  std::vector<std::string_view> parts;
  if (uri.empty() || uri[0] != '/') return parts;
  uri.remove_prefix(1);
  for (;;) {
    const auto slash = uri.find('/');
    parts.push_back(uri.substr(0, slash));
    if (slash == std::string_view::npos) return parts;
    uri.remove_prefix(slash + 1);
  }
}

route::route(std::string_view pattern) : pattern_(pattern) {
  const auto fail = [&](const char* why) { throw std::invalid_argument("route '" + pattern_ + "': " + why); };
  if (pattern.size() < 2 || pattern[0] != '/') fail("must start with '/' and name at least one segment");
  for (std::string_view segment : split_uri(pattern)) {
    if (segment.empty()) fail("has an empty segment");
    if (segment[0] == ':') {
      const auto name = segment.substr(1);
      if (!identifier(name)) fail("a parameter is ':' and a name of letters, digits and '_'");
      if (std::find(params_.begin(), params_.end(), name) != params_.end()) fail("a parameter's name is used twice");
      if (params_.empty()) first_ = static_cast<unsigned>(parts_.size());
      params_.emplace_back(name);
      parts_.push_back({std::string(name), true});
    } else {
      std::string canonical;
      const auto decoded = decode_segment(segment);
      if (!decoded || !append_segment(canonical, *decoded) || canonical != segment)
        fail("a literal segment is not in canonical percent-encoding");
      parts_.push_back({std::move(canonical), false});
    }
  }
  if (params_.empty()) fail("needs at least one parameter, as in /customer/:id");
}

bool route::matches(std::string_view uri) const noexcept {
  if (uri.empty() || uri[0] != '/') return false;
  std::size_t at = 1;
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    if (at > uri.size()) return false;
    auto end = uri.find('/', at);
    if (end == std::string_view::npos) end = uri.size();
    const auto segment = uri.substr(at, end - at);
    if (parts_[i].param ? segment.empty() : segment != parts_[i].text) return false;
    at = end + 1;
  }
  return at == uri.size() + 1;
}

std::string route::param(std::string_view uri, std::size_t n) const {
  const auto segments = split_uri(uri);
  for (std::size_t i = 0; i < parts_.size() && i < segments.size(); ++i)
    if (parts_[i].param && n-- == 0) return decode_segment(segments[i]).value_or(std::string(segments[i]));
  return {};
}

std::uint32_t route::hash(std::string_view uri) const {
  std::size_t at = 1;
  for (unsigned i = 0; i < first_; ++i) at = uri.find('/', at) + 1;
  const auto segment = uri.substr(at, uri.find('/', at) - at);
  if (segment.find('%') == std::string_view::npos) return murmur2(segment);
  return murmur2(decode_segment(segment).value_or(std::string(segment)));
}

bool route::meets(const route& other, const std::vector<std::string>& lanes) const {
  const std::size_t n = parts_.size(), m = other.parts_.size();
  if (m < n || m > n + 2) return false;
  for (std::size_t i = 0; i < n; ++i)
    if (!parts_[i].param && !other.parts_[i].param && parts_[i].text != other.parts_[i].text) return false;
  if (m == n) return true;
  return other.parts_[n].param || std::find(lanes.begin(), lanes.end(), other.parts_[n].text) != lanes.end();
}

}  // namespace twinlane
