#include <twinlane/web/header_values.hpp>

#include <algorithm>
#include <cstdlib>

#include <twinlane/agents/uri.hpp>

namespace twinlane::web {
namespace {

bool alphanumeric(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

struct preference {
  double quality = 0;
  int specificity = -1;  // 2 exact, 1 type/*, 0 */*
};

void consider(preference& best, std::string_view range, std::string_view exact, double quality) {
  const auto type = exact.substr(0, exact.find('/') + 1);
  int specificity = -1;
  if (same_ignoring_case(range, exact)) {
    specificity = 2;
  } else if (range.size() == type.size() + 1 && range.back() == '*' &&
             same_ignoring_case(range.substr(0, type.size()), type)) {
    specificity = 1;
  } else if (range == "*/*") {
    specificity = 0;
  }
  if (specificity > best.specificity) best = {quality, specificity};
}

double quality_of(const std::vector<std::string_view>& parts) {
  for (std::size_t i = 1; i < parts.size(); ++i) {
    const auto p = parts[i];
    if (p.size() > 2 && (p[0] == 'q' || p[0] == 'Q') && p[1] == '=') {
      const std::string number(p.substr(2, 8));
      return std::clamp(std::strtod(number.c_str(), nullptr), 0.0, 1.0);
    }
  }
  return 1;
}

std::string_view opaque(std::string_view tag) {
  if (tag.substr(0, 2) == "W/") tag.remove_prefix(2);
  return tag;
}

}  // namespace

std::string_view trimmed(std::string_view s) {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!s.empty() && blank(s.front())) s.remove_prefix(1);
  while (!s.empty() && blank(s.back())) s.remove_suffix(1);
  return s;
}

bool same_ignoring_case(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [&](char x, char y) { return lower(x) == lower(y); });
}

std::vector<std::string_view> split_list(std::string_view text, char at) {
  std::vector<std::string_view> items;
  while (!text.empty()) {
    const auto end = text.find(at);
    if (const auto item = trimmed(text.substr(0, end)); !item.empty()) items.push_back(item);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  }
  return items;
}

media preferred_media(std::string_view accept) {
  preference json, stream, html, lines;
  for (const auto item : split_list(accept)) {
    const auto parts = split_list(item, ';');
    if (parts.empty()) continue;
    const double quality = quality_of(parts);
    consider(json, parts[0], "application/json", quality);
    consider(stream, parts[0], "text/event-stream", quality);
    consider(html, parts[0], "text/html", quality);
    consider(lines, parts[0], "application/x-ndjson", quality);
  }
  if (stream.quality > json.quality && stream.quality >= html.quality && stream.quality >= lines.quality)
    return media::event_stream;
  if (lines.quality > json.quality && lines.quality >= html.quality) return media::ndjson;
  if (html.quality > json.quality) return media::html;
  return media::json;
}

bool none_match_holds(std::string_view header, std::string_view tag) {
  if (trimmed(header) == "*") return true;
  const auto tags = split_list(header);
  return std::any_of(tags.begin(), tags.end(), [&](std::string_view t) { return opaque(t) == tag; });
}

std::optional<std::string> single_tag(std::string_view header) {
  const auto tags = split_list(header);
  if (tags.size() != 1) return std::nullopt;
  auto tag = tags[0];
  if (tag.substr(0, 2) == "W/") return std::nullopt;
  if (tag.size() >= 2 && tag.front() == '"' && tag.back() == '"') tag = tag.substr(1, tag.size() - 2);
  if (tag.empty() || tag.find('"') != std::string_view::npos) return std::nullopt;
  return std::string(tag);
}

std::optional<query_map> parse_query(std::string_view query) {
  query_map out;
  while (!query.empty()) {
    const auto end = query.find('&');
    const auto pair = query.substr(0, end);
    query = end == std::string_view::npos ? std::string_view() : query.substr(end + 1);
    if (pair.empty()) continue;
    const auto equals = pair.find('=');
    auto name = decode_segment(pair.substr(0, equals));
    auto value = decode_segment(equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1));
    if (!name || !value) return std::nullopt;
    out.emplace_back(std::move(*name), std::move(*value));
  }
  return out;
}

bool is_host(std::string_view text) {
  std::size_t name_end = text.find(':');
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == std::string_view::npos) return false;
    if (text.substr(1, end - 1).find_first_not_of("0123456789abcdefABCDEF:.") != std::string_view::npos) return false;
    name_end = end + 1 < text.size() ? end + 1 : std::string_view::npos;
    if (name_end != std::string_view::npos && text[name_end] != ':') return false;
  } else {
    constexpr std::string_view marks = "-._~!$&'()*+,;=%";
    const auto name = text.substr(0, name_end);
    if (!std::all_of(name.begin(), name.end(),
                     [&](char c) { return alphanumeric(c) || marks.find(c) != std::string_view::npos; }))
      return false;
  }
  if (name_end == std::string_view::npos) return true;
  return text.substr(name_end + 1).find_first_not_of("0123456789") == std::string_view::npos;
}

std::optional<std::pair<std::string, std::string>> absolute_target(std::string_view target) {
  const auto colon = target.find("://");
  if (colon == std::string_view::npos) return std::nullopt;
  const auto scheme = target.substr(0, colon);
  if (!same_ignoring_case(scheme, "http") && !same_ignoring_case(scheme, "https")) return std::nullopt;
  target.remove_prefix(colon + 3);
  const auto end = std::min(target.find_first_of("/?"), target.size());
  if (end == 0) return std::nullopt;
  const auto rest = target.substr(end);
  return std::pair(std::string(target.substr(0, end)), (rest.starts_with('/') ? "" : "/") + std::string(rest));
}

bool is_websocket_key(std::string_view text) {
  return text.size() == 24 && text.ends_with("==") &&
         std::all_of(text.begin(), text.end() - 2, [](char c) { return alphanumeric(c) || c == '+' || c == '/'; });
}

const std::string* find_query(const query_map& q, std::string_view name) {
  const auto found = std::find_if(q.begin(), q.end(), [&](const auto& p) { return p.first == name; });
  return found == q.end() ? nullptr : &found->second;
}

}  // namespace twinlane::web
