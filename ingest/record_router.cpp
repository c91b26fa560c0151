#include <twinlane/ingest/record_router.hpp>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <stdexcept>

#include <simdjson.h>

#include <twinlane/agents/uri.hpp>
#include <twinlane/ingest/event_time.hpp>

namespace twinlane::ingest {
namespace {

namespace od = simdjson::ondemand;

rejection reject(dead_reason reason, std::string detail) { return {reason, std::move(detail)}; }

// Quick answer for nearly every record: fewer brackets than the bound. Else looks at brackets outside of strings.
bool too_deep(std::string_view json) noexcept {
  const auto brackets = std::count_if(json.begin(), json.end(), [](char c) { return c == '{' || c == '['; });
  if (static_cast<std::size_t>(brackets) <= record_depth_max) return false;
  std::size_t depth = 0;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (c == '{' || c == '[') {
      if (++depth > record_depth_max) return true;
    } else if (c == '}' || c == ']') {
      depth -= depth > 0 ? 1 : 0;
    } else if (c == '"') {
      for (++i; i < json.size() && json[i] != '"'; ++i) i += json[i] == '\\' ? 1 : 0;
    }
  }
  return false;
}

// RFC 8259: [-] (0 | 1-9 digits) [. digits] [e [sign] digits]
bool is_json_number(std::string_view text) noexcept {
  std::size_t i = 0;
  const auto digits = [&] {
    const auto from = i;
    while (i < text.size() && text[i] >= '0' && text[i] <= '9') ++i;
    return i - from;
  };
  if (i < text.size() && text[i] == '-') ++i;
  const bool zero = i < text.size() && text[i] == '0';
  const auto whole = digits();
  if (whole == 0 || (zero && whole > 1)) return false;
  if (i < text.size() && text[i] == '.') {
    ++i;
    if (digits() == 0) return false;
  }
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    ++i;
    if (i < text.size() && (text[i] == '+' || text[i] == '-')) ++i;
    if (digits() == 0) return false;
  }
  return i == text.size();
}

std::string_view trimmed(std::string_view token) noexcept {
  const auto end = token.find_last_not_of(" \t\r\n");
  return token.substr(0, end == std::string_view::npos ? 0 : end + 1);
}

// simdjson tells types by their first letter.
bool is_json_scalar(od::json_type type, std::string_view token) noexcept {
  token = trimmed(token);
  if (type == od::json_type::number) return is_json_number(token);
  if (type == od::json_type::boolean) return token == "true" || token == "false";
  return type != od::json_type::null || token == "null";
}

rejection json_rejection(simdjson::error_code e) {
  if (e == simdjson::UTF8_ERROR) return reject(dead_reason::bad_utf8, "the value is not UTF-8");
  if (e == simdjson::EMPTY) return reject(dead_reason::empty, "the value is empty");
  return reject(dead_reason::bad_json, std::string("not JSON: ") + simdjson::error_message(e));
}

}  // namespace

/// Reads the fields that the templates name out of one record.
struct record_router::reader {
  explicit reader(const field_paths& paths) : fields(paths), found(paths.size()) {}

  std::optional<rejection> read(std::string_view json);
  void forget_large();

  const std::string_view& text(unsigned number) const { return *found[number]; }

 private:
  std::string_view padded(std::string_view json);
  std::optional<rejection> walk(od::object object, const field_paths::node& at);
  std::optional<rejection> take(od::value value, const field_paths::node& at);

  static constexpr std::size_t small_bytes = 1024 * 1024;

  const field_paths& fields;
  std::vector<std::optional<std::string_view>> found;
  std::size_t missing = 0;
  od::parser parser;
  std::vector<char> buffer = std::vector<char>(16 * 1024);
};

std::string_view record_router::reader::padded(std::string_view json) {
  const std::size_t needed = json.size() + simdjson::SIMDJSON_PADDING;
  if (buffer.size() < needed) {
    std::vector<char>().swap(buffer);
    buffer.resize(std::max(needed, 2 * json.size()));
  }
  std::memcpy(buffer.data(), json.data(), json.size());
  std::memset(buffer.data() + json.size(), ' ', simdjson::SIMDJSON_PADDING);
  return {buffer.data(), json.size()};
}

// One record of 16 MiB would otherwise cost its parser's memory, about seven times that, for good.
void record_router::reader::forget_large() {
  if (buffer.size() <= 2 * small_bytes) return;
  parser = od::parser();
  buffer = std::vector<char>(16 * 1024);
}

std::optional<rejection> record_router::reader::read(std::string_view json) {
  std::fill(found.begin(), found.end(), std::nullopt);
  missing = found.size();
  const auto text = padded(json);
  od::document document;
  if (const auto e = parser.iterate(text.data(), text.size(), buffer.size()).get(document)) return json_rejection(e);
  od::object object;
  if (const auto e = document.get_object().get(object)) {
    od::json_type type{};
    std::string_view token;
    if (e != simdjson::INCORRECT_TYPE || document.type().get(type) || document.raw_json_token().get(token) ||
        !is_json_scalar(type, token))
      return json_rejection(e == simdjson::INCORRECT_TYPE ? simdjson::TAPE_ERROR : e);
    return reject(dead_reason::bad_value, "the value is not a JSON object");
  }
  if (auto bad = walk(object, fields.root())) return bad;
  if (missing == 0) return std::nullopt;
  const auto absent = std::find(found.begin(), found.end(), std::nullopt) - found.begin();
  return reject(dead_reason::missing_field, "field '" + fields.path(static_cast<unsigned>(absent)) + "' is absent");
}

std::optional<rejection> record_router::reader::walk(od::object object, const field_paths::node& at) {
  for (auto field : object) {
    std::string_view name;
    if (const auto e = field.unescaped_key().get(name)) return json_rejection(e);
    const auto wanted =
        std::find_if(at.children.begin(), at.children.end(), [&](const auto& c) { return c.name == name; });
    if (wanted == at.children.end()) continue;
    od::value value;
    if (const auto e = field.value().get(value)) return json_rejection(e);
    if (auto bad = take(value, *wanted)) return bad;
    if (missing == 0) break;
  }
  return std::nullopt;
}

// A field that is there twice counts by its first value.
std::optional<rejection> record_router::reader::take(od::value value, const field_paths::node& at) {
  od::json_type type{};
  if (const auto e = value.type().get(type)) return json_rejection(e);
  const auto& path = at.number < 0 ? at.name : fields.path(static_cast<unsigned>(at.number));
  if (!is_json_scalar(type, value.raw_json_token()))
    return reject(dead_reason::bad_json, "field '" + path + "' is not JSON");
  if (at.number < 0) {
    if (type == od::json_type::null) return std::nullopt;
    if (type != od::json_type::object)
      return reject(dead_reason::bad_value, "field '" + at.name + "' is not an object");
    od::object object;
    if (const auto e = value.get_object().get(object)) return json_rejection(e);
    return walk(object, at);
  }
  auto& to = found[static_cast<unsigned>(at.number)];
  if (to) return std::nullopt;
  std::string_view text;
  if (type == od::json_type::string) {
    if (const auto e = value.get_string().get(text)) return json_rejection(e);
  } else if (type == od::json_type::number) {
    text = trimmed(value.raw_json_token());
  } else if (type == od::json_type::null) {
    return reject(dead_reason::missing_field, "field '" + path + "' is null");
  } else {
    return reject(dead_reason::bad_value, "field '" + path + "' is neither text nor a number");
  }
  to = text;
  --missing;
  return std::nullopt;
}

record_router::record_router(const source_spec& spec, const target_info& target)
    : target_(target), entity_(spec.entity, fields_), key_(spec.key, fields_) {
  time_unit_ = spec.unit;
  if (!spec.time.empty()) time_field_ = static_cast<int>(fields_.add(spec.time));
  if (target_.kind == lane_kind::map && key_.empty())
    throw std::invalid_argument("lane '" + spec.lane + "' is a map and needs 'key:', as in key: \"{id}\"");
  if (target_.kind != lane_kind::map && !key_.empty())
    throw std::invalid_argument("lane '" + spec.lane + "' is no map and takes no 'key:'");
  if (target_.first_param_segment >= entity_.segments().size())
    throw std::invalid_argument("'" + spec.entity + "' is shorter than the route");
  if (spec.format == record_format::csv) csv_.emplace(spec.columns);
  reader_ = std::make_unique<reader>(fields_);
}

record_router::~record_router() = default;

void record_router::set_columns(std::vector<std::string> columns) { csv_.emplace(std::move(columns)); }

bool record_router::uses_key() const noexcept { return entity_.uses(part_kind::key) || key_.uses(part_kind::key); }

std::optional<rejection> record_router::render(const text_template& t, const raw_record& r, const record_origin& from,
                                               std::string_view& text) {
  const bool one = t.parts().size() == 1;
  joined_.clear();
  for (const auto& part : t.parts()) {
    std::string_view piece;
    char digits[24];
    const auto number = [&](std::int64_t n) {
      piece = {digits, static_cast<std::size_t>(std::to_chars(digits, digits + sizeof digits, n).ptr - digits)};
    };
    switch (part.kind) {
      case part_kind::literal:
        piece = part.text;
        break;
      case part_kind::field:
        piece = reader_->text(part.field_number);
        break;
      case part_kind::key:
        if (!r.has_key) return reject(dead_reason::null_key, "the record's key is null and {$key} is needed");
        piece = r.key;
        break;
      case part_kind::topic:
        piece = from.topic;
        break;
      case part_kind::partition:
        number(from.partition);
        break;
      case part_kind::offset:
        number(r.offset);
        break;
      case part_kind::timestamp:
        number(r.timestamp_ms);
        break;
      case part_kind::uri:
      case part_kind::id:
      case part_kind::value:
        break;  // of sinks
    }
    if (one && piece.data() != digits) {
      text = piece;
      return std::nullopt;
    }
    joined_ += piece;
  }
  text = joined_;
  return std::nullopt;
}

std::optional<rejection> record_router::make_uri(const raw_record& r, const record_origin& from, text_arena& texts,
                                                 routed_record& to) {
  uri_.clear();
  unsigned n = 0;
  for (const auto& segment : entity_.segments()) {
    std::string_view text;
    if (auto bad = render(segment, r, from, text)) return bad;
    uri_ += '/';
    if (text.size() + uri_.size() > uri_bytes_max)
      return reject(dead_reason::bad_value, "the URI would be longer than " + std::to_string(uri_bytes_max) + " bytes");
    if (!append_segment(uri_, text)) {
      if (!simdjson::validate_utf8(text.data(), text.size()))
        return reject(dead_reason::bad_utf8, "the text of URI segment " + std::to_string(n) + " is not UTF-8");
      return reject(dead_reason::bad_value, "'" + std::string(text) + "' cannot be a URI segment");
    }
    if (n++ == target_.first_param_segment) to.hash = murmur2(text);
  }
  to.uri = texts.keep(uri_);
  return std::nullopt;
}

std::optional<rejection> record_router::make_key(const raw_record& r, const record_origin& from, text_arena& texts,
                                                 routed_record& to) {
  if (key_.empty()) return std::nullopt;
  std::string_view text;
  if (auto bad = render(key_, r, from, text)) return bad;
  if (text.empty()) return reject(dead_reason::bad_value, "the entry's key is empty");
  if (text.size() > key_bytes_max)
    return reject(dead_reason::bad_value, "the entry's key is longer than " + std::to_string(key_bytes_max) + " bytes");
  if (r.has_key && key_.uses(part_kind::key) && !simdjson::validate_utf8(text.data(), text.size()))
    return reject(dead_reason::bad_utf8, "the record's key is not UTF-8");
  to.key = texts.keep(text);
  return std::nullopt;
}

std::optional<rejection> record_router::check_tombstone(const raw_record& r) const {
  if (target_.kind != lane_kind::map && target_.kind != lane_kind::value)
    return reject(dead_reason::bad_tombstone, "a null value clears a value lane or removes a map's entry; this is a " +
                                                  std::string(name_of(target_.kind)) + " lane");
  if (entity_.uses(part_kind::field) || key_.uses(part_kind::field))
    return reject(dead_reason::bad_tombstone, "a null value has no fields; its entity and key need {$key}");
  if (!r.has_key) return reject(dead_reason::null_key, "both the record's key and its value are null");
  return std::nullopt;
}

std::optional<rejection> record_router::read_value(const raw_record& r, text_arena& texts, routed_record& to) {
  if (r.value.size() > record_bytes_max)
    return reject(dead_reason::too_large, "the record has " + std::to_string(r.value.size()) + " bytes and may have " +
                                              std::to_string(record_bytes_max));
  if (r.value.empty()) return reject(dead_reason::empty, "the value is empty");
  to.value = r.value;
  if (csv_) {
    const auto* json = csv_->to_json(r.value);
    if (json == nullptr) return reject(dead_reason::bad_json, "not a CSV row: " + csv_->why());
    header_ = csv_->is_header();
    if (header_) return std::nullopt;
    to.value = texts.keep(*json);
  }
  if (fields_.size() == 0) return std::nullopt;
  if (too_deep(to.value))
    return reject(dead_reason::too_deep, "nested deeper than " + std::to_string(record_depth_max));
  if (auto bad = reader_->read(to.value)) return bad;
  if (time_field_ < 0) return std::nullopt;
  const auto text = reader_->text(static_cast<unsigned>(time_field_));
  const auto time = parse_event_time(text, time_unit_);
  if (!time)
    return reject(dead_reason::bad_value, "'" + std::string(text.substr(0, 64)) + "' is no event time: give epoch " +
                                              std::string(name_of(time_unit_)) + " or RFC 3339 text");
  to.time_ms = *time;
  return std::nullopt;
}

std::optional<rejection> record_router::route_into(const raw_record& r, const record_origin& from, text_arena& texts,
                                                   routed_record& to) {
  header_ = false;
  if (auto bad = to.remove ? check_tombstone(r) : read_value(r, texts, to)) return bad;
  if (header_) return std::nullopt;
  if (auto bad = make_uri(r, from, texts, to)) return bad;
  return make_key(r, from, texts, to);
}

std::optional<rejection> record_router::route(const raw_record& r, const record_origin& from, text_arena& texts,
                                              std::vector<routed_record>& out) {
  routed_record to;
  to.target = target_.id;
  to.offset = r.offset;
  to.time_ms = r.timestamp_ms;
  to.remove = !r.has_value;
  auto bad = route_into(r, from, texts, to);
  reader_->forget_large();
  if (!bad && !header_) out.push_back(to);
  return bad;
}

}  // namespace twinlane::ingest
