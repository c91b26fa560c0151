#include <twinlane/web/cbor_text.hpp>

#include <limits>
#include <vector>

#include <nlohmann/json.hpp>

namespace twinlane::web {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr std::size_t depth_max = 64;
constexpr std::uint64_t endless = std::numeric_limits<std::uint64_t>::max();

enum major : unsigned { unsigned_number, negative_number, byte_string, text, array, map, tag, simple };

void append_head(std::string& out, unsigned kind, std::uint64_t n) {
  const auto first = static_cast<char>(kind << 5);
  unsigned bytes = n < 24 ? 0 : n <= 0xff ? 1 : n <= 0xffff ? 2 : n <= 0xffffffff ? 4 : 8;
  const unsigned info = n < 24 ? static_cast<unsigned>(n) : bytes == 1 ? 24 : bytes == 2 ? 25 : bytes == 4 ? 26 : 27;
  out += static_cast<char>(first | static_cast<char>(info));
  while (bytes > 0) out += static_cast<char>(n >> --bytes * 8 & 0xff);
}

std::string members_of(const std::string& object) {
  std::string out;
  const auto parsed = ordered_json::parse(object, nullptr, false);
  if (!parsed.is_object()) return out;
  for (const auto& [name, value] : parsed.items()) {
    append_cbor_text(out, name);
    ordered_json::to_cbor(value, out);
  }
  return out;
}

struct item_head {
  unsigned kind{};
  bool indefinite{};
  std::uint64_t value{};
};

class item_reader {
 public:
  explicit item_reader(std::string_view bytes) : rest_(bytes) {}

  bool empty() const noexcept { return rest_.empty(); }
  std::size_t left() const noexcept { return rest_.size(); }
  bool take_end() {
    if (!rest_.starts_with(cbor_end)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool skip(std::uint64_t n) {
    if (n > rest_.size()) return false;
    rest_.remove_prefix(static_cast<std::size_t>(n));
    return true;
  }
  bool next(item_head& h) {
    if (rest_.empty()) return false;
    const auto first = static_cast<unsigned char>(rest_.front());
    rest_.remove_prefix(1);
    h.kind = first >> 5;
    const unsigned info = first & 31;
    h.indefinite = info == 31;
    h.value = info;
    if (info < 24 || h.indefinite) return true;
    const std::size_t bytes = info < 28 ? std::size_t{1} << (info - 24) : endless;
    if (bytes > rest_.size()) return false;
    h.value = 0;
    for (std::size_t i = 0; i < bytes; ++i) h.value = h.value << 8 | static_cast<unsigned char>(rest_[i]);
    return skip(bytes);
  }
  /// A text, or the pieces of one.
  bool skip_text(const item_head& h) {
    if (!h.indefinite) return skip(h.value);
    for (item_head piece; !take_end();)
      if (!next(piece) || piece.kind != text || piece.indefinite || !skip(piece.value)) return false;
    return true;
  }

 private:
  std::string_view rest_;
};

// What JSON can say, and whole to its last byte. The DOM's reader recurses, so this comes first, and does not.
bool is_plain(std::string_view bytes) {
  item_reader in(bytes);
  std::vector<std::uint64_t> open{1};  // items still to come, of each array and map
  while (!open.empty()) {
    if (open.back() == 0 || (open.back() == endless && in.take_end())) {
      open.pop_back();
      continue;
    }
    item_head h;
    if (!in.next(h)) return false;
    if (open.back() != endless) --open.back();
    if (h.kind == text) {
      if (!in.skip_text(h)) return false;
    } else if (h.kind == array || h.kind == map) {
      if (open.size() > depth_max || (!h.indefinite && h.value > in.left())) return false;
      open.push_back(h.indefinite ? endless : h.kind == map ? h.value * 2 : h.value);
    } else if (h.indefinite || h.kind == byte_string || h.kind == tag) {
      return false;
    } else if (h.kind == negative_number && h.value > std::numeric_limits<std::int64_t>::max()) {
      return false;
    }
  }
  return in.empty();
}

}  // namespace

void append_cbor_text(std::string& out, std::string_view s) {
  append_head(out, text, s.size());
  out += s;
}

void append_cbor_number(std::string& out, std::uint64_t n) { append_head(out, unsigned_number, n); }

std::string cbor_of(std::string_view json_text) {
  std::string out;
  const auto parsed = ordered_json::parse(json_text, nullptr, false);
  if (!parsed.is_discarded()) ordered_json::to_cbor(parsed, out);
  return out;
}

std::string cbor_rest(std::string_view members) { return members_of(std::string("{").append(members)) + cbor_end; }

std::string cbor_open_rest(std::string_view members) {
  return members_of(std::string("{").append(members).append("}"));
}

std::optional<std::string> json_of_cbor(std::string_view bytes) {
  if (!is_plain(bytes)) return std::nullopt;
  try {
    return json::from_cbor(bytes).dump();
  } catch (const json::exception&) {
    return std::nullopt;
  }
}

}  // namespace twinlane::web
