// Bytes into a rich record and into json: what decodes is written, read again and equal; the diff between two decoded
// halves leads from one to the other.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>

#include <lanes/rich_record.hpp>
#include <nlohmann/json.hpp>
#include <twinlane/lanes/codec.hpp>
#include <twinlane/lanes/diff.hpp>
#include <twinlane/lanes/dirty_paths.hpp>

using nlohmann::json;

namespace {

void require(bool holds, const char* what, std::string_view text) {
  if (holds) return;
  std::cerr << what << ": " << text << '\n';
  std::abort();
}

template <class T>
std::string text_of(const T& v) {
  std::string out;
  twinlane::encode(out, v);
  return out;
}

// Numbers beyond a double are JSON all the same: fields that nobody reads may hold them.
bool is_json(std::string_view text) {
  try {
    return !json::parse(text).is_discarded();
  } catch (const json::out_of_range&) {
    return true;
  } catch (const json::parse_error&) {
    return false;
  }
}

template <class T>
bool decode_and_back(twinlane::decoder& d, std::string_view text, T& v) {
  const auto status = d.decode(text, v);
  if (!status) {
    require(!status.detail.empty(), "a refusal says why", text);
    return false;
  }
  require(is_json(text), "only JSON decodes", text);
  twinlane::validate(v);
  const auto written = text_of(v);
  T back{};
  require(bool(d.decode(written, back)), "what was written can be read", written);
  require(twinlane::equal(v, back), "what was read is what was written", written);
  require(text_of(back) == written, "one value has one text", written);
  return true;
}

template <class T>
void diff_leads_there(const T& before, const T& now) {
  std::string patch;
  const bool changed = twinlane::encode_diff(patch, before, now);
  require(changed != twinlane::equal(before, now), "a diff exactly when something differs", patch);
  json wanted = json::object(), by_diff = json::object(), by_paths = json::object();
  if (!twinlane::is_null(now)) wanted["x"] = json::parse(text_of(now));
  if (!twinlane::is_null(before)) by_diff["x"] = by_paths["x"] = json::parse(text_of(before));
  if (changed) by_diff.merge_patch({{"x", json::parse(patch)}});
  require(by_diff == wanted, "the diff leads from before to now", patch);

  twinlane::dirty_paths dirty;
  twinlane::mark_changes(dirty.root(), before, now);
  require(changed != dirty.empty(), "paths are marked exactly when something differs", patch);
  if (!changed) return;
  patch.clear();
  twinlane::encode_dirty(patch, dirty.root(), now);
  by_paths.merge_patch({{"x", json::parse(patch)}});
  require(by_paths == wanted, "the marked paths lead from before to now", patch);
}

template <class T>
void run(twinlane::decoder& d, std::string_view first, std::string_view second) {
  T a{}, b{};
  const bool ok_a = decode_and_back(d, first, a);
  const bool ok_b = decode_and_back(d, second, b);
  if (ok_a && ok_b) {
    diff_leads_there(a, b);
    diff_leads_there(b, a);
  }
}

}  // namespace

// The input is one text, or two with a 0xFE byte, which no UTF-8 text holds, between them.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static twinlane::decoder d;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto cut = input.find('\xFE');
  const auto first = input.substr(0, cut);
  const auto second = cut == input.npos ? std::string_view("{}") : input.substr(cut + 1);
  run<json>(d, first, second);
  run<rich::all>(d, first, second);
  run<std::map<std::string, rich::part>>(d, first, second);
  return 0;
}
