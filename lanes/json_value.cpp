#include <twinlane/lanes/json_value.hpp>

#include <cmath>

#include <nlohmann/json.hpp>
#include <twinlane/lanes/detail/json_cursor.hpp>
#include <twinlane/lanes/detail/read.hpp>
#include <twinlane/lanes/detail/values.hpp>
#include <twinlane/lanes/diff.hpp>

namespace twinlane {

using nlohmann::json;

void remove_nulls(json& v) {
  if (v.is_object()) {
    auto& members = v.get_ref<json::object_t&>();
    for (auto it = members.begin(); it != members.end();) {
      if (it->second.is_null()) {
        it = members.erase(it);
      } else {
        remove_nulls((it++)->second);
      }
    }
  } else if (v.is_array()) {
    for (auto& e : v) remove_nulls(e);
  }
}

namespace detail {
namespace {

// A number with a fraction keeps looking like one, so that it stays one when it is read again.
void write_real(std::string& out, double v) {
  const auto start = out.size();
  append_real(out, v);
  if (out.find_first_of(".e", start) == out.npos) out += ".0";
}

bool equal_integers(const json& a, const json& b) noexcept {
  if (a.is_number_unsigned() && b.is_number_unsigned()) return a.get<std::uint64_t>() == b.get<std::uint64_t>();
  const bool a_negative = !a.is_number_unsigned() && a.get<std::int64_t>() < 0;
  const bool b_negative = !b.is_number_unsigned() && b.get<std::int64_t>() < 0;
  if (a_negative != b_negative) return false;
  return a_negative ? a.get<std::int64_t>() == b.get<std::int64_t>() : a.get<std::uint64_t>() == b.get<std::uint64_t>();
}

bool read_json_number(json_cursor& c, json& out) {
  json_number n;
  if (!c.read_number(n, true)) return c.fail("expected a value");
  if (n.is == json_number::kind::real) {
    out = n.value;
  } else if (n.fits && !n.negative) {
    out = n.magnitude;
  } else if (n.fits && n.magnitude <= std::uint64_t{1} << 63) {
    out = static_cast<std::int64_t>(0 - n.magnitude);
  } else {
    return c.fail("expected an integer of at most 64 bits");
  }
  return true;
}

bool read_json_object(json_cursor& c, json& out) {
  out = json::object();
  auto& members = out.get_ref<json::object_t&>();
  std::string_view text;
  while (c.next_key(text)) {
    std::string key(text);
    json value;
    if (!read_json(c, value)) {
      c.fail_in(key);
      return false;
    }
    if (value.is_null()) {
      members.erase(key);
    } else {
      members.insert_or_assign(std::move(key), std::move(value));
    }
  }
  return c.ok();
}

bool read_json_array(json_cursor& c, json& out) {
  out = json::array();
  auto& elements = out.get_ref<json::array_t&>();
  while (c.next_element()) {
    if (!read_json(c, elements.emplace_back())) {
      c.fail_in(elements.size() - 1);
      return false;
    }
  }
  return c.ok();
}

}  // namespace

bool read_json(json_cursor& c, json& out) {
  switch (c.peek()) {
    case '{':
      return c.enter('{') && read_json_object(c, out);
    case '[':
      return c.enter('[') && read_json_array(c, out);
    case '"':
      out = json::string_t();
      return c.read_string(out.get_ref<json::string_t&>()) || c.fail("expected text");
    case 't':
    case 'f': {
      bool b = false;
      if (!c.read_bool(b)) return c.fail("expected true or false");
      out = b;
      return true;
    }
    case 'n':
      out = nullptr;
      return c.read_null();
    default:
      return read_json_number(c, out);
  }
}

void write_json(std::string& out, const json& v, unsigned depth) {
  switch (v.type()) {
    case json::value_t::null:
      out += "null";
      return;
    case json::value_t::boolean:
      return write(out, v.get<bool>(), depth);
    case json::value_t::number_integer:
      return append_integer(out, v.get<std::int64_t>());
    case json::value_t::number_unsigned:
      return append_integer(out, v.get<std::uint64_t>());
    case json::value_t::number_float:
      return write_real(out, v.get<double>());
    case json::value_t::string:
      return append_json_string(out, v.get_ref<const std::string&>());
    case json::value_t::array:
      if (depth >= nesting_max) throw_too_deep();
      out += '[';
      for (const auto& e : v) {
        write_json(out, e, depth + 1);
        out += ',';
      }
      return close(out, '[', ']');
    case json::value_t::object:
      if (depth >= nesting_max) throw_too_deep();
      out += '{';
      for (const auto& [key, e] : v.get_ref<const json::object_t&>()) {
        if (e.is_null()) continue;
        append_json_string(out, key);
        out += ':';
        write_json(out, e, depth + 1);
        out += ',';
      }
      return close(out, '{', '}');
    default:
      throw_bad_value("a json value is neither text, number, boolean, null, array nor object");
  }
}

void check_json_value(const json& v, unsigned depth) {
  if (v.is_structured()) {
    if (depth >= nesting_max) throw_too_deep();
    for (const auto& e : v) check_json_value(e, depth + 1);
  } else if (v.is_number_float()) {
    check(v.get<double>(), depth);
  } else if (v.is_binary() || v.is_discarded()) {
    throw_bad_value("a json value is neither text, number, boolean, null, array nor object");
  }
}

bool is_null_json(const json& v) noexcept { return v.is_null(); }

bool equal_json(const json& a, const json& b) noexcept {
  if (a.is_number_integer() && b.is_number_integer()) return equal_integers(a, b);
  if (a.type() != b.type()) return false;
  switch (a.type()) {
    case json::value_t::object:
      return walk_maps(a.get_ref<const json::object_t&>(), b.get_ref<const json::object_t&>(),
                       [](const std::string&, const json* x, const json* y) { return x && y && equal_json(*x, *y); });
    case json::value_t::array:
      return same(a.get_ref<const json::array_t&>(), b.get_ref<const json::array_t&>());
    default:
      return a == b;
  }
}

bool diff_json(std::string& out, const json& before, const json& now, unsigned depth) {
  if (before.is_object() && now.is_object()) {
    return diff_object(out, before.get_ref<const json::object_t&>(), now.get_ref<const json::object_t&>(), depth);
  }
  if (equal_json(before, now)) return false;
  write_json(out, now, depth);
  return true;
}

}  // namespace detail
}  // namespace twinlane
