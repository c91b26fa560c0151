#include <twinlane/ingest/item_fields.hpp>

#include <algorithm>
#include <string>

#include <simdjson.h>

namespace twinlane::ingest {
namespace {

namespace od = simdjson::ondemand;

std::string_view trimmed(std::string_view token) noexcept {
  const auto end = token.find_last_not_of(" \t\r\n");
  return token.substr(0, end == std::string_view::npos ? 0 : end + 1);
}

}  // namespace

struct item_fields::reader {
  explicit reader(std::vector<field>& to) : found(to) {}

  // Throws simdjson::simdjson_error.
  void walk(od::object object, const field_paths::node& at) {
    for (auto member : object) {
      const std::string_view name = member.unescaped_key();
      const auto wanted =
          std::find_if(at.children.begin(), at.children.end(), [&](const auto& c) { return c.name == name; });
      if (wanted != at.children.end()) take(member.value(), *wanted);
    }
  }

  void take(od::value value, const field_paths::node& at) {
    const od::json_type type = value.type();
    if (at.number < 0) {
      if (type == od::json_type::object) walk(value.get_object(), at);
      return;
    }
    auto& to = found[static_cast<unsigned>(at.number)];
    if (to.is != field::kind::absent || type == od::json_type::null) return;
    if (type == od::json_type::string) {
      to = {field::kind::text, value.get_string()};
    } else if (type == od::json_type::object) {
      od::object object = value.get_object();
      to = {field::kind::structure, object.raw_json()};
    } else if (type == od::json_type::array) {
      od::array array = value.get_array();
      to = {field::kind::structure, array.raw_json()};
    } else {
      to = {field::kind::token, trimmed(value.raw_json_token())};
    }
  }

  std::vector<field>& found;
  od::parser parser;
  simdjson::padded_string padded;
};

item_fields::item_fields(const field_paths& paths)
    : paths_(paths), found_(paths.size()), reader_(std::make_unique<reader>(found_)) {}
item_fields::~item_fields() = default;

std::optional<rejection> item_fields::read(std::string_view json) {
  if (paths_.size() == 0) return std::nullopt;
  std::fill(found_.begin(), found_.end(), field{});
  reader_->padded = simdjson::padded_string(json);
  try {
    od::document document = reader_->parser.iterate(reader_->padded);
    if (document.type() != od::json_type::object)
      return rejection{dead_reason::bad_value, "the value is not a JSON object"};
    reader_->walk(document.get_object(), paths_.root());
  } catch (const simdjson::simdjson_error& e) {
    return rejection{dead_reason::bad_json, std::string("not JSON: ") + e.what()};
  }
  const auto absent =
      std::find_if(found_.begin(), found_.end(), [](const field& f) { return f.is == field::kind::absent; });
  if (absent == found_.end()) return std::nullopt;
  const auto number = static_cast<unsigned>(absent - found_.begin());
  return rejection{dead_reason::missing_field, "field '" + paths_.path(number) + "' is absent or null"};
}

}  // namespace twinlane::ingest
