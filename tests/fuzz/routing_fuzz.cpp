// Outside bytes into the router, as JSON and as CSV, and into its parsers: what is routed has a canonical URI and a
// usable key, what is not has a reason; every CSV row that is taken becomes JSON.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>
#include <twinlane/agents/uri.hpp>
#include <twinlane/ingest/csv.hpp>
#include <twinlane/ingest/event_time.hpp>
#include <twinlane/ingest/record_router.hpp>
#include <twinlane/ingest/record_splitter.hpp>

using namespace twinlane;
using namespace twinlane::ingest;

namespace {

void require(bool holds, const char* what) {
  if (holds) return;
  std::cerr << what << '\n';
  std::abort();
}

source_spec spec_of(record_format format) {
  source_spec s;
  s.name = "fuzz";
  s.format = format;
  if (format == record_format::csv) s.columns = {"id", "who", "at"};
  s.entity = format == record_format::csv ? "/customer/{who}" : "/customer/{who.id}-{$key}/x/{$topic}";
  s.lane = "orders";
  s.key = "{id}";
  s.time = "at";
  return s;
}

void try_route(record_format format, std::string_view key, std::string_view value) {
  static record_router json(spec_of(record_format::json), {1, lane_kind::map, 1});
  static record_router csv(spec_of(record_format::csv), {1, lane_kind::map, 1});
  static text_arena texts;
  static std::vector<routed_record> out;
  out.clear();
  texts.clear();
  raw_record r;
  r.key = key;
  r.has_key = true;
  r.value = value;
  const auto bad = (format == record_format::csv ? csv : json).route(r, {"topic", 0}, texts, out);
  require(bad.has_value() == out.empty(), "either routed or refused");
  if (bad) {
    require(!bad->detail.empty(), "a refusal says why");
    return;
  }
  const auto& to = out[0];
  require(canonical_uri(to.uri) == to.uri, "the URI is canonical");
  require(!to.key.empty() && to.key.size() <= key_bytes_max, "the key is usable");
  require(to.time_ms >= -62'167'219'200'000 && to.time_ms < 253'402'300'800'000, "the time is in range");
  const auto segments = split_uri(to.uri);
  require(to.hash == murmur2(*decode_segment(segments[1])), "the hash is that of the decoded parameter");
}

void split(std::string_view text) {
  static csv_row columns({"a", "b"});
  record_splitter whole(record_format::csv), pieces(record_format::csv);
  std::size_t at = 0;
  while (at < text.size()) {
    const auto rest = text.substr(at);
    const auto end = whole.end_of_record(rest);
    // The same, byte by byte.
    std::size_t stepwise = std::string_view::npos;
    for (std::size_t n = 1; n <= rest.size() && stepwise == std::string_view::npos;
         n = n < 64 ? n + 1 : rest.size() + (n == rest.size()))
      stepwise = pieces.end_of_record(rest.substr(0, n));
    require(stepwise == end, "records end where they end, however the text comes");
    if (end == std::string_view::npos) return;
    require(end > 0 && rest[end - 1] == '\n', "a record ends at a line's end");
    if (const auto* json = columns.to_json(rest.substr(0, end))) {
      const auto parsed = nlohmann::json::parse(*json, nullptr, false);
      require(parsed.is_discarded() || parsed.size() == 2, "a row becomes an object");
    }
    at += end;
  }
}

void compile(std::string_view text) {
  field_paths fields;
  try {
    const uri_template t(text, fields);
    require(!t.segments().empty(), "a template has segments");
  } catch (const std::invalid_argument&) {}
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto cut = bytes.find('\n');
  const auto key = bytes.substr(0, cut == std::string_view::npos ? 0 : cut);
  const auto value = cut == std::string_view::npos ? bytes : bytes.substr(cut + 1);
  try_route(record_format::json, key, value);
  try_route(record_format::csv, key, value);
  split(bytes);
  compile(bytes);
  if (const auto time = parse_event_time(bytes)) require(*time < 253'402'300'800'000, "the time is in range");
  return 0;
}
