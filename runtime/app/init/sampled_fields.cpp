#include <twinlane/runtime/app/init/sampled_fields.hpp>

#include <fmt/format.h>
#include <simdjson.h>

namespace twinlane::app {

namespace {

namespace dom = simdjson::dom;

constexpr std::size_t fields_max = 400, depth_max = 8, text_bytes_max = 512;

void append_escaped(std::string& path, std::string_view name) {
  for (const char c : name) {
    if (c == '.' || c == '\\') path += '\\';
    path += c;
  }
}

bool read_scalar(const dom::element& e, sampled_scalar& to) {
  switch (e.type()) {
    case dom::element_type::STRING:
      to.kind = scalar_kind::text;
      to.text = std::string_view(e).substr(0, text_bytes_max);
      return !to.text.empty();
    case dom::element_type::INT64:
      to.kind = scalar_kind::integer;
      to.text = std::to_string(std::int64_t(e));
      return true;
    case dom::element_type::UINT64:
      to.kind = scalar_kind::integer;
      to.text = std::to_string(std::uint64_t(e));
      return true;
    case dom::element_type::DOUBLE:
      to.kind = scalar_kind::real;
      to.text = fmt::format("{}", double(e));
      return true;
    case dom::element_type::BOOL:
      to.kind = scalar_kind::flag;
      to.text = bool(e) ? "true" : "false";
      return true;
    default:
      return false;
  }
}

}  // namespace

struct sampled_fields::parser {
  dom::parser json;

  void walk(sampled_fields& to, const dom::object& object, const std::vector<std::string>& names,
            const std::string& path);
};

sampled_fields::sampled_fields() : parser_(std::make_unique<parser>()) {}
sampled_fields::~sampled_fields() = default;

bool sampled_fields::add(std::string_view json) {
  dom::element document;
  dom::object object;
  if (parser_->json.parse(json.data(), json.size()).get(document) || document.get(object)) return false;
  parser_->walk(*this, object, {}, {});
  ++records_;
  return true;
}

void sampled_fields::parser::walk(sampled_fields& to, const dom::object& object, const std::vector<std::string>& names,
                                  const std::string& path) {
  for (const auto member : object) {
    auto inner = path;
    if (!names.empty()) inner += '.';
    append_escaped(inner, member.key);
    auto at = to.by_path_.find(inner);
    if (at == to.by_path_.end()) {
      if (to.fields_.size() == fields_max) continue;
      at = to.by_path_.emplace(inner, to.fields_.size()).first;
      auto all = names;
      all.emplace_back(member.key);
      to.fields_.push_back({std::move(all), inner, {}, 0});
    }
    auto& field = to.fields_[at->second];
    dom::object nested;
    sampled_scalar scalar;
    scalar.record = to.records_;
    if (!member.value.get(nested)) {
      ++field.nested;
      const auto deeper = field.names;
      if (deeper.size() < depth_max) walk(to, nested, deeper, inner);
    } else if (member.value.is_array()) {
      ++field.nested;
    } else if (read_scalar(member.value, scalar) &&
               (field.values.empty() || field.values.back().record != scalar.record)) {
      field.values.push_back(std::move(scalar));
    }
  }
}

}  // namespace twinlane::app
