#include <twinlane/runtime/app/init/field_facts.hpp>

#include <algorithm>
#include <charconv>
#include <unordered_map>

#include <simdjson.h>

namespace twinlane::app {

namespace {

using ingest::sampled_record;
using ingest::time_unit;

struct counted_values {
  std::unordered_map<std::string_view, std::uint32_t> counts;
  std::uint32_t most = 0;

  void add(std::string_view text) { most = std::max(most, ++counts[text]); }
};

std::optional<double> number_in(std::string_view text) {
  double number = 0;
  const auto* last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, number);
  if (error != std::errc{} || end != last) return std::nullopt;
  return number;
}

bool is_whole(std::string_view text) {
  if (!text.empty() && text[0] == '-') text.remove_prefix(1);
  return !text.empty() && text.size() <= 19 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// The unit in which the number is a time between the years 2000 and 2100.
std::optional<time_unit> unit_of(double number) {
  constexpr double year_2000 = 946'684'800, year_2100 = 4'102'444'800;
  double scale = 1;
  for (const auto unit :
       {time_unit::seconds, time_unit::milliseconds, time_unit::microseconds, time_unit::nanoseconds}) {
    if (number >= year_2000 * scale && number < year_2100 * scale) return unit;
    scale *= 1000;
  }
  return std::nullopt;
}

/// Compares times with those of the records before them and of Kafka.
class time_reader {
 public:
  bool add(const sampled_scalar& value, const sampled_record& record) {
    if (value.kind == scalar_kind::flag) return false;
    const auto number = number_in(value.text);
    const auto unit = number ? unit_of(*number) : std::nullopt;
    if (number && !unit) return false;
    if (count_ == 0) {
      found_.text = !number;
      found_.unit = unit.value_or(time_unit::milliseconds);
      found_.dates_only = found_.text;
    }
    if (found_.text == number.has_value() || (unit && *unit != found_.unit)) return false;
    const auto ms = ingest::parse_event_time(value.text, found_.unit);
    if (!ms) return false;
    found_.dates_only = found_.dates_only && value.text.size() == 10;
    if (count_++ > 0 && record.partition == partition_) {
      ++pairs_;
      ordered_ += *ms >= before_ ? 1 : 0;
    }
    partition_ = record.partition;
    before_ = *ms;
    lags_.push_back(record.timestamp_ms - *ms);
    return true;
  }

  time_facts facts() {
    const auto middle = lags_.begin() + static_cast<std::ptrdiff_t>(lags_.size() / 2);
    std::nth_element(lags_.begin(), middle, lags_.end());
    found_.lag_median_ms = *middle;
    found_.in_order = pairs_ == 0 ? 1.0 : static_cast<double>(ordered_) / pairs_;
    return found_;
  }

 private:
  time_facts found_;
  std::uint32_t count_ = 0, pairs_ = 0, ordered_ = 0;
  std::int32_t partition_ = 0;
  std::int64_t before_ = 0;
  std::vector<std::int64_t> lags_;
};

std::optional<time_facts> time_of(const sampled_field& field, const std::vector<const sampled_record*>& records) {
  time_reader reader;
  for (const auto& v : field.values)
    if (!reader.add(v, *records[v.record])) return std::nullopt;
  return reader.facts();
}

/// Braces end a template's field, a slash ends a route's segment, and a dollar begins what is no field.
bool in_template(const std::string& path, const std::vector<std::string>& names) {
  if (path.empty() || path.size() > 256 || path[0] == '$') return false;
  if (std::any_of(names.begin(), names.end(), [](const auto& n) { return n.empty(); })) return false;
  return std::all_of(path.begin(), path.end(), [](char c) {
    return static_cast<unsigned char>(c) >= 0x20 && c != '{' && c != '}' && c != '/' && c != 0x7f;
  });
}

field_facts facts_of(const sampled_field& field, const std::vector<const sampled_record*>& records,
                     const std::vector<std::string>& keys) {
  field_facts f;
  f.names = field.names;
  f.path = field.path;
  f.present = static_cast<std::uint32_t>(field.values.size());
  counted_values values;
  for (const auto& v : field.values) {
    values.add(v.text);
    const bool whole = v.kind == scalar_kind::integer || (v.kind == scalar_kind::text && is_whole(v.text));
    const bool real = v.kind == scalar_kind::text && !whole && number_in(v.text).has_value();
    f.whole_numbers += whole ? 1 : 0;
    f.texts += v.kind == scalar_kind::text && !whole && !real ? 1 : 0;
    f.others += v.kind == scalar_kind::real || v.kind == scalar_kind::flag || real ? 1 : 0;
    f.longest = std::max(f.longest, v.text.size());
    f.equals_key += v.text == keys[v.record] ? 1 : 0;
  }
  f.distinct = static_cast<std::uint32_t>(values.counts.size());
  f.most = values.most;
  f.in_template = in_template(f.path, f.names);
  f.time = time_of(field, records);
  return f;
}

std::string scalar_text(const simdjson::dom::element& e) {
  if (e.is_string()) return std::string(std::string_view(e));
  if (e.is_int64()) return std::to_string(std::int64_t(e));
  if (e.is_uint64()) return std::to_string(std::uint64_t(e));
  return {};
}

std::string json_key_value(const simdjson::dom::element& e) {
  simdjson::dom::object object;
  if (e.get(object)) return scalar_text(e);
  simdjson::dom::object inside;
  if (!object["payload"].get(inside)) object = inside;
  if (object.size() != 1) return {};
  return scalar_text((*object.begin()).value);
}

bool is_text(const std::string& bytes) {
  return std::none_of(bytes.begin(), bytes.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }) &&
         simdjson::validate_utf8(bytes.data(), bytes.size());
}

std::string big_endian(const std::string& bytes) {
  std::uint64_t n = 0;
  for (const char c : bytes) n = n << 8 | static_cast<unsigned char>(c);
  return std::to_string(bytes.size() == 4 ? std::int64_t{static_cast<std::int32_t>(n)} : static_cast<std::int64_t>(n));
}

key_facts facts_of_keys(const std::vector<const sampled_record*>& records, std::vector<std::string>& keys) {
  key_facts f;
  counted_values values;
  for (std::size_t i = 0; i < records.size(); ++i) {
    if (!records[i]->key) continue;
    bool plain = false;
    ++f.present;
    keys[i] = key_value(*records[i]->key, plain);
    f.plain = f.plain && plain;
    f.text = f.text && is_text(*records[i]->key);
    values.add(*records[i]->key);
  }
  f.distinct = static_cast<std::uint32_t>(values.counts.size());
  f.most = values.most;
  return f;
}

}  // namespace

std::string key_value(const std::string& key, bool& plain) {
  plain = false;
  if (key.empty()) return {};
  if (!is_text(key)) return key.size() == 4 || key.size() == 8 ? big_endian(key) : std::string();
  if (key[0] == '{' || key[0] == '"') {
    simdjson::dom::parser parser;
    simdjson::dom::element e;
    if (!parser.parse(key).get(e)) return json_key_value(e);
  }
  plain = true;
  return key;
}

sample_facts facts_of(const sampled_fields& fields, std::vector<const sampled_record*> records) {
  sample_facts all;
  all.records = std::move(records);
  std::vector<std::string> keys(all.records.size());
  all.key = facts_of_keys(all.records, keys);
  std::size_t bytes = 0;
  for (const auto* r : all.records) bytes += r->value->size();
  all.bytes_mean = all.records.empty() ? 0 : bytes / all.records.size();
  for (const auto& field : fields.fields())
    if (field.nested == 0 && !field.values.empty()) all.fields.push_back(facts_of(field, all.records, keys));
  return all;
}

}  // namespace twinlane::app
