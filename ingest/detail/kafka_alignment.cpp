#include <twinlane/ingest/detail/kafka_alignment.hpp>

#include <algorithm>

namespace twinlane::ingest::detail {

void kafka_alignment::begin(const slot_list& slots, steady_time now) {
  clear();
  for (const auto& slot : slots) {
    std::chrono::milliseconds within{};
    for (const auto& r : slot->readers) within = std::max(within, r->source.align());
    if (within.count() == 0) continue;
    within_ = members_.empty() ? within : std::min(within_, within);
    members_.push_back({slot.get()});
    order_.add_partition(now);
  }
}

void kafka_alignment::clear() {
  members_.clear();
  order_.clear();
}

bool kafka_alignment::keep(const kafka_slot& slot, rd_kafka_message_t* m, steady_time now) {
  const auto at = std::find_if(members_.begin(), members_.end(), [&](const auto& o) { return o.slot == &slot; });
  if (at == members_.end()) return false;
  const auto place = static_cast<std::size_t>(at - members_.begin());
  const bool is_end = m->err != RD_KAFKA_RESP_ERR_NO_ERROR;
  if (!is_end) at->last_ms = rd_kafka_message_timestamp(m, nullptr);
  at->bytes += m->len;
  order_.add(place, at->last_ms, message(m), now);
  if (is_end) order_.reach_end(place);
  return true;
}

void kafka_alignment::next_slice(std::size_t n, steady_time now, std::vector<std::pair<kafka_slot*, message>>& to) {
  const auto first = order_.oldest_ms(now);
  if (!first) return;
  while (n-- > 0) {
    auto next = order_.next(now, *first + within_.count());
    if (!next) return;
    auto& from = members_[next->first];
    from.bytes -= next->second->len;
    to.emplace_back(from.slot, std::move(next->second));
  }
}

void kafka_alignment::update(steady_time now) {
  const auto bytes = std::min(bytes_max, bytes_max_in_all / std::max<std::size_t>(members_.size(), 1));
  for (std::size_t i = 0; i < members_.size(); ++i) {
    auto& slot = *members_[i].slot;
    order_.set_away(i, slot.held || slot.stopped(), now);
    if (slot.paused) order_.excuse(i, now);
    const auto part = slot.full ? 4 : 1;
    slot.full = order_.waiting(i) > waiting_max / part || members_[i].bytes > bytes / part;
  }
}

}  // namespace twinlane::ingest::detail
