#include <twinlane/ingest/detail/kafka_assignment.hpp>

#include <algorithm>

namespace twinlane::ingest::detail {
namespace {

// Pausing throws away what librdkafka has fetched ahead; shards that are just a little behind need a moment only.
constexpr std::chrono::milliseconds hold_time{50};

}  // namespace

kafka_reader::kafka_reader(port& p, kafka_source& s, std::int32_t number)
    : source(s), partition(s.partition(number)), feed(p, s.router(), partition) {}

std::int64_t kafka_reader::start_offset() const noexcept {
  if (partition->posted_mark() >= 0) return partition->posted_mark();
  return partition->stored_low_mark.value_or(RD_KAFKA_OFFSET_BEGINNING);
}

void kafka_reader::take(const rd_kafka_message_t& m, text_arena& texts) {
  if (stopped || m.offset < skip_below) return;
  raw_record r;
  r.has_key = m.key != nullptr;
  r.key = {static_cast<const char*>(m.key), r.has_key ? m.key_len : 0};
  r.has_value = m.payload != nullptr;
  r.value = {static_cast<const char*>(m.payload), r.has_value ? m.len : 0};
  r.offset = m.offset;
  r.timestamp_ms = std::max<std::int64_t>(rd_kafka_message_timestamp(&m, nullptr), 0);
  feed.add(r, texts);
  next = m.offset + 1;
}

void kafka_reader::take_end(std::int64_t offset) {
  if (stopped) return;
  next = std::max(next, offset);
  if (end < 0) end = offset;
  partition->log_end.store(std::max(partition->log_end.load(), offset));
}

void kafka_reader::post(steady_time arrived) {
  if (!stopped && next > partition->posted_mark()) feed.post(next, arrived);
  next = -1;
}

void kafka_slot::take(const rd_kafka_message_t& m, text_arena& texts) {
  for (const auto& r : readers) m.err == RD_KAFKA_RESP_ERR_NO_ERROR ? r->take(m, texts) : r->take_end(m.offset);
}

bool kafka_slot::stopped() const {
  return !readers.empty() && std::all_of(readers.begin(), readers.end(), [](const auto& r) { return r->stopped; });
}

void kafka_assignment::take(const rd_kafka_topic_partition_list_t& list, const std::vector<kafka_source*>& sources) {
  clear();
  for (int i = 0; i < list.cnt; ++i) {
    const auto& entry = list.elems[i];
    auto slot = std::make_unique<kafka_slot>();
    slot->topic = entry.topic;
    slot->number = entry.partition;
    for (auto* s : sources) {
      if (s->topic() != slot->topic) continue;
      auto reader = std::make_unique<kafka_reader>(port_, *s, entry.partition);
      reader->skip_below = std::max<std::int64_t>(reader->start_offset(), 0);
      reader->partition->assigned = true;
      slot->readers.push_back(std::move(reader));
    }
    slots_.push_back(std::move(slot));
  }
  release_held();
}

void kafka_assignment::set_starts(rd_kafka_topic_partition_list_t& list) const {
  for (int i = 0; i < list.cnt; ++i) {
    // RD_KAFKA_OFFSET_BEGINNING is the least of all offsets but END, which is our "none yet".
    auto& start = list.elems[i].offset;
    start = RD_KAFKA_OFFSET_END;
    for (const auto& r : slots_[static_cast<std::size_t>(i)]->readers)
      if (!r->stopped) start = start == RD_KAFKA_OFFSET_END ? r->start_offset() : std::min(start, r->start_offset());
  }
}

void kafka_assignment::stop(const kafka_source& s) {
  for (const auto& slot : slots_)
    for (const auto& r : slot->readers) r->stopped |= &r->source == &s;
}

void kafka_assignment::clear() {
  for (const auto& slot : slots_)
    for (const auto& r : slot->readers) {
      r->partition->assigned = false;
      r->partition->paused = false;
    }
  slots_.clear();
  by_message_.clear();
  last_topic_ = nullptr;
  last_ = nullptr;
}

kafka_slot* kafka_assignment::find(const rd_kafka_message_t& m) {
  if (last_ != nullptr && m.rkt == last_topic_ && m.partition == last_->number) return last_;
  const auto known = by_message_.find({m.rkt, m.partition});
  kafka_slot* slot = known != by_message_.end() ? known->second : find(rd_kafka_topic_name(m.rkt), m.partition);
  if (slot == nullptr) return nullptr;
  if (known == by_message_.end()) by_message_.emplace(std::make_pair(m.rkt, m.partition), slot);
  last_topic_ = m.rkt;
  return last_ = slot;
}

kafka_slot* kafka_assignment::find(const std::string& topic, std::int32_t number) {
  const auto it = std::find_if(slots_.begin(), slots_.end(),
                               [&](const auto& s) { return s->number == number && s->topic == topic; });
  return it == slots_.end() ? nullptr : it->get();
}

bool kafka_assignment::release_held() {
  bool waiting = false;
  for (const auto& slot : slots_) {
    slot->held = false;
    for (const auto& r : slot->readers) {
      if (r->stopped) continue;
      const bool may = r->source.may_start();
      slot->held |= !may;
      r->source.set_state(may ? source_state::running : source_state::waiting);
    }
    waiting |= slot->held;
  }
  return waiting;
}

bool kafka_assignment::update_flow(rd_kafka_t* k, steady_time now) {
  total_over_ = total_over_ ? !flow_.total_low() : flow_.total_over();
  bool wait = false;
  for (const auto& slot : slots_) {
    const auto is_over = [&](const auto& r) { return flow_.over(*r->partition); };
    const auto is_low = [&](const auto& r) { return flow_.low(*r->partition); };
    slot->over = slot->over ? !std::all_of(slot->readers.begin(), slot->readers.end(), is_low)
                            : std::any_of(slot->readers.begin(), slot->readers.end(), is_over);
    const bool closed = slot->over || total_over_;
    for (const auto& r : slot->readers) r->partition->paused.store(closed, std::memory_order_relaxed);
    wait |= closed && !slot->paused;
  }
  if (!wait) {
    holding_ = false;
  } else if (!holding_) {
    holding_ = true;
    hold_until_ = now + hold_time;
  }
  const bool hold_is_over = holding_ && now >= hold_until_;
  pause_or_resume(k, hold_is_over);
  if (hold_is_over) holding_ = false;
  return !holding_;
}

void kafka_assignment::pause_or_resume(rd_kafka_t* k, bool hold_is_over) {
  const kafka_list pause(rd_kafka_topic_partition_list_new(0)), resume(rd_kafka_topic_partition_list_new(0));
  for (const auto& slot : slots_) {
    const bool closed = slot->over || total_over_;
    const bool want = slot->held || slot->full || slot->stopped() || (closed && (slot->paused || hold_is_over));
    if (want == slot->paused) continue;
    slot->paused = want;
    rd_kafka_topic_partition_list_add(want ? pause.get() : resume.get(), slot->topic.c_str(), slot->number);
  }
  if (pause->cnt > 0) rd_kafka_pause_partitions(k, pause.get());
  if (resume->cnt > 0) rd_kafka_resume_partitions(k, resume.get());
}

void kafka_assignment::update_ends(rd_kafka_t* k) {
  for (const auto& slot : slots_) {
    std::int64_t low = -1, high = -1;
    if (rd_kafka_get_watermark_offsets(k, slot->topic.c_str(), slot->number, &low, &high) !=
            RD_KAFKA_RESP_ERR_NO_ERROR ||
        high < 0)
      continue;
    for (const auto& r : slot->readers) {
      if (r->end < 0) r->end = high;
      r->partition->log_end.store(high);
    }
  }
}

void kafka_assignment::update_reached(const std::vector<kafka_source*>& sources) {
  for (auto* s : sources) {
    if (s->reached_end() || !s->assigned()) continue;
    bool all = true;
    for (const auto& slot : slots_)
      for (const auto& r : slot->readers) all &= &r->source != s || r->read_to_end();
    if (all) s->set_reached();
  }
}

void kafka_assignment::commit(rd_kafka_t* k) {
  const kafka_list list(rd_kafka_topic_partition_list_new(0));
  for (const auto& slot : slots_) {
    std::int64_t mark = -1;
    bool moved = false;
    for (const auto& r : slot->readers) {
      const auto low = r->partition->low_mark();
      mark = mark < 0 ? low : std::min(mark, low);
      moved |= low > r->committed;
      r->committed = low;
    }
    if (mark >= 0 && moved)
      rd_kafka_topic_partition_list_add(list.get(), slot->topic.c_str(), slot->number)->offset = mark;
  }
  if (list->cnt > 0) rd_kafka_commit(k, list.get(), 1);
}

bool kafka_assignment::in_flight() const noexcept {
  for (const auto& slot : slots_)
    for (const auto& r : slot->readers)
      if (r->partition->in_flight_records() > 0) return true;
  return false;
}

}  // namespace twinlane::ingest::detail
