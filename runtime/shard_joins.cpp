#include <twinlane/runtime/detail/cut.hpp>
#include <twinlane/runtime/log.hpp>
#include <twinlane/runtime/shard.hpp>

// Joins: who follows which lane, and how what it says reaches all of them, some at a time.
namespace twinlane {

// The joins that an update goes to become messages of the cut; false when it is full.
bool shard::add_update(cut& c, item& i, const join_update& u) {
  const auto& said = *u.said;
  for (auto n = first_record_; n < u.to.size(); ++n) {
    if (c.works.size() >= options_.cut_records) {
      first_record_ = n;
      return false;
    }
    const auto& uri = u.to[n].uri;
    auto* e = find_agent(uri);
    if (e && e->self)
      add_work(c, uri, *e->type, {&i, n});
    else if (e && !e->unreadable.empty() && said.in)
      said.in->untold = true;  // it is told at the next start; who is not there was deleted
  }
  first_record_ = 0;
  if (said.in) c.parcels.push_back(said.in);
  c.causes.insert(c.causes.end(), said.causes.begin(), said.causes.end());
  return true;
}

void shard::follow(cut& c, const follow_request& f) {
  const auto* type = host_.type_of(f.uri);
  const int index = type ? type->lane_index(f.lane) : -1;
  if (index < 0) {
    log_limited(log_level::warn, "follow " + f.lane,
                f.by_uri + " joins lane '" + f.lane + "' of " + f.uri + ", which no agent type has");
    return;
  }
  const auto lane = static_cast<unsigned>(index);
  auto& e = find_or_watch(f.uri, *type);
  load(e);
  if (keeps_) save_follower(f);
  const follower by{host_.place_of(f.by_uri), f.by_lane, f.by_uri, f.key};
  if (e.watched)
    for (auto& [from, all] : e.watched->followers) all.remove(by);
  if (f.leave) return drop_followers(e);
  if (!e.watched) e.watched = std::make_unique<watchers>();
  const bool alone = e.watched->followers[lane].add(by);
  if (!e.unreadable.empty()) return owe(f.uri);  // what it says is not known now
  if (!alone) return;
  auto& said = c.said_to_new[{f.uri, lane}];
  if (!said) {
    said = announce(e, lane);
    said->hops = 1;
  }
  c.updates.push_back({said, {{f.by_uri, f.by_lane, f.key}}});
}

void shard::drop_followers(entity& e) {
  if (e.watched)
    std::erase_if(e.watched->followers, [](const auto& f) { return f.second.size() == 0 && !f.second.waits; });
  drop_if_idle(e);
}

// They are told at the cut's end, once for all its turns.
void shard::note_changes(cut& c, entity& e, std::uint64_t lanes, const std::shared_ptr<record_batch>& cause,
                         unsigned hops) {
  for (const auto& [lane, all] : e.watched->followers) {
    if (!(lanes >> lane & 1) || all.size() == 0) continue;
    if (hops >= hops_max)
      bury_endless(c, e.uri, e.uri + '/' + e.type->lanes()[lane].name, {}, {}, cause);
    else
      c.changes.push_back({&e, lane, cause, hops});
  }
}

void shard::tell_changes(cut& c) {
  for (const auto& ch : c.changes) ch.of->watched->followers.at(ch.lane).note_change(ch.cause, ch.hops);
  for (const auto& ch : c.changes) tell_next(c, *ch.of, ch.lane, ch.of->watched->followers.at(ch.lane));
}

// The next followers, unless the last ones are still to hear what they were told: nobody has two updates waiting, and
// a shard that is slow is not told more.
void shard::tell_next(cut& c, const entity& e, unsigned lane, lane_followers& to) {
  if (!to.is_telling()) return;
  auto said = to.said.lock();
  if (!said) {
    to.said = said = announce(e, lane);
    to.append_causes(said->causes);
    said->hops = to.hops() + 1;
    auto place = own_place;
    to.tell_next(options_.fan_out_step, [&](const follower& f) {
      if (f.place == own_place || f.place != place) c.updates.push_back({said, {}});
      place = f.place;
      c.updates.back().to.push_back({f.uri, f.lane, f.key});
    });
    if (!to.is_telling()) return;
  }
  to.waits = said->awaited = true;
  if (keeps_ && !std::exchange(to.owed, true)) owe(e.uri);
}

std::shared_ptr<announcement> shard::announce(const entity& e, unsigned lane) {
  auto said = std::make_shared<announcement>(host_, fan_out_step{name_, e.uri, lane});
  if (!e.self) return said;
  said->at = {lineage(e), e.rev};
  said->present = e.self->lane_at(lane).present();
  if (!said->present) return said;
  e.self->lane_at(lane).encode_value(said->text);
  said->size = said->text.size();
  said->text.append(record_batch::padding, '\0');
  return said;
}

// A cut of its own.
void shard::run_step(cut& c) {
  const auto s = std::move(steps_.front());
  steps_.pop_front();
  c.now_ms = host_.now_ms();
  tell_step(c, s);
  finish_cut(c);
  c.clear();
}

void shard::tell_step(cut& c, const fan_out_step& s) {
  auto* e = find(s.uri);
  if (!e || !e->watched) return;
  const auto at = e->watched->followers.find(s.lane);
  if (at == e->watched->followers.end()) return;
  auto& to = at->second;
  to.waits = false;
  tell_next(c, *e, s.lane, to);
  if (to.waits) return;
  if (std::exchange(to.owed, false)) owe_no_more(e->uri);
  drop_followers(*e);
}

// After a start, all lanes of an agent whose followers may not have heard of it.
void shard::tell_again(cut& c, const std::string& uri) {
  outbox_->owed[uri] = 1;
  const auto first = c.updates.size();
  if (const auto* type = host_.type_of(uri)) {
    auto& e = find_or_watch(uri, *type);
    load(e);
    if (!e.unreadable.empty()) return;  // and stays owed
    if (e.watched)
      for (auto& [lane, all] : e.watched->followers) {
        all.note_change(nullptr, 0);
        tell_next(c, e, lane, all);
      }
    drop_if_idle(e);
  }
  const auto p = std::make_shared<parcel>(host_, outbox_->name);
  ++outbox_->travelling;
  p->owed.push_back(uri);
  p->add(1 + c.updates.size() - first);
  for (auto i = first; i < c.updates.size(); ++i) c.updates[i].said->in = p;
  p->arrived();
}

}  // namespace twinlane
