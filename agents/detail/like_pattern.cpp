#include <twinlane/agents/detail/like_pattern.hpp>

#include <cstring>

namespace twinlane::detail::expr {
namespace {

bool begins_character(char c) noexcept { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }

const char* next_character(const char* at, const char* to) noexcept {
  ++at;
  while (at != to && !begins_character(*at)) ++at;
  return at;
}

}  // namespace

std::optional<like_pattern> like_pattern::parse(std::string_view pattern) {
  like_pattern made;
  piece now;
  bool has_wild = false;
  std::size_t characters = 0;
  const auto close = [&] {
    if (has_wild && characters > characters_max) return false;
    if (!has_wild) now.wild.clear();
    made.pieces_.push_back(std::move(now));
    now = {};
    has_wild = false;
    characters = 0;
    return true;
  };
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '%') {
      if (!close()) return std::nullopt;
      continue;
    }
    const bool wild = pattern[i] == '_';
    if (pattern[i] == '\\' && ++i == pattern.size()) return std::nullopt;
    has_wild = has_wild || wild;
    now.text += pattern[i];
    now.wild.push_back(wild);
    characters += begins_character(pattern[i]);
  }
  if (!close()) return std::nullopt;
  return made;
}

const char* like_pattern::match_at(const piece& p, const char* from, const char* to) noexcept {
  for (std::size_t i = 0; i < p.text.size(); ++i) {
    if (from == to) return nullptr;
    if (!p.wild.empty() && p.wild[i])
      from = next_character(from, to);
    else if (*from++ != p.text[i])
      return nullptr;
  }
  return from;
}

// The end of the first place where the piece matches.
const char* like_pattern::find(const piece& p, const char*& from, const char* to) noexcept {
  if (p.wild.empty()) {
    const auto at = find_text({from, static_cast<std::size_t>(to - from)}, p.text);
    return at == std::string_view::npos ? nullptr : from + at + p.text.size();
  }
  for (; from != to; from = next_character(from, to))
    if (const char* end = match_at(p, from, to)) return end;
  return nullptr;
}

bool like_pattern::ends_with(const piece& p, const char* from, const char* to) noexcept {
  std::size_t characters = 0;
  for (const char c : p.text) characters += begins_character(c);
  const char* at = to;
  while (characters > 0 && at != from) characters -= begins_character(*--at);
  return characters == 0 && match_at(p, at, to) == to;
}

bool like_pattern::matches(std::string_view text) const noexcept {
  // No text has no address, which below means no match.
  const char* from = text.empty() ? "" : text.data();
  const char* const to = from + text.size();
  if (pieces_.size() == 1) return match_at(pieces_.front(), from, to) == to;
  from = match_at(pieces_.front(), from, to);
  for (std::size_t i = 1; from && i + 1 < pieces_.size(); ++i) from = find(pieces_[i], from, to);
  return from && ends_with(pieces_.back(), from, to);
}

std::size_t find_text(std::string_view in, std::string_view what) noexcept {
  if (what.empty()) return 0;
  // In the C library this is the two-way algorithm, where std::string_view::find takes quadratic time at worst.
  const void* at = ::memmem(in.data(), in.size(), what.data(), what.size());
  return at ? static_cast<std::size_t>(static_cast<const char*>(at) - in.data()) : std::string_view::npos;
}

}  // namespace twinlane::detail::expr
