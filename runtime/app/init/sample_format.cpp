#include <twinlane/runtime/app/init/sample_format.hpp>

#include <algorithm>
#include <map>
#include <set>
#include <string_view>

#include <fmt/format.h>
#include <simdjson.h>

#include <twinlane/ingest/csv.hpp>
#include <twinlane/runtime/app/init/counted.hpp>

namespace twinlane::app {

namespace {

using row = std::vector<std::string>;

constexpr std::size_t columns_max = 1'000;

enum class value_class { object, other_json, wire_format, avro_file, gzip, bytes, text };

value_class class_of(std::string_view value, simdjson::dom::parser& parser) {
  simdjson::dom::element e;
  if (!parser.parse(value.data(), value.size()).get(e))
    return e.is_object() ? value_class::object : value_class::other_json;
  if (value.size() > 5 && value[0] == '\0') return value_class::wire_format;
  if (value.starts_with("Obj\x01")) return value_class::avro_file;
  if (value.starts_with("\x1f\x8b")) return value_class::gzip;
  const bool control = std::any_of(value.begin(), value.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\r' && c != '\t';
  });
  if (control || !simdjson::validate_utf8(value.data(), value.size())) return value_class::bytes;
  return value_class::text;
}

constexpr std::string_view json_elsewhere =
    "Write JSON objects into another topic, with Kafka Connect by JsonConverter with schemas.enable=false or with "
    "ksqlDB by VALUE_FORMAT='JSON', and sample that one.";

std::string unsupported_text(value_class most, std::string_view example) {
  switch (most) {
    case value_class::wire_format: {
      unsigned id = 0;
      for (const char c : example.substr(1, 4)) id = id << 8 | static_cast<unsigned char>(c);
      return fmt::format(
          "the values are in Confluent's wire format (a zero byte, then schema id {}): Avro, Protobuf or JSON behind a "
          "schema registry. This version reads JSON and CSV. {}",
          id, json_elsewhere);
    }
    case value_class::avro_file:
      return fmt::format("the values are Avro files. This version reads JSON and CSV. {}", json_elsewhere);
    case value_class::gzip:
      return fmt::format(
          "the values are packed with gzip by their producer. This version reads JSON and CSV. Let Kafka pack them "
          "(compression.type), not the producer's own code.");
    case value_class::bytes:
      return fmt::format("the values are binary: neither JSON nor text. This version reads JSON and CSV. {}",
                         json_elsewhere);
    case value_class::other_json:
      return fmt::format("the values are JSON but no objects, and a record's fields are members of an object. {}",
                         json_elsewhere);
    default:
      break;
  }
  for (const char separator : {';', '\t', '|'})
    if (std::count(example.begin(), example.end(), separator) > 1)
      return fmt::format("the values are rows with {} between their fields. CSV is read with commas. {}",
                         separator == '\t' ? std::string("a tab") : fmt::format("'{}'", separator), json_elsewhere);
  return fmt::format("the values are text, but neither JSON objects nor CSV rows of the same length. {}",
                     json_elsewhere);
}

bool is_number_like(std::string_view text) {
  return !text.empty() && (text[0] == '-' || text[0] == '+' || text[0] == '.' || (text[0] >= '0' && text[0] <= '9'));
}

/// As a header line's names look: a letter first, each there once.
bool may_be_header(const row& r) {
  std::set<std::string_view> seen;
  return std::all_of(r.begin(), r.end(), [&](const std::string& name) {
    const auto c = static_cast<unsigned char>(name.empty() ? '0' : name[0]);
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c >= 0x80;
    return letter && name.size() <= 64 && seen.insert(name).second;
  });
}

struct csv_rows {
  std::vector<row> rows;    // of the length that most have
  std::vector<row> firsts;  // of these, the first of a partition
  std::size_t fields = 0;
};

csv_rows rows_of(const ingest::topic_sample& sample) {
  std::map<std::size_t, std::size_t> lengths;
  std::vector<std::pair<row, bool>> all;
  std::string why;
  std::set<std::int32_t> seen;
  for (const auto& r : sample.records) {
    const bool first = seen.insert(r.partition).second;
    row fields;
    if (!r.value || r.value->empty() || std::string_view("[{<").find((*r.value)[0]) != std::string_view::npos ||
        !simdjson::validate_utf8(r.value->data(), r.value->size()) || !ingest::split_csv_row(*r.value, fields, why))
      continue;
    if (fields.size() > columns_max) continue;
    ++lengths[fields.size()];
    all.emplace_back(std::move(fields), first);
  }
  lengths.erase(1);
  csv_rows found;
  if (lengths.empty()) return found;
  found.fields = std::max_element(lengths.begin(), lengths.end(), [](const auto& a, const auto& b) {
                   return a.second < b.second;
                 })->first;
  for (auto& [fields, first] : all) {
    if (fields.size() != found.fields) continue;
    if (first) found.firsts.push_back(fields);
    found.rows.push_back(std::move(fields));
  }
  return found;
}

/// Are names in the first row, and numbers below one of them?
bool is_header(const row& first, const csv_rows& all) {
  if (!may_be_header(first)) return false;
  for (std::size_t i = 0; i < first.size(); ++i) {
    const auto numbers =
        std::count_if(all.rows.begin(), all.rows.end(), [&](const row& r) { return is_number_like(r[i]); });
    if (2 * static_cast<std::size_t>(numbers) >= all.rows.size()) return true;
  }
  return false;
}

sample_format as_csv(const csv_rows& found, std::size_t values) {
  sample_format f;
  f.supported = true;
  f.format = ingest::record_format::csv;
  f.evidence = fmt::format("CSV: {} values are rows of {} fields.", part_of(found.rows.size(), values), found.fields);
  for (const auto& first : found.firsts) {
    if (!is_header(first, found)) continue;
    f.columns = first;
    f.header = true;
    f.evidence += " The columns are named by a header line among the records, which is passed over.";
    return f;
  }
  for (std::size_t i = 1; i <= found.fields; ++i) f.columns.push_back(fmt::format("column_{}", i));
  f.evidence += " No header line was found: give the columns better names, here and below.";
  return f;
}

}  // namespace

sample_format find_format(const ingest::topic_sample& sample) {
  std::map<value_class, std::size_t> counts;
  std::map<value_class, std::string_view> examples;
  std::size_t values = 0;
  simdjson::dom::parser parser;
  for (const auto& r : sample.records) {
    if (!r.value) continue;
    ++values;
    const auto c = class_of(*r.value, parser);
    ++counts[c];
    examples.emplace(c, *r.value);
  }
  sample_format f;
  if (values == 0) {
    f.evidence = "every value of the sample is null. Sample again when the topic has records.";
    return f;
  }
  if (2 * counts[value_class::object] >= values) {
    f.supported = true;
    f.evidence = fmt::format("JSON: {} values are JSON objects.", part_of(counts[value_class::object], values));
    return f;
  }
  const auto found = rows_of(sample);
  if (2 * found.rows.size() >= values) return as_csv(found, values);
  const auto most =
      std::max_element(counts.begin(), counts.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  f.evidence = unsupported_text(most->first, examples[most->first]);
  return f;
}

}  // namespace twinlane::app
