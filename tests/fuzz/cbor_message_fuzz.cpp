// Inbound binary frames: whatever the bytes, they are messages or an error, and what they say as JSON they say as CBOR.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include <twinlane/web/cbor_text.hpp>
#include <twinlane/web/ws_message.hpp>

namespace {

void check(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto text = twinlane::web::json_of_cbor(bytes);
  const auto frame = twinlane::web::parse_cbor_frame(bytes);
  check(frame.error.empty() || frame.messages.empty());
  check(text || !frame.error.empty());
  if (!text) return 0;
  check(twinlane::web::json_of_cbor(twinlane::web::cbor_of(*text)) == text);
  check(frame.messages.size() == twinlane::web::parse_frame(*text).messages.size());
  return 0;
}
