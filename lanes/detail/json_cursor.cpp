#include <twinlane/lanes/detail/json_cursor.hpp>

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

#include <simdjson.h>
#include <twinlane/lanes/detail/json_scalar.hpp>

namespace twinlane::detail {

struct json_cursor::scanner {
  std::unique_ptr<simdjson::internal::dom_parser_implementation> stage;
};

namespace {

constexpr std::size_t kept_bytes = 1024 * 1024;  // scanners for longer texts are given back at the next one

bool is_space(char c) noexcept { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }
bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

}  // namespace

json_cursor::json_cursor(std::size_t bytes_max) : bytes_max_(bytes_max), scanner_(std::make_unique<scanner>()) {}
json_cursor::~json_cursor() = default;
json_cursor::json_cursor(json_cursor&&) noexcept = default;
json_cursor& json_cursor::operator=(json_cursor&&) noexcept = default;

lane_errc json_cursor::open(std::string_view text) {
  text_ = text.data();
  size_ = text.size();
  at_ = end_ = nullptr;
  depth_ = 0;
  fresh_ = deep_ = false;
  string_error_ = lane_errc::none;
  failed_ = nullptr;
  path_.clear();
  if (size_ == 0) return open_error_ = lane_errc::empty;
  if (size_ > bytes_max_) return open_error_ = lane_errc::too_large;
  auto& stage = scanner_->stage;
  if (stage && stage->capacity() > kept_bytes && size_ <= kept_bytes) stage.reset();
  if (!stage || stage->capacity() < size_) {
    const auto capacity = std::max<std::size_t>(size_, 4096);
    const auto error = simdjson::get_active_implementation()->create_dom_parser_implementation(capacity, 1, stage);
    if (error) throw std::bad_alloc();
  }
  switch (stage->stage1(reinterpret_cast<const std::uint8_t*>(text_), size_, simdjson::stage1_mode::regular)) {
    case simdjson::SUCCESS:
      break;
    case simdjson::EMPTY:
      return open_error_ = lane_errc::empty;
    case simdjson::UTF8_ERROR:
      return open_error_ = lane_errc::bad_utf8;
    default:
      return open_error_ = lane_errc::bad_json;
  }
  escapes_ = std::memchr(text_, '\\', size_) != nullptr;
  at_ = stage->structural_indexes.get();
  end_ = at_ + stage->n_structural_indexes;
  return open_error_ = lane_errc::none;
}

bool json_cursor::enter(char open_bracket) {
  if (peek() != open_bracket) return false;
  if (depth_ == nesting_max) {
    deep_ = true;
    return fail("expected no more than 64 levels");
  }
  ++depth_;
  ++at_;
  fresh_ = true;
  return true;
}

bool json_cursor::next_key(std::string_view& key) {
  const bool first = std::exchange(fresh_, false);
  const char c = peek();
  if (c == '}') {
    ++at_;
    --depth_;
    return false;
  }
  if (!first) {
    if (c != ',') return fail("expected , or }");
    ++at_;
  }
  if (peek() != '"' || !string_here(key)) return fail("expected a key");
  if (escaped(key)) {
    key_.clear();
    if (const auto error = unescape(key, &key_); error != lane_errc::none) {
      string_error_ = error;
      return fail("expected a key");
    }
    key = key_;
  }
  ++at_;
  if (peek() != ':') return fail("expected :");
  ++at_;
  return true;
}

bool json_cursor::next_element() {
  const bool first = std::exchange(fresh_, false);
  const char c = peek();
  if (c == ']') {
    ++at_;
    --depth_;
    return false;
  }
  if (first) return c != '\0' || fail("expected a value");
  if (c != ',') return fail("expected , or ]");
  ++at_;
  return true;
}

// The inside of the string that starts here. Behind a string there is only white space up to the next token.
bool json_cursor::string_here(std::string_view& raw) {
  const char* const start = here() + 1;
  const char* stop = next_token();
  while (stop > start && is_space(stop[-1])) --stop;
  if (stop <= start || stop[-1] != '"') return false;
  raw = {start, static_cast<std::size_t>(stop - 1 - start)};
  return true;
}

bool json_cursor::escaped(std::string_view raw) const noexcept {
  return escapes_ && std::memchr(raw.data(), '\\', raw.size()) != nullptr;
}

bool json_cursor::read_text(std::string_view& out, std::string& scratch) {
  if (peek() != '"' || !string_here(out)) return false;
  if (escaped(out)) {
    scratch.clear();
    if (unescape(out, &scratch) != lane_errc::none) return false;
    out = scratch;
  }
  ++at_;
  return true;
}

bool json_cursor::read_string(std::string& out) {
  std::string_view raw;
  if (peek() != '"' || !string_here(raw)) return false;
  if (!escaped(raw)) {
    out.assign(raw);
  } else {
    out.clear();
    if (unescape(raw, &out) != lane_errc::none) return false;
  }
  ++at_;
  return true;
}

bool json_cursor::ends_token(const char* p) const noexcept { return p == next_token() || is_space(*p); }

bool json_cursor::literal_here(std::string_view word) noexcept {
  if (at_end()) return false;
  const auto left = static_cast<std::size_t>(next_token() - here());
  return left >= word.size() && std::memcmp(here(), word.data(), word.size()) == 0 && ends_token(here() + word.size());
}

bool json_cursor::read_bool(bool& out) {
  out = peek() == 't';
  if (!literal_here(out ? "true" : "false")) return false;
  ++at_;
  return true;
}

bool json_cursor::read_null() {
  if (!literal_here("null")) return fail("expected null");
  ++at_;
  return true;
}

// Checks the grammar of the number that starts here; end is behind it.
bool json_cursor::number_here(const char*& end, json_number& out) noexcept {
  if (at_end()) return false;
  const char* p = here();
  const char* const stop = next_token();
  out = {};
  out.negative = *p == '-';
  if (out.negative) ++p;
  const auto take_digits = [&] {
    const char* const first = p;
    while (p < stop && is_digit(*p)) out.magnitude = out.magnitude * 10 + static_cast<std::uint64_t>(*p++ - '0');
    return p - first;
  };
  const char* const digits = p;
  const auto count = take_digits();
  if (count == 0 || (count > 1 && *digits == '0')) return false;
  // 20 digits wrap at most once around 2^64: then the result is less than 10^19.
  out.fits = count < 20 || (count == 20 && *digits == '1' && out.magnitude >= 10'000'000'000'000'000'000ULL);
  if (p < stop && *p == '.') {
    out.is = json_number::kind::real;
    ++p;
    const auto behind = take_digits();
    if (behind == 0) return false;
    out.fits = count + behind < 20;
    out.exponent = out.fits ? -static_cast<int>(behind) : 0;
  }
  if (p < stop && (*p == 'e' || *p == 'E')) {
    out.is = json_number::kind::real;
    out.fits = false;
    if (++p < stop && (*p == '+' || *p == '-')) ++p;
    const char* const exponent = p;
    while (p < stop && is_digit(*p)) ++p;
    if (p == exponent) return false;
  }
  end = p;
  return ends_token(p);
}

// Up to 2^53 and 10^22 digits and power of ten are exact doubles, and so one division rounds right (Clinger 1990).
bool json_cursor::real_here(const char* end, const json_number& n, double& out) const noexcept {
  constexpr double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                               1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
  if (!n.fits || n.magnitude > std::uint64_t{1} << 53) return parse_real(here(), end, out);
  out = static_cast<double>(n.magnitude) / powers[-n.exponent];
  if (n.negative) out = -out;
  return true;
}

bool json_cursor::read_number(json_number& out, bool with_value) {
  const char* end = nullptr;
  if (!number_here(end, out)) return false;
  if (with_value && out.is == json_number::kind::real && !real_here(end, out, out.value)) {
    return fail("expected a number that a double can hold");
  }
  ++at_;
  return true;
}

bool json_cursor::read_double(double& out) {
  json_number n;
  const char* end = nullptr;
  if (!number_here(end, n)) return false;
  if (!real_here(end, n, out)) {
    return fail("expected a number that a double can hold");
  }
  ++at_;
  return true;
}

bool json_cursor::read_float(float& out) {
  json_number n;
  const char* end = nullptr;
  if (!number_here(end, n)) return false;
  if (!parse_real(here(), end, out)) return fail("expected a number that a float can hold");
  ++at_;
  return true;
}

bool json_cursor::skip_scalar() {
  json_number n;
  const char* end = nullptr;
  std::string_view raw;
  switch (peek()) {
    case '"':
      if (!string_here(raw)) return fail("expected the end of a string");
      if (escaped(raw)) {
        string_error_ = unescape(raw, nullptr);
        if (string_error_ != lane_errc::none) return fail("expected a valid escape");
      }
      break;
    case 't':
      if (!literal_here("true")) return fail("expected true");
      break;
    case 'f':
      if (!literal_here("false")) return fail("expected false");
      break;
    case 'n':
      if (!literal_here("null")) return fail("expected null");
      break;
    default:
      if (!number_here(end, n)) return fail("expected a value");
  }
  ++at_;
  return true;
}

bool json_cursor::skip() {
  const unsigned outside = depth_;
  std::uint64_t objects = 0;  // one bit a level entered here, 1 for an object
  static_assert(nesting_max <= 64);
  bool value_next = true;
  do {
    if (value_next) {
      const char c = peek();
      if (c != '{' && c != '[') {
        if (!skip_scalar()) return false;
      } else {
        if (!enter(c)) return false;
        objects = objects << 1 | (c == '{');
      }
      if (depth_ == outside) return true;
    }
    std::string_view key;
    value_next = objects & 1 ? next_key(key) : next_element();
    if (!value_next) {
      if (!ok()) return false;
      objects >>= 1;
    }
  } while (depth_ != outside);
  return true;
}

bool json_cursor::fail_range(const std::string& expected) {
  if (failed_ != nullptr) return false;
  expected_ = expected;
  return fail(expected_.c_str());
}

void json_cursor::fail_in(std::string_view field) {
  if (!path_.empty() && path_[0] != '[') path_.insert(0, 1, '.');
  path_.insert(0, field);
}

void json_cursor::fail_in(std::size_t index) {
  if (!path_.empty() && path_[0] != '[') path_.insert(0, 1, '.');
  path_.insert(0, '[' + std::to_string(index) + ']');
}

decode_status json_cursor::explain() {
  switch (open_error_) {
    case lane_errc::none:
      break;
    case lane_errc::empty:
      return {open_error_, "nothing but white space"};
    case lane_errc::too_large:
      return {open_error_, std::to_string(size_) + " bytes, more than " + std::to_string(bytes_max_)};
    case lane_errc::bad_utf8:
      return {open_error_, "not UTF-8"};
    default:
      return {open_error_, "not JSON: a string without end, or with a control character"};
  }
  const std::string expected = failed_ == nullptr ? "expected another value" : failed_;
  at_ = scanner_->stage->structural_indexes.get();
  depth_ = 0;
  fresh_ = deep_ = false;
  string_error_ = lane_errc::none;
  failed_ = nullptr;
  const bool sound = skip();
  const auto where = at_end() ? std::string("at the end") : "at byte " + std::to_string(*at_);
  if (!sound) {
    const auto code = deep_                              ? lane_errc::too_deep
                      : string_error_ == lane_errc::none ? lane_errc::bad_json
                                                         : string_error_;
    return {code, where + ": " + failed_};
  }
  if (!at_end()) return {lane_errc::bad_json, where + ": expected nothing more"};
  if (path_.size() > 200) path_ = path_.substr(0, 200) + "…";
  return {lane_errc::bad_value, path_.empty() ? expected : "field '" + path_ + "': " + expected};
}

}  // namespace twinlane::detail
