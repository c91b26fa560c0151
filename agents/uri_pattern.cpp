#include <twinlane/agents/uri_pattern.hpp>

#include <twinlane/agents/uri.hpp>

namespace twinlane {
namespace {

expression_error mistake(std::string_view text, std::size_t at, std::string message) {
  expression_error e;
  for (const char c : text.substr(0, at)) e.column += (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  e.message = std::move(message);
  return e;
}

// The place of the brace that closes what is opened before `at`; npos when there is none. Texts may have braces.
std::size_t closing_brace(std::string_view text, std::size_t at) {
  int open = 1;
  bool quoted = false;
  for (; at < text.size(); ++at) {
    if (text[at] == '\'') quoted = !quoted;
    if (quoted) continue;
    if (text[at] == '{') ++open;
    if (text[at] == '}' && --open == 0) return at;
  }
  return text.npos;
}

}  // namespace

uri_pattern::outcome uri_pattern::compile(std::string_view text, const expression_scope& scope) {
  uri_pattern made;
  if (!text.starts_with('/') || text.size() < 2) return mistake(text, 0, "it is written as a path: /segment/{status}.");
  std::string literal;
  const auto close_literal = [&] {
    if (literal.empty()) return true;
    const auto decoded = decode_segment(literal);
    if (decoded) made.segments_.back().push_back({*decoded, std::nullopt});
    literal.clear();
    return decoded.has_value();
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '/' || text[i] == '{') {
      if (!close_literal()) return mistake(text, i, "the % in it is not an encoded character. Write %25.");
    }
    if (text[i] == '/') {
      made.segments_.emplace_back();
    } else if (text[i] == '{') {
      const auto end = closing_brace(text, i + 1);
      if (end == text.npos) return mistake(text, i, "the brace is not closed.");
      auto hole = expression::compile(text.substr(i + 1, end - i - 1), scope);
      if (!hole) {
        auto e = hole.error();
        if (e.line == 1) e.column += mistake(text, i, {}).column;
        return e;
      }
      made.segments_.back().push_back({{}, std::move(*hole)});
      i = end;
    } else {
      literal += text[i];
    }
  }
  if (!close_literal()) return mistake(text, text.size(), "the % in it is not an encoded character. Write %25.");
  for (const auto& parts : made.segments_) {
    if (parts.empty()) return mistake(text, 0, "a segment of it is empty.");
    std::string segment;
    for (const auto& p : parts) segment += p.hole ? "x" : p.text;
    made.sample_ += '/';
    if (!append_segment(made.sample_, segment)) return mistake(text, 0, "a segment of it is no part of a URI.");
  }
  return made;
}

std::optional<std::string> uri_pattern::uri(const expression_context& c) const {
  std::string out;
  for (const auto& parts : segments_) {
    std::string segment;
    for (const auto& p : parts) {
      const auto text = p.hole ? p.hole->text(c) : p.text;
      if (text.empty()) return std::nullopt;
      segment += text;
    }
    out += '/';
    if (!append_segment(out, segment)) return std::nullopt;
  }
  return out;
}

}  // namespace twinlane
