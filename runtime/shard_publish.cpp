#include <algorithm>

#include <twinlane/runtime/detail/call_out.hpp>
#include <twinlane/runtime/detail/cut.hpp>
#include <twinlane/runtime/detail/shard_rows.hpp>
#include <twinlane/runtime/log.hpp>
#include <twinlane/runtime/shard.hpp>

namespace twinlane {
namespace {

using detail::call_out;

}  // namespace

// The turn has ended well; what throws from here on would be a fault of ours, so texts are made before anything leaves.
void shard::publish(cut& c, entity& e, turn& t, bool changed, bool born, std::span<const work> works) {
  const auto from = e.rev;
  const bool wanted = host_.wants_deltas();
  const auto at = c.patches.size();
  if (changed && wanted) t.encode_patch(c.patches, ~std::uint64_t{0});
  if (born) {
    e.birth = host_.next_birth();
    e.rev = changed ? 1 : 0;
  } else {
    e.rev += changed ? 1 : 0;
  }
  if (keeps_) save(e, t, born);
  if (changed && wanted) c.deltas.push_back({&e, born ? 0 : from, e.rev, at, c.patches.size() - at});
  std::shared_ptr<record_batch> cause;
  unsigned hops = 0;
  const bool tells = e.watched || !t.joins.empty() || !t.messages.empty();
  for (const auto& w : tells ? works : works.first(0)) {
    if (const auto* b = std::get_if<std::shared_ptr<record_batch>>(w.from))
      cause = *b;
    else if (const auto* m = message<mail>(*w.from))
      hops = std::max(hops, m->hops), cause = m->cause;
    else if (const auto* u = message<join_update>(*w.from))
      hops = std::max(hops, u->said->hops), cause = u->said->causes.empty() ? nullptr : u->said->causes.back();
  }
  if (e.watched) {
    if (born) {
      send_snapshots(e);
      send_life(e, "started", "first message");
      note_changes(c, e, ~std::uint64_t{0}, cause, hops);
    } else if (changed) {
      send_diffs(c, e, t);
      note_changes(c, e, t.changed(), cause, hops);
    }
    if (!t.events.empty()) send_events(e, t);
  }
  if (!t.joins.empty() || !t.messages.empty() || !t.emissions.empty()) send_effects(c, e, t, cause, hops);
  settle_answers(c, e);
  if (e.type->keeps_time()) reschedule(e, due_of(e));
}

// The turn of these answers has ended: they carry its rev, and are kept for requests that come again.
void shard::settle_answers(cut& c, const entity& e) {
  for (auto a = c.answers.rbegin(); a != c.answers.rend() && a->of == &e; ++a) {
    a->of = nullptr;
    const bool fine = ok(a->result);
    if (fine) {
      auto& r = std::get<command_result>(a->result);
      r.rev = e.rev;
      r.lineage = lineage(e);
      c.sync = durability::now;
    }
    if (!a->command.empty())
      host_.did_run_command(*e.type, a->command, fine ? "ok" : code_of(std::get<error>(a->result).code));
    if (a->key.empty() || (!fine && !e.self)) continue;  // refused before it was born, it will be again
    keep_answer(*a, c.now_ms);
  }
}

void shard::keep_answer(const pending_answer& a, std::int64_t now_ms) {
  if (!answers_) answers_ = std::make_unique<idempotency>();
  const idempotency::kept k{a.request_hash, now_ms, a.result};
  if (keeps_) save_answer(a.key, k);
  answers_->keep(a.key, k, options_.answers_max, [this](const std::string& dropped) {
    if (keeps_) rows_.remove(owner_, detail::answer_lane, dropped);
  });
}

void shard::send_diffs(const cut& c, entity& e, const turn& t) {
  struct view_text {
    std::uint64_t lanes;
    shared_text tail;
    std::size_t patch_at;
  };
  // Timers and what agents send by themselves have not come from outside: their way begins here.
  const auto arrived = c.arrived == steady_time{} ? std::chrono::steady_clock::now() : c.arrived;
  std::vector<view_text> texts;  // one a distinct view: encoded once, shared by its links
  for (auto& l : e.watched->links) {
    const auto lanes = t.changed() & l.lanes;
    if (!lanes) continue;
    auto it = std::find_if(texts.begin(), texts.end(), [&](const auto& v) { return v.lanes == lanes; });
    if (it == texts.end()) {
      std::string tail = "\"rev\":" + std::to_string(e.rev) + ",\"patch\":";
      const auto patch_at = tail.size();
      t.encode_patch(tail, lanes);
      tail += '}';
      it = texts.insert(it, {lanes, std::make_shared<const std::string>(std::move(tail)), patch_at});
    }
    call_out([&] { l.to->on_diff(l.tag, {l.rev, e.rev, it->tail, it->patch_at, arrived}); });
    l.rev = e.rev;
  }
}

void shard::send_events(const entity& e, const turn& t) {
  for (const auto& event : t.events) {
    supply_event said{e.rev, nullptr, 0};
    for (const auto& l : e.watched->links) {
      if (!(l.lanes >> event.lane & 1)) continue;
      if (!said.tail) {
        std::string tail = "\"lane\":";
        append_json_string(tail, e.type->lanes()[event.lane].name);
        tail += ",\"value\":";
        said.value_at = tail.size();
        said.tail = std::make_shared<const std::string>(tail += event.value);
      }
      call_out([&] { l.to->on_event(l.tag, said); });
    }
  }
}

void shard::send_snapshots(entity& e, const std::function<bool(const link&)>& wanted) {
  const auto of = e.self ? lineage(e) : std::string();
  std::erase_if(e.watched->links, [&](link& l) { return (!wanted || wanted(l)) && !send_snapshot(e, of, l); });
}

// False when the state is too large to be sent: the subscription ends then.
bool shard::send_snapshot(const entity& e, const std::string& of, link& l) {
  const auto s = make_snapshot(e, of, l.lanes);
  if (s.tail->size() > options_.document_bytes_max) {
    call_out([&] { l.to->on_done(l.tag, "error"); });
    return false;
  }
  l.rev = s.rev;
  call_out([&] { l.to->on_snapshot(l.tag, s); });
  return true;
}

void shard::send_life(entity& e, std::string_view event, std::string_view cause) {
  if (!e.watched) return;
  for (const auto& l : e.watched->links)
    if (l.life) call_out([&] { l.to->on_life(l.tag, {event, host_.now_ms(), std::string(cause)}); });
}

// What agents have caused one another too many times over goes no further.
void shard::bury_endless(cut& c, const std::string& from, std::string to, std::string key, std::string value,
                         const std::shared_ptr<record_batch>& cause) {
  dead_letter letter;
  letter.source = "(agents)";
  letter.topic = std::move(to);
  letter.offset = static_cast<std::int64_t>(host_.next_birth());
  letter.reason = dead_reason::handler_failed;
  letter.detail = "message from " + from + ": agents have caused one another " + std::to_string(hops_max) +
                  " times over, which looks endless";
  letter.key = std::move(key);
  letter.value = std::move(value);
  letter.at_ms = c.now_ms;
  c.dead.hold(std::move(letter), cause ? cause->window : nullptr);
}

// As many items wait for the sink as may.
void shard::bury_item(cut& c, const entity& e, sink_effect& s) {
  dead_letter letter;
  letter.source = "(sink " + s.sink + ')';
  letter.topic = e.uri;
  letter.offset = static_cast<std::int64_t>(host_.next_birth());
  letter.reason = dead_reason::sink_full;
  letter.detail = e.uri + ": as many items wait for sink '" + s.sink + "' as may";
  letter.key = std::move(s.key);
  letter.value = std::move(s.value);
  letter.at_ms = c.now_ms;
  c.dead.hold(std::move(letter), nullptr);
}

void shard::send_effects(cut& c, entity& e, turn& t, const std::shared_ptr<record_batch>& cause, unsigned hops) {
  for (auto& j : t.joins)
    c.follows.push_back({std::move(j.uri), std::move(j.from_lane), e.uri, j.lane, std::move(j.key), j.leave, {}});
  for (auto& m : t.messages) {
    if (hops >= hops_max) {
      bury_endless(c, e.uri, m.uri + '/' + m.lane, std::move(m.key), std::move(m.value), cause);
      continue;
    }
    c.mails.push_back(
        {std::move(m.uri), std::move(m.lane), std::move(m.key), std::move(m.value), cause, hops + 1, {}, m.event_ms});
  }
  for (auto& s : t.emissions) {
    auto* to = host_.sink_of(s.sink);
    if (!to)
      host_.did_lose_item(s.sink, "no sink has that name");
    else if (to->is_over_bound())
      bury_item(c, e, s);
    else
      c.emissions.push_back({to, {{}, e.uri, std::move(s.key), std::move(s.value), c.now_ms}, {}});
  }
}

// Who follows no lane, but perhaps the agent's life, brings it not into memory.
void shard::subscribe(const std::string& uri, const agent_type& type, link l) {
  auto& e = find_or_watch(uri, type);
  if (l.lanes != 0) load(e);
  if (!e.watched) e.watched = std::make_unique<watchers>();
  try {
    if (send_snapshot(e, is_stored(e) ? lineage(e) : std::string(), l)) e.watched->links.push_back(std::move(l));
  } catch (const std::exception& x) {
    log_limited(log_level::error, "unreadable " + type.name(), uri + ": its stored rows cannot be read: " + x.what());
    call_out([&] { l.to->on_done(l.tag, "error"); });
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
  if (links.empty() && e->watched->followers.empty()) e->watched.reset();
  call_out([&] { gone.to->on_done(gone.tag, "unsubscribed"); });
  drop_if_idle(*e);
}

void shard::remove(const std::string& uri, const std::optional<std::string>& if_match, answer<std::monostate> a) {
  auto* e = find_agent(uri);
  if (ended_) return a(error{problem::not_ready, "the server is stopping"});
  // Who cannot be read can be removed.
  if (!e || (!e->self && e->unreadable.empty())) return a(*absence(e, uri));
  const auto at = e->self ? etag_of(lineage(*e), e->rev) : std::string();
  if (if_match && *if_match != "*" && *if_match != at) return a(error{problem::rev_mismatch, uri + " is at " + at});
  try {
    if (keeps_) forget(uri);
  } catch (const std::exception& x) {
    return a(error{problem::not_ready, uri + ": its stored rows cannot be read: " + x.what()});
  }
  cut c;
  c.now_ms = host_.now_ms();
  c.sync = durability::now;
  c.removed = std::move(a);
  if (e->self) {
    std::vector<join_effect> joins;
    for (std::size_t i = 0; i < e->self->lane_count(); ++i) e->self->lane_at(i).collect_joins(joins);
    for (auto& j : joins)
      c.follows.push_back({std::move(j.uri), std::move(j.from_lane), uri, j.lane, std::move(j.key), true, {}});
    stop_agent(*e);
    did_go(*e);
  }
  e->looked_up = true;
  set_unreadable(*e, {});
  e->rev = 0;
  reschedule(*e, lane_base::never);
  save_due(*e);  // it may have slept until it was read
  if (e->watched) {
    send_life(*e, "deleted", "request");
    send_snapshots(*e);
    note_changes(c, *e, ~std::uint64_t{0}, nullptr, 0);
  }
  drop_if_idle(*e);
  finish_cut(c);
}

void shard::stop_agent(entity& e) noexcept {
  std::string what = "something that is no std::exception";
  try {
    return turn::stop(*e.self);
  } catch (const std::exception& x) {
    what = x.what();
  } catch (...) {}
  log_limited(log_level::error, "did_stop " + e.type->name(), e.uri + ": did_stop threw: " + what);
}

void shard::stop_agents() {
  for (const auto& e : entities_) {
    if (!e->self) continue;
    send_life(*e, "stopped", "shutdown");
    if (keeps_) drop_transient(*e);
    stop_agent(*e);
  }
  commit_rows();
}

}  // namespace twinlane
