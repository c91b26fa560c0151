#include <algorithm>

#include <twinlane/runtime/detail/cut.hpp>
#include <twinlane/runtime/detail/dead_letter_text.hpp>
#include <twinlane/runtime/detail/shard_rows.hpp>
#include <twinlane/runtime/log.hpp>
#include <twinlane/runtime/shard.hpp>

// What a shard sends to others is numbered and kept with the cut that sends it, until all who get it have it durably;
// receivers drop what is below the number that they last took from that shard. What joins hear is not kept, for the
// followed lane says it again: kept is that its followers may not have heard it.
namespace twinlane {
namespace {

constexpr std::size_t refill_max = 10'000;

}  // namespace

using detail::outbox_item;
using detail::outbox_key;

bool shard::is_new(cut& c, const parcel_item& sent) {
  if (!sent.in) return true;
  c.parcels.push_back(sent.in);
  return outbox_->take(sent);
}

void shard::take_back(const parcel& p) {
  --outbox_->travelling;
  for (auto n = p.first; n < p.end; ++n) rows_.remove(owner_, detail::out_lane, outbox_key(n));
  if (p.sink) p.sink->stored.fetch_sub(static_cast<std::int64_t>(p.end - p.first), std::memory_order_relaxed);
  if (p.untold) return;
  for (const auto& uri : p.owed) owe_no_more(uri);
}

parcel_item shard::save_item(const std::shared_ptr<parcel>& in, const outbox_item& text) {
  const auto number = outbox_->next++;
  in->end = outbox_->next;
  scratch_.clear();
  text.append(scratch_);
  rows_.put(owner_, detail::out_lane, outbox_key(number), scratch_);
  return {in, number};
}

void shard::save_outbox(cut& c) {
  auto& o = *outbox_;
  for (const auto& name : o.changed) {
    auto& at = o.sender(*name);
    rows_.put(owner_, detail::sender_lane, *name, std::to_string(at.next));
    at.changed = false;
  }
  o.changed.clear();
  const auto first = o.next;
  const auto begin = [&] {
    auto p = std::make_shared<parcel>(host_, o.name);
    p->first = p->end = o.next;
    ++o.travelling;
    return p;
  };
  if (!c.follows.empty() || !c.mails.empty() || !c.updates.empty()) {
    const auto p = begin();
    p->add(c.follows.size() + c.mails.size() + c.updates.size());
    for (auto& f : c.follows) {
      const auto kind = f.leave ? outbox_item::kind::leave : outbox_item::kind::join;
      const auto& by_lane = host_.type_of(f.by_uri)->lanes()[f.by_lane].name;
      f.sent = save_item(p, {kind, 0, f.uri, f.lane, f.key, by_lane, f.by_uri});
    }
    for (auto& m : c.mails)
      m.sent = save_item(p, {outbox_item::kind::message, m.hops, m.uri, m.lane, m.key, m.value, {}, m.event_ms});
    for (auto& u : c.updates) owe(*u.said, p);
  }
  // Items for sinks arrive one by one, each in its own time.
  for (auto& e : c.emissions) {
    const auto p = begin();
    p->add(1);
    p->sink = e.to;
    e.to->stored.fetch_add(1, std::memory_order_relaxed);
    e.sent = save_item(p, {outbox_item::kind::sink, e.item.at_ms, e.item.uri, e.to->name(), e.item.key, e.item.value,
                           host_.store_id()});
    e.item.id = id_of(host_.store_id(), e.sent.number);
  }
  if (!c.dead.empty()) save_dead(c, begin());
  if (o.next != first) rows_.put(owner_, detail::number_lane, "", std::to_string(o.next));
}

std::string shard::id_of(std::string_view store, std::uint64_t number) const {
  return std::string(store) + '.' + *name_ + '.' + std::to_string(number);
}

// Letters that cannot be written now wait with the cut, for its watermarks pass their records.
void shard::save_dead(cut& c, const std::shared_ptr<parcel>& in) {
  std::string line;
  for (const auto& letter : c.dead.letters) {
    line.clear();
    detail::append_line(line, letter, dead_letters_options().bytes_max);
    save_item(in, {outbox_item::kind::dead, 0, {}, {}, {}, line, {}});
  }
  in->add(1);
  c.dead.in = in;
}

void shard::owe(const std::string& uri) {
  if (outbox_->owed[uri]++ == 0) rows_.put(owner_, detail::owed_lane, uri, "");
}

void shard::owe_no_more(const std::string& uri) {
  const auto at = outbox_->owed.find(uri);
  if (at == outbox_->owed.end() || --at->second != 0) return;
  outbox_->owed.erase(at);
  rows_.remove(owner_, detail::owed_lane, uri);
}

// It goes with the parcel; until that has arrived, the followed agent owes it.
void shard::owe(announcement& said, const std::shared_ptr<parcel>& in) {
  if (std::exchange(said.in, in)) return;
  in->owed.push_back(said.from());
  owe(said.from());
}

// Once the cut is the store's, so that no commit overtakes the one that caused it. What leaves the process waits until
// the cut is durable.
void shard::deliver(cut& c) {
  for (auto& f : c.follows) host_.deliver(std::move(f));
  for (auto& m : c.mails) host_.deliver(std::move(m));
  for (auto& u : c.updates) host_.deliver(std::move(u));
  if (outbox_) return;
  for (auto& e : c.emissions) offer(std::move(e));
}

void shard::order_offers(std::vector<emission> items) {
  order([held = std::make_shared<std::vector<emission>>(std::move(items))](shard& on) {
    for (auto& e : *held) {
      on.outbox_->offered_to = e.sent.number + 1;
      on.offer(std::move(e));
    }
  });
}

// Where there is no room, the item and all behind it wait in the store.
void shard::offer(emission e) {
  if (outbox_)
    if (auto* k = outbox_->find_kept_back(*e.to)) {
      if (std::exchange(k->failed, false)) host_.wait_for_room(*e.to, *name_);
      return;
    }
  sink_queue::entry entry{std::move(e.item), {}};
  if (outbox_) {
    entry.arrived = [p = e.sent.in] { p->arrived(); };
  } else {
    entry.item.id = id_of(host_.store_id(), host_.next_birth());
    entry.arrived = [to = e.to] { to->stored.fetch_sub(1, std::memory_order_relaxed); };
    e.to->stored.fetch_add(1, std::memory_order_relaxed);
  }
  if (e.to->offer(entry)) return;
  if (outbox_) {
    outbox_->kept_back.push_back({e.to, e.sent.number});
    host_.wait_for_room(*e.to, *name_);
  } else {
    e.to->stored.fetch_sub(1, std::memory_order_relaxed);
    host_.did_lose_item(e.to->name(), "its queue is full, and there is no store to wait in");
  }
}

void shard::refill(sink_queue& to) {
  auto* kept_back = outbox_ ? outbox_->find_kept_back(to) : nullptr;
  if (!kept_back) return host_.did_refill(to);
  std::vector<emission> items;
  try {
    read_kept_back(*kept_back, items);
  } catch (const std::exception& x) {
    log_limited(log_level::error, "outbox", "items for sink '" + to.name() + "' cannot be read now: " + x.what());
    kept_back->failed = true;  // the next item for it tries again
    return host_.did_refill(to);
  }
  outbox_->kept_back.erase(outbox_->kept_back.begin() + (kept_back - outbox_->kept_back.data()));
  const auto more = items.size() > refill_max ? items.back().sent.number : 0;
  if (more != 0) items.pop_back();
  for (auto& e : items) offer(std::move(e));
  if (outbox_->find_kept_back(to)) return;
  if (more == 0) return host_.did_refill(to);
  outbox_->kept_back.push_back({&to, more});
  host_.wait_for_room(to, *name_);
}

// As many as are handed over at a time, and one more if there are.
void shard::read_kept_back(const detail::outbox::keeping_back& k, std::vector<emission>& items) {
  host_.storage().read(owner_, [&](const store_row& r) {
    if (r.lane != detail::out_lane || items.size() > refill_max) return;
    const auto number = detail::number_in<std::uint64_t>(r.key);
    outbox_item i;
    // What is not durable yet is offered when it is.
    if (number < k.from || number >= outbox_->offered_to || !i.parse(r.value)) return;
    if (i.what != outbox_item::kind::sink || i.lane != k.sink->name()) return;
    items.push_back({k.sink,
                     {id_of(i.by, number), std::string(i.uri), std::string(i.key), std::string(i.value), i.number},
                     {lone_parcel(number, k.sink), number}});
  });
}

std::shared_ptr<parcel> shard::lone_parcel(std::uint64_t number, sink_queue* to) {
  auto p = std::make_shared<parcel>(host_, outbox_->name);
  p->first = number;
  p->end = number + 1;
  p->sink = to;
  p->add(1);
  return p;
}

// What had not arrived when the shard was last in memory goes again.
void shard::resume(const std::vector<std::pair<std::uint64_t, std::string>>& items,
                   const std::vector<std::string>& owed) {
  auto& o = *outbox_;
  std::vector<sink_queue*> sinks;
  for (const auto& [number, text] : items) {
    o.next = std::max(o.next, number + 1);
    ++o.travelling;
    outbox_item i;
    if (!i.parse(text))
      log_limited(log_level::error, "outbox",
                  "item " + std::to_string(number) + " of shard " + *name_ + " cannot be read. It stays where it is.");
    else if (i.what != outbox_item::kind::sink)
      resume_item(number, i);
    else if (auto* to = resume_sink(number, i))
      sinks.push_back(to);
  }
  o.offered_to = o.next;
  cut c;
  c.now_ms = host_.now_ms();
  for (const auto& uri : owed) tell_again(c, uri);
  deliver(c);
  for (auto* to : sinks) refill(*to);
}

void shard::resume_item(std::uint64_t number, const outbox_item& i) {
  const parcel_item sent{lone_parcel(number, nullptr), number};
  const std::string uri(i.uri), lane(i.lane), key(i.key);
  if (i.what == outbox_item::kind::message) {
    host_.deliver(
        mail{uri, lane, key, std::string(i.value), nullptr, static_cast<unsigned>(i.number), sent, i.event_ms});
  } else if (i.what == outbox_item::kind::dead) {
    auto read = detail::parse_line(i.value);
    if (!read)
      return log_limited(
          log_level::error, "outbox",
          "dead letter " + std::to_string(number) + " of shard " + *name_ + " cannot be read. It stays where it is.");
    dead_letter_batch b;
    b.hold(std::move(read->letter), nullptr);
    b.in = sent.in;
    if (!host_.bury(b)) host_.keep(std::move(b));
  } else {
    const auto* by = host_.type_of(i.by);
    const int by_lane = by ? by->lane_index(i.value) : -1;
    if (by_lane < 0) return sent.in->arrived();  // the joining lane is gone
    host_.deliver(follow_request{uri, lane, std::string(i.by), static_cast<unsigned>(by_lane), key,
                                 i.what == outbox_item::kind::leave, sent});
  }
}

// The sink, if it has not been seen before.
sink_queue* shard::resume_sink(std::uint64_t number, const outbox_item& i) {
  auto* to = host_.sink_of(i.lane);
  if (!to) {
    log_limited(log_level::warn, "sink " + std::string(i.lane),
                "items wait for sink '" + std::string(i.lane) + "', which is not there. Configure it again.");
    return nullptr;
  }
  to->stored.fetch_add(1, std::memory_order_relaxed);
  if (outbox_->find_kept_back(*to)) return nullptr;
  outbox_->kept_back.push_back({to, number});
  return to;
}

// A dedicated agent's shard is made on first use: a start must know which of them have something to do by themselves.
void shard::list_dedicated() {
  if (name_->front() != '/') return;
  const bool busy = !schedule_.empty() || !sleepers_.empty() || outbox_->travelling != 0 || !outbox_->owed.empty();
  if (busy == outbox_->listed) return;
  outbox_->listed = busy;
  if (busy)
    rows_.put(detail::dedicated_owner, "", *name_, "");
  else
    rows_.remove(detail::dedicated_owner, "", *name_);
}

}  // namespace twinlane
