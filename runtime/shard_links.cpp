#include <algorithm>

#include <twinlane/runtime/detail/call_out.hpp>
#include <twinlane/runtime/detail/cut.hpp>
#include <twinlane/runtime/log.hpp>
#include <twinlane/runtime/shard.hpp>

// What subscribers are told: as it happens, when they come, when they come back, and when they have room again.
namespace twinlane {

using detail::call_out;

void shard::send_diffs(const cut& c, entity& e, const turn& t) {
  // Timers and what agents send by themselves have not come from outside: their way begins here.
  turn_diffs texts(t, e.rev, c.arrived == steady_time{} ? std::chrono::steady_clock::now() : c.arrived);
  for (auto& l : e.watched->links) {
    if (l.behind) continue;
    if (const auto* made = texts.of(*l.sees)) {
      auto d = *made;
      d.from = l.rev;
      call_out([&] { l.behind = !l.to->on_diff(l.tag, d); });
      if (l.behind) continue;
      l.rev = e.rev;
    }
    l.known = e.rev;
  }
}

void shard::send_events(const entity& e, const turn& t) {
  for (const auto& event : t.events) {
    const auto& lane = e.type->lanes()[event.lane].name;
    const auto say = [&](const std::string& value) {
      std::string tail = "\"lane\":";
      append_json_string(tail, lane);
      tail += ",\"value\":";
      const auto value_at = tail.size();
      return supply_event{e.rev, shared_text(tail += value), value_at};
    };
    supply_event whole;
    for (const auto& l : e.watched->links) {
      if (!(l.sees->lanes >> event.lane & 1)) continue;
      const auto* fields = l.sees->fields ? l.sees->fields->find(lane) : nullptr;
      if (fields && !fields->is_all()) {
        if (std::string some; append_selected(some, event.value, *fields))
          call_out([&] { l.to->on_event(l.tag, say(some)); });
        continue;
      }
      if (!whole.tail) whole = say(event.value);
      call_out([&] { l.to->on_event(l.tag, whole); });
    }
  }
}

// To those who take something, and of them to those that are wanted.
void shard::send_snapshots(entity& e, const std::function<bool(const link&)>& wanted) {
  const auto ended = std::erase_if(e.watched->links, [&](link& l) {
    return !l.behind && (!wanted || wanted(l)) && !send_snapshot(e, e.self != nullptr, l);
  });
  if (ended > 0) keep_history(e);
}

// False when the state is too large to be sent: the subscription ends then.
bool shard::send_snapshot(const entity& e, bool exists, link& l) {
  const auto birth = exists ? e.birth : 0, rev = exists ? e.rev : 0;
  const auto make = [&] { return make_snapshot(e, exists ? lineage(e) : std::string(), *l.sees); };
  const auto& s = snapshots_.find_or_make(l.sees, {birth, rev, e.self != nullptr}, host_.now_ms(), make);
  if (s.tail->size() > options_.document_bytes_max) {
    call_out([&] { l.to->on_done(l.tag, "error"); });
    return false;
  }
  call_out([&] { l.behind = !l.to->on_snapshot(l.tag, s); });
  if (l.behind) return true;
  l.birth = birth;
  l.rev = l.known = rev;
  return true;
}

// All that changed since, as one diff; the history must reach back.
bool shard::send_missed(const entity& e, link& l) {
  auto& history = *e.watched->history;
  const auto make = [&] {
    dirty_paths paths;
    history.collect(l.known, paths);
    return make_merged_diff(*e.self, e.rev, *l.sees, paths);
  };
  auto d = merged_.find_or_make(l.sees, {e.birth, e.rev, history.start_of(l.known)}, host_.now_ms(), make);
  if (d.tail && d.tail->size() > options_.document_bytes_max) return send_snapshot(e, true, l);
  if (d.tail) {
    d.from = l.rev;
    call_out([&] { l.behind = !l.to->on_diff(l.tag, d); });
    if (l.behind) return true;
    l.rev = e.rev;
  }
  l.known = e.rev;
  return true;
}

// Tells a link what it lacks: nothing, a merged diff, or a snapshot. False when the subscription ends.
bool shard::catch_up(entity& e, link& l) {
  const bool exists = is_stored(e);
  l.behind = false;
  if (!exists && l.birth == 0) return true;
  const auto* history = e.watched->history.get();
  const bool at_hand = l.known == e.rev || (e.self && history && history->last() == e.rev &&
                                            history->first() <= l.known && l.known < e.rev);
  const bool reaches = exists && l.birth == e.birth && at_hand;
  if (std::exchange(l.resumes, false)) {
    host_.did_resume(reaches);
    if (reaches) call_out([&] { l.behind = !l.to->on_snapshot(l.tag, make_resumed(e, lineage(e), *l.sees, l.rev)); });
    l.resumes = l.behind;
    if (l.behind) return true;
  }
  if (!reaches) return send_snapshot(e, exists, l);
  return l.known == e.rev || send_missed(e, l);
}

// The first answer. Who follows no lane, but perhaps the agent's life, brings it not into memory; nor does one who has
// missed nothing.
bool shard::greet(entity& e, link& l, const std::optional<resume_point>& from) {
  l.resumes = from.has_value();
  if (from && is_stored(e) && from->lineage == lineage_for(*l.sees, lineage(e))) {
    l.birth = e.birth;
    l.rev = l.known = from->rev;
  }
  const bool has_all = l.birth == e.birth && l.known == e.rev;
  if (l.sees->lanes != 0 && !has_all) load(e);
  return catch_up(e, l);
}

void shard::subscribe(const std::string& uri, const agent_type& type, link l, const std::optional<resume_point>& from) {
  auto& e = find_or_watch(uri, type);
  if (!e.watched) e.watched = std::make_unique<watchers>();
  e.watched->share_view(l);
  try {
    if (greet(e, l, from)) {
      const bool lives = e.self || (l.birth != 0 && l.birth == e.birth);
      e.watched->links.push_back(l);
      if (lives && !e.watched->history) begin_history(e);
    }
  } catch (const std::exception& x) {
    end_unreadable(e, l, x);
  }
  drop_if_idle(e);
}

void shard::unsubscribe(const std::string& uri, std::uint64_t id) {
  auto* e = find(uri);
  if (!e || !e->watched) return;
  auto& links = e->watched->links;
  const auto it = std::find_if(links.begin(), links.end(), [&](const link& l) { return l.id == id; });
  if (it == links.end()) return;
  const auto gone = std::move(*it);
  links.erase(it);
  keep_history(*e);
  if (e->watched->nobody()) e->watched.reset();
  call_out([&] { gone.to->on_done(gone.tag, "unsubscribed"); });
  drop_if_idle(*e);
}

void shard::pull(const std::string& uri, std::uint64_t id) {
  auto* e = find(uri);
  if (!e || !e->watched) return;
  const auto find_link = [&] {
    auto& links = e->watched->links;
    const auto it = std::find_if(links.begin(), links.end(), [&](const link& l) { return l.id == id; });
    return it == links.end() ? nullptr : &*it;
  };
  auto* l = find_link();
  if (!l || !l->behind) return;
  bool stays = false;
  try {
    // Others may end there; not this one, for it is behind and is told nothing.
    if (l->sees->lanes != 0) load(*e);
    l = find_link();
    stays = catch_up(*e, *l);
  } catch (const std::exception& x) {
    end_unreadable(*e, *l, x);
  }
  if (!stays) std::erase_if(e->watched->links, [&](const link& gone) { return gone.id == id; });
  keep_history(*e);
  drop_if_idle(*e);
}

void shard::end_unreadable(const entity& e, link& l, const std::exception& why) {
  log_limited(log_level::error, "unreadable " + e.type->name(),
              e.uri + ": its stored rows cannot be read: " + why.what());
  call_out([&] { l.to->on_done(l.tag, "error"); });
}

void shard::send_life(entity& e, std::string_view event, std::string_view cause) {
  if (!e.watched) return;
  for (const auto& l : e.watched->links)
    if (l.life) call_out([&] { l.to->on_life(l.tag, {event, host_.now_ms(), std::string(cause)}); });
}

// From the present rev on, for those who see lanes.
void shard::begin_history(entity& e) {
  auto& w = *e.watched;
  if (w.history) return w.history->restart(e.rev);
  const auto sees_lanes = [](const link& l) { return l.sees->lanes != 0; };
  if (std::none_of(w.links.begin(), w.links.end(), sees_lanes)) return;
  const agent_history::limits limits{options_.history_bytes_max, options_.history_age_ms};
  w.history = std::make_unique<agent_history>(e.rev, limits, host_.histories());
}

void shard::note_paths(entity& e, const turn& t, std::int64_t now_ms) {
  e.watched->history->add(e.rev, now_ms, [&](dirty_paths::node& n) { t.mark_paths(n, ~std::uint64_t{0}); });
  list_history(e, now_ms);
}

// When the last link has gone, for a while: it may come back.
void shard::keep_history(entity& e) {
  auto& w = *e.watched;
  if (!w.links.empty() || !w.history) return;
  w.history_until_ms = host_.now_ms() + options_.history_age_ms;
  list_history(e, host_.now_ms());
}

void shard::list_history(entity& e, std::int64_t now_ms) {
  if (e.watched->history_due_ms != 0) return;
  e.watched->history_due_ms = now_ms + options_.history_age_ms;
  histories_.emplace_back(e.watched->history_due_ms, e.uri);
}

// Each is looked at once in its age, in the order in which they were listed.
void shard::expire_histories(std::int64_t now_ms) {
  while (!histories_.empty() && histories_.front().first <= now_ms) {
    const auto [due_ms, uri] = std::move(histories_.front());
    histories_.pop_front();
    auto* e = find(uri);
    if (!e || !e->watched || e->watched->history_due_ms != due_ms) continue;
    auto& w = *e->watched;
    w.history_due_ms = 0;
    if (!w.history) continue;
    w.history->expire(now_ms);
    if (w.links.empty() && w.history_until_ms <= now_ms) {
      w.history.reset();
      if (w.nobody()) e->watched.reset();
      drop_if_idle(*e);
    } else if (w.links.empty() || !w.history->empty()) {
      list_history(*e, now_ms);
    }
  }
}

void shard::forget_texts() noexcept {
  snapshots_.clear();
  merged_.clear();
}

}  // namespace twinlane
