#include <algorithm>
#include <string_view>

#include <fmt/format.h>
#include <simdjson.h>

#include <twinlane/runtime/app/init/source_proposal.hpp>

namespace twinlane::app {

namespace {

/// A scalar in double quotes, which can hold anything.
std::string in_quotes(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\')
      out += fmt::format("\\{}", c);
    else if (byte < 0x20 || byte == 0x7f)
      out += fmt::format("\\x{:02x}", byte);
    else
      out += c;
  }
  return out + '"';
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (auto& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

/// Plain where a plain word can be nothing but text.
std::string scalar(std::string_view text) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  const auto inner = [&](char c) { return letter(c) || (c >= '0' && c <= '9'); };
  for (const auto word : {"null", "true", "false", "yes", "no", "on", "off"})
    if (lower(text) == word) return in_quotes(text);
  if (!text.empty() && letter(text[0]) && std::all_of(text.begin(), text.end(), inner)) return std::string(text);
  return in_quotes(text);
}

void comment(std::string& to, std::string_view indent, const std::string& text) {
  constexpr std::size_t width = 110;
  std::string line;
  const auto flush = [&] {
    to += fmt::format("{}#{}\n", indent, line);
    line.clear();
  };
  std::string word;
  const auto take = [&] {
    if (!word.empty() && !line.empty() && indent.size() + line.size() + word.size() + 2 > width) flush();
    if (!word.empty()) line += ' ' + word;
    word.clear();
  };
  const bool utf8 = simdjson::validate_utf8(text);
  for (const char c : text)
    if (static_cast<unsigned char>(c) <= ' ' || c == 0x7f)
      take();
    else
      word += utf8 || static_cast<unsigned char>(c) < 0x80 ? c : '?';
  take();
  if (!line.empty()) flush();
}

void comments(std::string& to, std::string_view indent, const std::vector<std::string>& lines) {
  for (const auto& text : lines) comment(to, indent, text);
}

std::string_view unit_text(ingest::time_unit unit) {
  constexpr std::string_view names[] = {"s", "ms", "us", "ns"};
  return names[static_cast<unsigned>(unit)];
}

void write_agent(std::string& to, const source_proposal& p) {
  const auto& lane = p.agent.lanes.front();
  to += "agents:\n";
  comments(to, "  ", p.about_agent);
  to += fmt::format("  - type: {}\n    route: {}\n    lanes:\n", scalar(p.agent.name), p.agent.route);
  comments(to, "      ", p.about_lane);
  to += fmt::format("      {}:\n        kind: {}\n", scalar(lane.name), name_of(lane.kind));
  if (lane.keep.entries_max == 0) return;
  comments(to, "        ", p.about_keep);
  to += fmt::format("        keep: {{ entries: {} }}\n", lane.keep.entries_max);
}

void write_kafka(std::string& to, const ingest::kafka_spec& kafka) {
  to += fmt::format("    kafka:\n      brokers: {}\n      topic: {}\n      group: {}\n", in_quotes(kafka.brokers),
                    scalar(kafka.topic), scalar(kafka.group));
  if (!kafka.properties.empty()) to += "      properties:\n";
  for (const auto& [name, value] : kafka.properties)
    to += fmt::format("        {}: {}\n", in_quotes(name), in_quotes(value));
}

void write_source(std::string& to, const source_proposal& p) {
  const auto& s = p.source;
  to += fmt::format("sources:\n  - name: {}\n", scalar(s.name));
  write_kafka(to, std::get<ingest::kafka_spec>(s.from));
  comments(to, "    ", p.about_format);
  to += fmt::format("    format: {}\n", s.format == ingest::record_format::csv ? "csv" : "json");
  if (!s.columns.empty()) {
    to += "    columns:\n";
    for (const auto& c : s.columns) to += fmt::format("      - {}\n", scalar(c));
  }
  comments(to, "    ", p.about_entity);
  to += fmt::format("    entity: {}\n    lane: {}\n", in_quotes(s.entity), scalar(s.lane));
  comments(to, "    ", p.about_key);
  if (!s.key.empty()) to += fmt::format("    key: {}\n", in_quotes(s.key));
  comments(to, "    ", p.about_time);
  if (s.time.empty()) return;
  to += fmt::format("    time: {}\n", scalar(s.time));
  if (s.unit != ingest::time_unit::milliseconds) to += fmt::format("    time_unit: {}\n", unit_text(s.unit));
}

}  // namespace

std::string to_yaml(const source_proposal& p) {
  std::string out;
  comments(out, "", p.about_sample);
  comment(out, "", "Each choice says why; change what you know better, and run check.");
  out += "listen: 127.0.0.1:8080\ndata_dir: data\n\n";
  write_agent(out, p);
  out += '\n';
  write_source(out, p);
  return out;
}

}  // namespace twinlane::app
