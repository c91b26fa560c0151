// Inbound WebSocket frames: whatever the bytes, a frame is messages or an error, never both, and never a crash.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include <twinlane/web/fields.hpp>
#include <twinlane/web/ws_message.hpp>

namespace {

void check(bool holds) {
  if (!holds) std::abort();
}

struct checker {
  void operator()(const twinlane::web::sub_message& m) const {
    check(!m.max_rate || *m.max_rate > 0);
    for (const auto& path : m.fields) {
      check(!path.empty());
      for (const auto& part : path) check(!part.empty());
    }
  }
  void operator()(const twinlane::web::query_message& m) const { check(!m.what.limit || *m.what.limit > 0); }
  void operator()(const twinlane::web::cmd_message& m) const {
    // The value goes on as text, so it must be JSON by itself.
    check(!m.value.empty());
    const auto again =
        twinlane::web::parse_frame("{\"op\":\"cmd\",\"id\":1,\"uri\":\"\",\"lane\":\"\",\"value\":" + m.value + "}");
    check(again.error.empty());
    check(std::get<twinlane::web::cmd_message>(again.messages.at(0)).value == m.value);
  }
  void operator()(const twinlane::web::faulty_message& m) const { check(!m.detail.empty()); }
  template <class T>
  void operator()(const T&) const {}
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto frame = twinlane::web::parse_frame(text);
  check(frame.error.empty() || frame.messages.empty());
  for (const auto& m : frame.messages) std::visit(checker{}, m);
  return 0;
}
