#include <twinlane/runtime/shard.hpp>

#include <algorithm>
#include <iterator>

#include <twinlane/runtime/detail/call_out.hpp>
#include <twinlane/runtime/detail/cut.hpp>
#include <twinlane/runtime/detail/shard_rows.hpp>
#include <twinlane/runtime/detail/shard_thread.hpp>
#include <twinlane/runtime/log.hpp>

namespace twinlane {

using detail::call_out;

/// Holds what waits for a cut to be durable.
class shard::waiter final : public commit_waiter {
 public:
  waiter(cut& c, shard& from)
      : from_(from),
        batches_(std::exchange(c.batches, {})),
        causes_(std::exchange(c.causes, {})),
        answers_(std::exchange(c.answers, {})),
        parcels_(std::exchange(c.parcels, {})),
        emissions_(from.outbox_ ? std::exchange(c.emissions, {}) : std::vector<emission>()),
        removed_(std::exchange(c.removed, nullptr)) {}
  ~waiter() override {
    const error lost{problem::not_ready, "the server stopped before this was durable"};
    for (auto& a : answers_) call_out([&] { a.reply_to(lost); });
    if (removed_) call_out([&] { removed_(lost); });
  }
  // On whatever thread of the store's: it writes nothing meanwhile.
  void durable() noexcept override {
    const detail::shard_work work;
    for (auto& a : answers_) call_out([&] { a.reply_to(std::move(a.result)); });
    answers_.clear();
    if (const auto done = std::exchange(removed_, nullptr)) call_out([&] { done(std::monostate{}); });
    if (!emissions_.empty()) from_.order_offers(std::exchange(emissions_, {}));
    for (const auto& p : parcels_) p->arrived();
    parcels_.clear();
    batches_.clear();
    causes_.clear();
  }

 private:
  shard& from_;
  std::vector<std::shared_ptr<record_batch>> batches_, causes_;
  std::vector<pending_answer> answers_;
  std::vector<std::shared_ptr<parcel>> parcels_;
  std::vector<emission> emissions_;
  answer<std::monostate> removed_;
};

shard::shard(std::string name, shard_host& host, const shard_options& options)
    : host_(host),
      options_(options),
      keeps_(host.storage().keeps_rows()),
      name_(std::make_shared<const std::string>(std::move(name))),
      owner_('#' + *name_),
      outbox_(keeps_ ? std::make_unique<detail::outbox>() : nullptr) {
  if (outbox_) outbox_->name = name_;
}

shard::~shard() = default;

bool shard::push(item i, bool bounded) {
  std::lock_guard lock(mutex_);
  if (!runner_ || (bounded && inbox_.size() >= options_.inbox_messages_max)) return false;
  inbox_.push_back(std::move(i));
  wake();
  return true;
}

// Under the lock, so that the runner cannot go in between.
void shard::wake() {
  if (std::exchange(scheduled_, true)) return;
  ++wakes_;
  runner_->wake();
}

void shard::set_runner(std::unique_ptr<shard_runner> r) {
  std::lock_guard lock(mutex_);
  runner_.swap(r);
}

void shard::enqueue(std::shared_ptr<record_batch> b) { push(std::move(b), false); }
void shard::enqueue(mail m) { push(std::make_unique<mail>(std::move(m)), false); }
void shard::enqueue(join_update u) { push(std::make_unique<join_update>(std::move(u)), false); }
void shard::enqueue(follow_request f) { push(std::make_unique<follow_request>(std::move(f)), false); }
void shard::enqueue(fan_out_step s) { push(std::make_unique<fan_out_step>(std::move(s)), false); }
void shard::enqueue(std::shared_ptr<parcel> p) { push(std::move(p), false); }
bool shard::request(command_request r, answer<command_result> a) {
  return push(std::make_unique<command_item>(command_item{std::move(r), std::move(a)}), true);
}
bool shard::request(write_request r, answer<command_result> a) {
  return push(std::make_unique<command_item>(command_item{std::move(r), std::move(a)}), true);
}
bool shard::request(control c) { return push(std::move(c), true); }
void shard::order(control c) { push(std::move(c), false); }

void shard::abandon() {
  ended_ = true;
  std::vector<item> rest(std::make_move_iterator(pending_.begin() + static_cast<std::ptrdiff_t>(pending_at_)),
                         std::make_move_iterator(pending_.end()));
  pending_.clear();
  pending_at_ = 0;
  {
    std::lock_guard lock(mutex_);
    std::move(inbox_.begin(), inbox_.end(), std::back_inserter(rest));
    inbox_.clear();
    scheduled_ = false;
  }
  for (auto& i : rest) {
    if (auto* q = message<command_item>(i))
      call_out([&] { q->reply_to(error{problem::not_ready, "the server is stopping"}); });
    else if (auto* c = std::get_if<control>(&i))
      call_out([&] { (*c)(*this); });
  }
}

// Where no store keeps them, marks that a partition has not caught up with are needed: its records may come again.
bool shard::retire() {
  std::unique_ptr<shard_runner> gone;
  std::lock_guard lock(mutex_);
  if (scheduled_ || !inbox_.empty() || !entities_.empty()) return false;
  if (!sleepers_.empty() || (outbox_ && outbox_->travelling != 0)) return false;
  if (!keeps_ && answers_ && !answers_->expire(host_.now_ms())) return false;
  for (const auto& m : watermarks_)
    if (!keeps_ && m.of->low_mark() < m.next) return false;
  gone = std::move(runner_);
  return true;
}

void shard::wake_if_due(std::int64_t now_ms) {
  if (next_due_ms_.load(std::memory_order_relaxed) > now_ms) return;
  std::lock_guard lock(mutex_);
  if (runner_) wake();
}

std::optional<std::uint64_t> shard::quiet() const {
  std::lock_guard lock(mutex_);
  return scheduled_ ? std::nullopt : std::optional(wakes_);
}

bool shard::run() {
  {
    std::lock_guard lock(mutex_);
    if (pending_at_ == pending_.size()) {
      pending_.clear();
      pending_at_ = 0;
      pending_.swap(inbox_);
    }
  }
  if (!opened_ && !open_rows()) {
    std::lock_guard lock(mutex_);
    return scheduled_ = false;
  }
  thread_local cut c;
  const auto start = std::chrono::steady_clock::now();
  const auto budget = std::chrono::milliseconds(options_.run_budget_ms);
  c.last = start;
  c.now_ms = host_.now_ms();
  const auto has_messages = [&] { return pending_at_ < pending_.size(); };
  // What is due can wait while the store takes nothing more, for nothing else bounds it.
  const bool fires = !is_due(c) || !host_.storage().trouble();
  // At least one cut of each kind: neither can use up the budget of the other each time.
  for (bool first = true; ((fires && is_due(c)) || has_messages()) && (first || c.last - start < budget);
       first = false) {
    if (fires && is_due(c)) run_due(c);
    if (has_messages()) run_cut(c);
    c.last = std::chrono::steady_clock::now();
  }
  // One a run, so that those who hear it and all others get the thread before the next.
  if (!steps_.empty()) run_step(c);
  return_turns();
  passivate(c.now_ms);
  expire_histories(c.now_ms);
  note_next_due();
  std::lock_guard lock(mutex_);
  scheduled_ = has_messages() || !inbox_.empty() || !steps_.empty() || (fires && is_due(c));
  if (!scheduled_) forget_texts();
  return scheduled_;
}

void shard::run_cut(cut& c) {
  c.now_ms = host_.now_ms();
  const auto from = pending_at_;
  make_cut(c);
  // Agents lie all over the memory: fetch the next ones while this one runs.
  constexpr std::size_t object_ahead = 6, entries_ahead = 3;
  const auto n = c.entities.size();
  for (std::size_t i = 0; i < n; ++i) {
    if (i + object_ahead < n && c.entities[i + object_ahead]->self) {
      const auto& e = *c.entities[i + object_ahead];
      e.type->prefetch_object(*e.self);
    }
    if (i + entries_ahead < n && c.entities[i + entries_ahead]->self) {
      const auto& e = *c.entities[i + entries_ahead];
      e.type->prefetch_entries(*e.self);
    }
    run_chain(c, *c.entities[i]);
  }
  finish_cut(c);
  for (auto* i : c.controls) call_out([&] { std::get<control> (*i)(*this); });
  // What the cut has used up goes now, so that windows and answers do not wait for the rest of the inbox.
  for (auto i = from; i < pending_at_; ++i) pending_[i] = control();
  c.clear();
}

// Takes records and messages in order of arrival, up to the bound, and chains them by entity. A control ends the cut,
// for it runs after what came before it and before what came after.
void shard::make_cut(cut& c) {
  while (pending_at_ < pending_.size() && c.works.size() + c.followers < options_.cut_records) {
    auto& i = pending_[pending_at_];
    if (!c.controls.empty() && !std::holds_alternative<control>(i)) return;
    if (std::holds_alternative<std::shared_ptr<record_batch>>(i)) {
      if (!add_batch(c, i, first_record_)) return;  // the rest is for the next cut
      first_record_ = 0;
    } else if (auto* m = message<mail>(i)) {
      const auto* type = is_new(c, m->sent) ? host_.type_of(m->uri) : nullptr;
      if (type) add_work(c, m->uri, *type, {&i});
      if (m->cause) c.causes.push_back(m->cause);
    } else if (auto* u = message<join_update>(i)) {
      if (!add_update(c, i, *u)) return;  // the rest is for the next cut
    } else if (auto* f = message<follow_request>(i)) {
      ++c.followers;
      if (is_new(c, f->sent)) follow(c, *f);
    } else if (auto* s = message<fan_out_step>(i)) {
      steps_.push_back(std::move(*s));
    } else if (auto* p = std::get_if<std::shared_ptr<parcel>>(&i)) {
      take_back(**p);
    } else if (auto* q = message<command_item>(i)) {
      const auto& uri = std::visit([](const auto& r) -> const std::string& { return r.uri; }, q->request);
      if (const auto* type = host_.type_of(uri)) add_work(c, uri, *type, {&i});
    } else {
      c.controls.push_back(&i);
    }
    ++pending_at_;
  }
}

bool shard::add_batch(cut& c, item& i, std::size_t at) {
  const auto& b = std::get<std::shared_ptr<record_batch>>(i);
  c.batches.push_back(b);
  const auto* partition = &b->window->owner();
  auto mark = std::find_if(watermarks_.begin(), watermarks_.end(), [&](const auto& m) { return m.of == partition; });
  if (mark == watermarks_.end()) mark = watermarks_.insert(mark, {partition, -1, -1});
  const auto& records = b->records();
  auto* next_in_request = b->request ? next_of(c, *b) : nullptr;
  for (; at < records.size(); ++at) {
    if (c.works.size() >= options_.cut_records) {
      first_record_ = static_cast<std::uint32_t>(at);
      return false;
    }
    const auto& r = records[at];
    if (r.offset < mark->next) {
      ++b->duplicates;
      continue;
    }
    mark->next = r.offset + 1;
    if (next_in_request) {
      const auto number = r.offset - b->request->first;
      if (number < *next_in_request) {
        ++b->duplicates;
        continue;
      }
      *next_in_request = number + 1;
    }
    add_work(c, b->uri(r), host_.type_at(type_of_target(r.target)), {&i, static_cast<std::uint32_t>(at)});
  }
  return true;
}

// Records that cannot be read again: they are synced, and those that came with the same key before are known.
std::int64_t* shard::next_of(cut& c, const record_batch& b) {
  c.sync = durability::now;
  if (b.request->key.empty()) return nullptr;
  if (!requests_) requests_ = std::make_unique<ingest_requests>();
  const auto key = b.window->owner().source() + '\x1f' + b.request->key;
  c.requests.push_back(key);
  if (auto* known = requests_->find(key, c.now_ms)) return &known->next;
  const auto did_drop = [this](const std::string& dropped) {
    if (keeps_) rows_.remove(owner_, detail::request_lane, dropped);
  };
  return &requests_->keep(key, {0, c.now_ms}, options_.answers_max, did_drop).next;
}

void shard::add_work(cut& c, std::string_view uri, const agent_type& type, work w) {
  auto& e = find_or_watch(uri, type);
  c.works.push_back(w);
  const auto number = static_cast<std::uint32_t>(c.works.size());
  if (e.cut_first == 0) {
    e.cut_first = number;
    c.entities.push_back(&e);
  } else {
    c.works[e.cut_last - 1].next = number;
  }
  e.cut_last = number;
}

// Runs one entity's messages: all in one turn, but for those that ask for a rev or carry an idempotency key, which
// have turns of their own.
void shard::run_chain(cut& c, entity& e) {
  auto& chain = c.chain;
  chain.clear();
  for (auto n = e.cut_first; n != 0; n = c.works[n - 1].next) chain.push_back(c.works[n - 1]);
  e.cut_first = e.cut_last = 0;
  load(e);
  e.used_ms = c.now_ms;
  const auto stands_alone = [](const work& w) {
    const auto* q = message<command_item>(*w.from);
    if (!q) return false;
    if (const auto* r = std::get_if<command_request>(&q->request))
      return r->if_match || r->if_rev || r->idempotency_key;
    return std::get<write_request>(q->request).if_match.has_value();
  };
  const std::span<const work> all(chain);
  std::size_t start = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (!stands_alone(all[i])) continue;
    if (i > start) run_turn(c, e, all.subspan(start, i - start));
    if (!answered_before(c, *message<command_item>(*all[i].from)) && revs_match(c, e, all[i]))
      run_turn(c, e, all.subspan(i, 1));
    start = i + 1;
  }
  if (start < all.size()) run_turn(c, e, all.subspan(start));
  drop_if_idle(e);
}

void shard::finish_cut(cut& c) {
  if (!c.changes.empty()) tell_changes(c);
  c.dead.refused_by_shard = true;
  const bool buried = c.dead.empty() || host_.bury(c.dead);
  if (!c.deltas.empty()) tell_deltas(c);
  for (auto* b : c.applied) ++b->applied;
  for (auto& b : c.batches) {
    auto& p = b->window->owner();
    p.applied.fetch_add(std::exchange(b->applied, 0), std::memory_order_relaxed);
    p.duplicates.fetch_add(std::exchange(b->duplicates, 0), std::memory_order_relaxed);
  }
  if (keeps_) {
    save_marks();
    save_requests(c);
    save_outbox(c);
    list_dedicated();
  }
  if (!buried) host_.keep(std::exchange(c.dead, {}));
  if (c.batches.empty() && c.answers.empty() && c.parcels.empty() && rows_.empty() && !c.removed) return deliver(c);
  auto w = std::make_unique<waiter>(c, *this);
  host_.storage().commit(std::exchange(rows_, {}), c.sync, std::move(w));
  deliver(c);
}

void shard::tell_deltas(const cut& c) {
  std::vector<agent_delta> deltas;
  deltas.reserve(c.deltas.size());
  for (const auto& d : c.deltas)
    deltas.push_back({d.of->uri, d.from, d.rev, std::string_view(c.patches).substr(d.at, d.size)});
  call_out([&] { host_.did_cut(deltas); });
}

entity* shard::find(std::string_view uri) {
  const auto it = entities_.find(uri);
  return it == entities_.end() ? nullptr : it->get();
}

entity& shard::find_or_watch(std::string_view uri, const agent_type& type) {
  if (auto* e = find(uri)) return *e;
  return **entities_.insert(std::make_unique<entity>(std::string(uri), &type)).first;
}

void shard::drop_if_idle(entity& e) {
  if (!e.idle()) return;
  entities_.erase(entities_.find(std::string_view(e.uri)));
}

turn& shard::turn_for(const agent_type& type) {
  for (auto& [t, scratch] : turns_)
    if (t == &type) return *scratch;
  return *turns_.emplace_back(&type, host_.turns().take(type)).second;
}

void shard::return_turns() {
  for (auto& [type, scratch] : turns_) host_.turns().give_back(*type, std::move(scratch));
  turns_.clear();
}

void shard::collect_uris(const agent_type& type, std::string_view after, std::size_t limit,
                         std::vector<std::string>& out) {
  std::vector<std::string_view> uris;
  for (const auto& e : entities_)
    if (e->self && e->type == &type && e->uri > after) uris.emplace_back(e->uri);
  const auto n = std::min(limit, uris.size());
  std::partial_sort(uris.begin(), uris.begin() + static_cast<std::ptrdiff_t>(n), uris.end());
  out.assign(uris.begin(), uris.begin() + static_cast<std::ptrdiff_t>(n));
}

}  // namespace twinlane
