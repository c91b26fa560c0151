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
      begin_history(e);
      send_snapshots(e);
      send_life(e, "started", "first message");
      note_changes(c, e, ~std::uint64_t{0}, cause, hops);
    } else if (changed) {
      if (e.watched->history) note_paths(e, t, c.now_ms);
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

void shard::remove(const std::string& uri, const std::optional<std::string>& if_match, answer<std::monostate> a) {
  auto* e = find_agent(uri);
  if (ended_) return a(error{problem::not_ready, "the server is stopping"});
  // Who cannot be read can be removed.
  if (!e || (!e->self && e->unreadable.empty())) return a(*absence(e, uri));
  const auto at = e->self ? etag_of(lineage(*e), e->rev) : std::string();
  const bool matches =
      !if_match || *if_match == "*" || (e->self ? is_etag_of(*if_match, lineage(*e), e->rev) : *if_match == at);
  if (!matches) return a(error{problem::rev_mismatch, uri + " is at " + at});
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
    e->watched->history.reset();
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
