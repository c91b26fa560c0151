// URIs from outside: canonical form is a fixed point, segments survive a round trip, routes read what they match.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include <twinlane/agents/uri.hpp>

namespace {

void check(bool holds) {
  if (!holds) std::abort();
}

void check_route(const twinlane::route& r, const std::string& uri) {
  if (!r.matches(uri)) return;
  std::string key;
  for (std::size_t i = 0; i < r.params().size(); ++i) {
    const auto value = r.param(uri, i);
    check(!value.empty());
    if (i == 0) key = value;
  }
  check(r.hash(uri) == twinlane::murmur2(key));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const twinlane::route one("/customer/:id");
  static const twinlane::route two("/store/:city/shelf/:nr");
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto uri = twinlane::canonical_uri(text)) {
    check(twinlane::canonical_uri(*uri) == uri);
    check(uri->find("/../") == std::string::npos && uri->find("//") == std::string::npos);
    for (const auto segment : twinlane::split_uri(*uri)) {
      const auto decoded = twinlane::decode_segment(segment);
      check(decoded.has_value());
      std::string again;
      check(twinlane::append_segment(again, *decoded) && again == segment);
    }
    check_route(one, *uri);
    check_route(two, *uri);
  }
  std::string built;
  if (twinlane::append_segment(built, text)) check(twinlane::decode_segment(built) == std::string(text));
  return 0;
}
