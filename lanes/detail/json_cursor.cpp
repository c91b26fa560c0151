#include <twinlane/lanes/detail/json_cursor.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <new>
#include <utility>

#include <simdjson.h>

namespace twinlane::detail {

struct json_cursor::scanner {
  std::unique_ptr<simdjson::internal::dom_parser_implementation> stage;
};

namespace {

constexpr std::size_t kept_bytes = 1024 * 1024;  // scanners for longer texts are given back at the next one

bool is_space(char c) noexcept { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }
bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

int hex_value(char c) noexcept {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool take_hex4(std::string_view& rest, std::uint32_t& code) noexcept {
  if (rest.size() < 4) return false;
  code = 0;
  for (int i = 0; i < 4; ++i) {
    const int digit = hex_value(rest[static_cast<std::size_t>(i)]);
    if (digit < 0) return false;
    code = code * 16 + static_cast<std::uint32_t>(digit);
  }
  rest.remove_prefix(4);
  return true;
}

void append_utf8(std::string& out, std::uint32_t code) {
  const auto put = [&](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0 | code >> 6);
    put(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    put(0xE0 | code >> 12);
    put(0x80 | (code >> 6 & 0x3F));
    put(0x80 | (code & 0x3F));
  } else {
    put(0xF0 | code >> 18);
    put(0x80 | (code >> 12 & 0x3F));
    put(0x80 | (code >> 6 & 0x3F));
    put(0x80 | (code & 0x3F));
  }
}

// The code point of an escape \uXXXX, of which `rest` is behind the u, with its second half if it is a pair.
lane_errc take_code_point(std::string_view& rest, std::uint32_t& code) noexcept {
  if (!take_hex4(rest, code)) return lane_errc::bad_json;
  if (code >= 0xDC00 && code <= 0xDFFF) return lane_errc::bad_utf8;
  if (code < 0xD800 || code > 0xDBFF) return lane_errc::none;
  std::uint32_t low = 0;
  if (!rest.starts_with("\\u")) return lane_errc::bad_utf8;
  rest.remove_prefix(2);
  if (!take_hex4(rest, low)) return lane_errc::bad_json;
  if (low < 0xDC00 || low > 0xDFFF) return lane_errc::bad_utf8;
  code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
  return lane_errc::none;
}

// Resolves the escapes of a string's inside; out may be null when only the answer matters.
lane_errc unescape(std::string_view raw, std::string* out) {
  while (true) {
    const auto slash = raw.find('\\');
    if (out) out->append(raw.substr(0, slash));
    if (slash == raw.npos) return lane_errc::none;
    raw.remove_prefix(slash + 1);
    if (raw.empty()) return lane_errc::bad_json;
    const char kind = raw[0];
    raw.remove_prefix(1);
    if (kind == 'u') {
      std::uint32_t code = 0;
      if (const auto error = take_code_point(raw, code); error != lane_errc::none) return error;
      if (out) append_utf8(*out, code);
      continue;
    }
    constexpr std::string_view letters = "\"\\/bfnrt", meant = "\"\\/\b\f\n\r\t";
    const auto which = letters.find(kind);
    if (which == letters.npos) return lane_errc::bad_json;
    if (out) *out += meant[which];
  }
}

// The power of ten of a number's first digit other than 0. `text` is a JSON number.
long magnitude_of(std::string_view text) noexcept {
  long exponent = 0;
  if (const auto e = text.find_first_of("eE"); e != text.npos) {
    const auto digits = text.substr(e + 1 + (text[e + 1] == '+'));
    if (std::from_chars(digits.data(), digits.data() + digits.size(), exponent).ec != std::errc{}) {
      exponent = digits[0] == '-' ? -1'000'000'000 : 1'000'000'000;
    }
    text = text.substr(0, e);
  }
  const auto point = std::min(text.find('.'), text.size());
  const auto first = text.find_first_of("123456789");
  if (first == text.npos) return exponent;
  return exponent + static_cast<long>(point) - static_cast<long>(first) - (first < point ? 1 : 0);
}

// from_chars, with numbers too small to show as 0. False when the number is too great.
template <class Real>
bool parse_real(const char* from, const char* to, Real& out) noexcept {
  const auto ec = std::from_chars(from, to, out).ec;
  if (ec == std::errc{}) return std::isfinite(out);
  const std::string_view text(from, static_cast<std::size_t>(to - from));
  if (magnitude_of(text) >= 0) return false;
  out = *from == '-' ? Real(-0.0) : Real(0.0);
  return true;
}

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
    case simdjson::SUCCESS: break;
    case simdjson::EMPTY: return open_error_ = lane_errc::empty;
    case simdjson::UTF8_ERROR: return open_error_ = lane_errc::bad_utf8;
    default: return open_error_ = lane_errc::bad_json;
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
    case lane_errc::none: break;
    case lane_errc::empty: return {open_error_, "nothing but white space"};
    case lane_errc::too_large:
      return {open_error_, std::to_string(size_) + " bytes, more than " + std::to_string(bytes_max_)};
    case lane_errc::bad_utf8: return {open_error_, "not UTF-8"};
    default: return {open_error_, "not JSON: a string without end, or with a control character"};
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
    const auto code = deep_ ? lane_errc::too_deep
                            : string_error_ == lane_errc::none ? lane_errc::bad_json : string_error_;
    return {code, where + ": " + failed_};
  }
  if (!at_end()) return {lane_errc::bad_json, where + ": expected nothing more"};
  if (path_.size() > 200) path_ = path_.substr(0, 200) + "…";
  return {lane_errc::bad_value, path_.empty() ? expected : "field '" + path_ + "': " + expected};
}

}  // namespace twinlane::detail
