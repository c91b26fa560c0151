#include <twinlane/runtime/detail/outbox.hpp>

#include <twinlane/lanes/detail/row_text.hpp>
#include <twinlane/runtime/detail/shard_rows.hpp>

namespace twinlane::detail {

void outbox_item::append(std::string& out) const {
  out += static_cast<char>(what);
  append_number(out, number);
  for (const auto part : {uri, lane, key, value, by}) append_counted(out, part);
  if (event_ms) append_integer(out, *event_ms);
}

bool outbox_item::parse(std::string_view text) noexcept {
  if (text.empty()) return false;
  what = static_cast<kind>(text.front());
  if (what != kind::message && what != kind::join && what != kind::leave && what != kind::sink && what != kind::dead)
    return false;
  text.remove_prefix(1);
  if (!take_number(text, number)) return false;
  for (auto* part : {&uri, &lane, &key, &value, &by})
    if (!take_counted(text, *part)) return false;
  event_ms.reset();
  if (text.empty()) return true;
  return take_integer(text, event_ms.emplace()) && text.empty();
}

std::string outbox_key(std::uint64_t number) {
  auto text = std::to_string(number);
  text.insert(0, 20 - text.size(), '0');
  return text;
}

outbox::mark& outbox::sender(const std::string& shard_name) {
  if (shard_name.front() == '/') return dedicated_senders[shard_name];
  const auto n = number_in<std::size_t>(shard_name);
  if (n >= shared_senders.size()) shared_senders.resize(n + 1);
  return shared_senders[n];
}

bool outbox::take(const parcel_item& sent) {
  auto& at = sender(sent.in->sender());
  if (sent.number < at.next) return false;
  at.next = sent.number + 1;
  if (!std::exchange(at.changed, true)) changed.push_back(sent.in->sender_name());
  return true;
}

}  // namespace twinlane::detail
