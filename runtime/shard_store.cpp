#include <algorithm>
#include <functional>
#include <thread>

#include <twinlane/agents/turn.hpp>
#include <twinlane/lanes/detail/row_text.hpp>
#include <twinlane/runtime/detail/cut.hpp>
#include <twinlane/runtime/detail/shard_rows.hpp>
#include <twinlane/runtime/log.hpp>
#include <twinlane/runtime/shard.hpp>

// What a shard keeps in the store, and how agents leave memory and come back.
namespace twinlane {
namespace {

using namespace detail;

/// Puts the rows of one agent into a batch.
class agent_rows final : public row_sink {
 public:
  agent_rows(row_batch& to, std::string_view uri) : to_(to), uri_(uri) {}
  void put(std::string_view lane, std::string_view key, std::string_view value) override {
    to_.put(uri_, lane, key, value);
  }
  void remove(std::string_view lane, std::string_view key) override { to_.remove(uri_, lane, key); }

 private:
  row_batch& to_;
  std::string_view uri_;
};

}  // namespace

std::string partition_key(const source_partition& p) {
  return p.source() + separator + p.topic() + separator + std::to_string(p.partition());
}

// What the shard had kept when it was last in memory; before its first cut. False when it cannot be read: the shard
// takes nothing until it can.
bool shard::open_rows() {
  try {
    if (keeps_) read_rows();
    return opened_ = true;
  } catch (const std::exception& x) {
    log_limited(log_level::error, "shard " + *name_,
                "shard " + *name_ + " waits, for what is stored of it cannot be read: " + x.what());
  }
  watermarks_.clear();
  sleepers_.clear();
  entities_.clear();
  rows_.clear();
  answers_.reset();
  requests_.reset();
  const auto name = outbox_->name;
  *outbox_ = {};
  outbox_->name = name;
  constexpr std::int64_t again_ms = 1'000;
  next_due_ms_.store(host_.now_ms() + again_ms, std::memory_order_relaxed);
  return false;
}

void shard::read_rows() {
  std::vector<std::pair<std::uint64_t, std::string>> items;
  std::vector<std::string> owed;
  host_.storage().read(owner_, [&](const store_row& r) {
    if (r.lane == mark_lane) {
      const auto next = number_in<std::int64_t>(r.value);
      watermarks_.push_back({host_.partition_of(r.key), next, next});
    } else if (r.lane == due_lane) {
      sleepers_.emplace_back(number_in<std::int64_t>(r.value), r.key);
    } else if (r.lane == answer_lane) {
      load_answer(r);
    } else if (r.lane == request_lane) {
      load_request(r);
    } else if (r.lane == sender_lane) {
      outbox_->sender(std::string(r.key)).next = number_in<std::uint64_t>(r.value);
    } else if (r.lane == number_lane) {
      outbox_->next = number_in<std::uint64_t>(r.value);
    } else if (r.lane == out_lane) {
      items.emplace_back(number_in<std::uint64_t>(r.key), r.value);
    } else if (r.lane == owed_lane) {
      owed.emplace_back(r.key);
    }
  });
  if (answers_) answers_->sort();
  if (requests_) requests_->sort();
  std::sort(sleepers_.begin(), sleepers_.end(), std::greater<>());
  outbox_->listed = !sleepers_.empty() || !items.empty() || !owed.empty();
  resume(items, owed);
  note_next_due();
}

// The agent that the store holds, if it holds one.
void shard::load(entity& e) {
  if (!keeps_ || e.self || e.looked_up) return;
  e.looked_up = true;
  constexpr int tries_max = 100;
  for (int tries = 1;; ++tries) {
    try {
      set_unreadable(e, read_agent(e));
      break;
    } catch (const store_damage& x) {
      set_unreadable(e, x.what());
      break;
    } catch (const std::exception& x) {
      // No memory, no file handles, a disk that does not answer: as a rule it passes, and no message must go before.
      if (tries < tries_max) {
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
        continue;
      }
      set_unreadable(e, x.what());
      e.looked_up = false;  // the next touch tries again
      break;
    }
  }
  if (!e.unreadable.empty()) {
    log_limited(log_level::error, "unreadable " + e.type->name(),
                e.uri + ": its stored rows cannot be read, and it takes no messages: " + e.unreadable);
    return;
  }
  if (!e.self) return;
  if (loader_.migrated()) save_migrated(e);
  e.starts = true;
  did_come(e);
  host_.did_activate();
  send_life(e, "activated", "message");
  if (!e.watched) return;
  // What a transient lane held has gone, and no turn has told of it.
  if (auto* h = e.watched->history.get(); h && h->last() != e.rev) h->restart(e.rev);
  send_snapshots(e, [&](const link& l) { return l.sees->lanes != 0 && l.known != e.rev; });
}

// What is wrong with its rows, or nothing. Followers who are there stay: rows of theirs may be in this cut.
std::string shard::read_agent(entity& e) {
  std::unique_ptr<agent> found;
  decode_status bad;
  host_.storage().read(e.uri, [&](const store_row& r) {
    if (r.lane == follower_lane) return load_follower(e, r);
    if (!found) {
      found = e.type->make(e.uri);
      loader_.begin(*found);
    }
    if (auto s = loader_.add(r.lane, r.key, r.value); !s && bad) bad = std::move(s);
  });
  if (!found) return {};
  if (auto s = loader_.finish(); !s && bad) bad = std::move(s);
  if (!bad) return bad.detail.empty() ? "they do not fit" : bad.detail;
  e.birth = loader_.birth();
  e.rev = loader_.rev();
  e.self = std::move(found);
  return {};
}

// Does it exist? Asked without bringing it into memory; birth and rev are known then. Throws as the store does.
bool shard::is_stored(entity& e) {
  if (e.self || !keeps_ || e.looked_up) return e.self != nullptr;
  bool found = false;
  host_.storage().read(e.uri, [&](const store_row& r) {
    agent_header header;
    if (!r.lane.empty() || !r.key.empty() || !header.parse(r.value)) return;
    e.birth = header.birth;
    e.rev = header.rev;
    found = true;
  });
  return found;
}

void shard::set_unreadable(entity& e, std::string why) {
  if (why.empty() != e.unreadable.empty()) host_.did_change_unreadable(*e.type, why.empty() ? -1 : +1);
  e.unreadable = std::move(why);
}

// What an older version of the type has written is replaced before anything else is done with the agent, all at once
// and apart from the cut. After a crash before that it is migrated again.
void shard::save_migrated(entity& e) {
  auto of_cut = std::exchange(rows_, {});
  agent_rows to(rows_, e.uri);
  loader_.save_migrated(to);
  scratch_.clear();
  append_header(scratch_, *e.self, e.birth, e.rev);
  rows_.put(e.uri, "", "", scratch_);
  reschedule(e, due_of(e));
  host_.storage().commit(std::exchange(rows_, std::move(of_cut)), durability::soon, nullptr);
}

entity* shard::find_agent(std::string_view uri) {
  auto* e = find(uri);
  if (!keeps_ || (e && e->self)) return e;
  const auto* type = e ? e->type : host_.type_of(uri);
  if (!type) return nullptr;
  if (!e) e = &find_or_watch(uri, *type);
  load(*e);
  e->used_ms = host_.now_ms();
  const bool nobody = e->idle();
  drop_if_idle(*e);
  return nobody ? nullptr : e;
}

void shard::did_come(entity& e) {
  ++active_;
  e.used_ms = host_.now_ms();
  host_.did_change_agents(*e.type, +1);
}

void shard::did_go(entity& e) {
  --active_;
  e.self.reset();
  e.looked_up = e.starts = false;
  host_.did_change_agents(*e.type, -1);
}

// A turn that has ended well: its rows and the header go with the cut.
void shard::save(entity& e, turn& t, bool born) {
  if (!born && !t.wrote()) return;
  agent_rows to(rows_, e.uri);
  t.save(to);
  scratch_.clear();
  append_header(scratch_, *e.self, e.birth, e.rev);
  rows_.put(e.uri, "", "", scratch_);
}

void shard::save_marks() {
  for (auto& m : watermarks_) {
    if (m.next == m.saved) continue;
    rows_.put(owner_, mark_lane, partition_key(*m.of), std::to_string(m.next));
    m.saved = m.next;
  }
}

void shard::save_due(const entity& e) {
  if (!keeps_) return;
  if (e.due_ms == lane_base::never)
    rows_.remove(owner_, due_lane, e.uri);
  else
    rows_.put(owner_, due_lane, e.uri, std::to_string(e.due_ms));
}

void shard::save_follower(const follow_request& f) {
  const auto* by = host_.type_of(f.by_uri);
  if (!keeps_ || !by) return;
  const auto key = follower_key(f.by_uri, by->lanes()[f.by_lane].name, f.key);
  if (f.leave)
    rows_.remove(f.uri, follower_lane, key);
  else
    rows_.put(f.uri, follower_lane, key, f.lane);
}

void shard::load_follower(entity& e, const store_row& r) {
  const auto first = r.key.find(separator), second = r.key.find(separator, first + 1);
  if (second == std::string_view::npos) return;
  const auto* by = host_.type_of(r.key.substr(0, first));
  const int by_lane = by ? by->lane_index(r.key.substr(first + 1, second - first - 1)) : -1;
  const int from = e.type->lane_index(r.value);
  if (by_lane < 0 || from < 0) return;  // one of the lanes is gone
  if (!e.watched) e.watched = std::make_unique<watchers>();
  e.watched->followers[static_cast<unsigned>(from)].add(
      {host_.place_of(r.key.substr(0, first)), static_cast<unsigned>(by_lane), std::string(r.key.substr(0, first)),
       std::string(r.key.substr(second + 1))});
}

// `time hash code`, then rev, lineage and result, or what was wrong.
void shard::save_answer(const std::string& key, const idempotency::kept& k) {
  scratch_.clear();
  append_number(scratch_, k.at_ms);
  append_number(scratch_, k.request_hash);
  if (const auto* e = std::get_if<error>(&k.result)) {
    append_number(scratch_, static_cast<int>(e->code));
    append_counted(scratch_, e->detail);
  } else {
    const auto& r = std::get<command_result>(k.result);
    append_number(scratch_, -1);
    append_number(scratch_, r.rev);
    append_counted(scratch_, r.lineage);
    append_counted(scratch_, r.result);
  }
  rows_.put(owner_, answer_lane, key, scratch_);
}

void shard::load_answer(const store_row& r) {
  auto text = r.value;
  idempotency::kept k{};
  int code = 0;
  std::string_view lineage, detail;
  bool fine = take_number(text, k.at_ms) && take_number(text, k.request_hash) && take_number(text, code);
  if (fine && code >= 0) {
    fine = take_counted(text, detail);
    k.result = error{static_cast<problem>(code), std::string(detail)};
  } else if (fine) {
    command_result result;
    fine = take_number(text, result.rev) && take_counted(text, lineage) && take_counted(text, detail);
    result.lineage = lineage;
    result.result = detail;
    k.result = std::move(result);
  }
  if (!fine || k.at_ms + idempotency::keep_ms < host_.now_ms()) return rows_.remove(owner_, answer_lane, r.key);
  if (!answers_) answers_ = std::make_unique<idempotency>();
  answers_->restore(std::string(r.key), std::move(k));
}

void shard::save_requests(const cut& c) {
  for (const auto& key : c.requests) {
    const auto* known = requests_->find(key, c.now_ms);
    if (!known) continue;  // too many came at once
    scratch_.clear();
    append_number(scratch_, known->at_ms);
    append_integer(scratch_, known->next);
    rows_.put(owner_, request_lane, key, scratch_);
  }
}

void shard::load_request(const store_row& r) {
  auto text = r.value;
  taken_request k;
  if (!take_number(text, k.at_ms) || !take_integer(text, k.next) || ingest_requests::is_over(k, host_.now_ms()))
    return rows_.remove(owner_, request_lane, r.key);
  if (!requests_) requests_ = std::make_unique<ingest_requests>();
  requests_->restore(std::string(r.key), k);
}

// Removes an agent's rows; who follows it stays, for another may be born under its URI.
void shard::forget(const std::string& uri) {
  host_.storage().read(uri, [&](const store_row& r) {
    if (r.lane != follower_lane) rows_.remove(uri, r.lane, r.key);
  });
}

// Agents leave memory when they have been idle, or when there are more than may be: those used longest ago first, and
// among equals those that nobody watches.
void shard::passivate(std::int64_t now_ms) {
  const bool over = options_.active_max != 0 && active_ > options_.active_max;
  if (!keeps_ || active_ == 0 || (!over && now_ms < next_sweep_ms_)) return;
  next_sweep_ms_ = options_.idle_ms == 0 ? lane_base::never : now_ms + std::max<std::int64_t>(options_.idle_ms / 4, 1);
  std::vector<entity*> leave;
  std::vector<std::pair<std::pair<std::int64_t, bool>, entity*>> others;
  for (const auto& e : entities_) {
    if (!e->self || e->cut_first != 0 || (e->watched && e->watched->waits())) continue;
    if (options_.idle_ms != 0 && e->used_ms + options_.idle_ms <= now_ms)
      leave.push_back(e.get());
    else if (over)
      others.push_back({{e->used_ms, e->watched && !e->watched->links.empty()}, e.get()});
  }
  const auto stay = options_.active_max - options_.active_max / 10;
  if (over && active_ - leave.size() > stay) {
    const auto more = std::min(active_ - leave.size() - stay, others.size());
    std::nth_element(others.begin(), others.begin() + static_cast<std::ptrdiff_t>(more), others.end());
    for (std::size_t i = 0; i < more; ++i) leave.push_back(others[i].second);
  }
  for (auto* e : leave) passivate(*e);
  commit_rows();
}

// What transient lanes hold goes with the agent: a change of its document, and the store must know that it was one.
void shard::drop_transient(const entity& e) {
  const auto& lanes = e.type->lanes();
  for (std::size_t i = 0; i < lanes.size(); ++i) {
    if (!lanes[i].is_transient || !in_document(lanes[i].kind) || !e.self->lane_at(i).present()) continue;
    scratch_.clear();
    e.self->lane_at(i).encode_value(scratch_);
    if (scratch_ == "{}") continue;
    scratch_.clear();
    append_header(scratch_, *e.self, e.birth, e.rev + 1);
    rows_.put(e.uri, "", "", scratch_);
    return;
  }
}

void shard::commit_rows() {
  if (!rows_.empty()) host_.storage().commit(std::exchange(rows_, {}), durability::soon, nullptr);
}

void shard::passivate(entity& e) {
  drop_transient(e);
  stop_agent(e);
  send_life(e, "passivated", "idle");
  host_.did_passivate();
  did_go(e);
  if (e.watched) e.watched->followers.clear();  // their rows bring them back
  drop_if_idle(e);
}

}  // namespace twinlane
