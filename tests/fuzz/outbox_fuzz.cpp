// Bytes of a damaged store as an outbox row: refused, or read as an item that writes a row which reads the same. And
// whatever an item holds, it is read back.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <tuple>

#include <twinlane/runtime/detail/outbox.hpp>

using twinlane::detail::outbox_item;

namespace {

void check(bool holds) {
  if (!holds) std::abort();
}

auto fields(const outbox_item& i) {
  return std::tie(i.what, i.number, i.uri, i.lane, i.key, i.value, i.by, i.event_ms);
}

void check_written(const outbox_item& i) {
  std::string text;
  i.append(text);
  outbox_item again;
  check(again.parse(text));
  check(fields(again) == fields(i));
}

/// Takes a part of the input that is as long as its first byte says.
std::string_view take_part(std::string_view& input) {
  if (input.empty()) return {};
  const auto size = std::min<std::size_t>(static_cast<unsigned char>(input.front()), input.size() - 1);
  const auto part = input.substr(1, size);
  input.remove_prefix(1 + size);
  return part;
}

std::int64_t number_of(std::string_view part) {
  std::uint64_t n = 0;
  for (const char c : part) n = n << 8 | static_cast<unsigned char>(c);
  return static_cast<std::int64_t>(n);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  outbox_item read;
  if (read.parse(input)) check_written(read);
  outbox_item made;
  constexpr std::string_view kinds = "mjlsd";
  made.what = static_cast<outbox_item::kind>(kinds[size % kinds.size()]);
  made.number = number_of(take_part(input));
  for (auto* part : {&made.uri, &made.lane, &made.key, &made.value, &made.by}) *part = take_part(input);
  if (!input.empty()) made.event_ms = number_of(input);
  check_written(made);
  return 0;
}
