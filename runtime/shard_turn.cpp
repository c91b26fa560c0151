#include <algorithm>
#include <stdexcept>

#include <zlib.h>

#include <twinlane/runtime/detail/cut.hpp>
#include <twinlane/runtime/log.hpp>
#include <twinlane/runtime/shard.hpp>

namespace twinlane {
namespace {

dead_reason reason_of(lane_errc e) {
  switch (e) {
    case lane_errc::empty:
      return dead_reason::empty;
    case lane_errc::too_deep:
      return dead_reason::too_deep;
    case lane_errc::too_large:
      return dead_reason::too_large;
    case lane_errc::bad_utf8:
      return dead_reason::bad_utf8;
    case lane_errc::bad_json:
      return dead_reason::bad_json;
    default:
      return dead_reason::bad_value;
  }
}

// The same in every program that reads the store.
std::uint64_t hash_of(const command_request& r) {
  const auto add = [](unsigned long sum, const std::string& text) {
    return ::crc32_z(sum, reinterpret_cast<const unsigned char*>(text.data()), text.size());
  };
  return std::uint64_t{add(add(0, r.lane), r.value)} << 32 | (r.value.size() & 0xffffffff);
}
// An agent's URI holds no space.
std::string kept_key(const command_request& r) { return r.uri + ' ' + *r.idempotency_key; }

}  // namespace

bool shard::may_create(const work& w, const agent_type& type) const {
  const auto create = type.options().create;
  if (std::holds_alternative<std::shared_ptr<record_batch>>(*w.from) || message<mail>(*w.from))
    return create == creation::events;
  return message<command_item>(*w.from) && create == creation::commands;
}

// One turn with all the messages; when it throws, each of them again in a turn of its own.
void shard::run_turn(cut& c, entity& e, std::span<const work> works) {
  if (!e.unreadable.empty()) {
    for (const auto& w : works)
      fail(c, e, w, problem::handler_failed, dead_reason::handler_failed,
           "its stored rows cannot be read: " + e.unreadable);
    return;
  }
  while (!e.self && !works.empty() && !may_create(works.front(), *e.type)) {
    fail(c, e, works.front(), problem::no_such_entity, dead_reason::no_such_entity,
         e.uri + " does not exist, and agents of type '" + e.type->name() + "' are created by " +
             std::string(name_of(e.type->options().create)) + " only");
    works = works.subspan(1);
  }
  if (works.empty()) return;
  std::string failure;
  if (try_turn(c, e, works, failure)) return;
  if (works.size() > 1) {
    for (const auto& w : works) run_turn(c, e, std::span(&w, 1));
    return;
  }
  fail(c, e, works.front(), problem::handler_failed, dead_reason::handler_failed, failure);
}

// A turn without messages, for a timer or retention; false when it threw.
bool shard::run_quiet_turn(cut& c, entity& e) {
  std::string failure;
  if (try_turn(c, e, {}, failure)) return true;
  const auto what = c.timer ? "timer '" + e.type->timers()[*c.timer].name + "'" : std::string("a retention callback");
  log_limited(log_level::error, "timer " + e.type->name(),
              e.uri + ": " + what + " threw and will be tried again in 10 s: " + failure);
  return false;
}

bool shard::try_turn(cut& c, entity& e, std::span<const work> works, std::string& failure) {
  const bool born = !e.self;
  const auto answers = c.answers.size(), dead = c.dead.letters.size(), applied = c.applied.size(),
             deltas = c.deltas.size(), mails = c.mails.size(), follows = c.follows.size(), changes = c.changes.size(),
             emissions = c.emissions.size();
  const auto rows = rows_.here();
  const auto rev = e.rev, birth = e.birth;
  auto& t = turn_for(*e.type);
  c.arrived = {};
  c.useful = works.empty();
  bool begun = false, failed = true;
  try {
    if (born) e.self = e.type->make(e.uri);
    begun = true;
    t.begin(*e.self, c.now_ms, born || e.starts);
    if (works.empty()) c.timer ? t.fire_timer(*c.timer) : t.evict();
    for (const auto& w : works) apply(c, e, t, w);
    // What cannot be applied brings no agent into being.
    if (!born || c.useful) {
      const bool changed = t.finish();
      publish(c, e, t, changed, born, works);
    }
    failed = false;
  } catch (const std::exception& x) {
    failure = x.what();
  } catch (...) {
    failure = "the agent threw something that is not a std::exception";
  }
  const auto now = std::chrono::steady_clock::now();
  host_.did_run_turn(*e.type, e.uri, std::chrono::duration<double>(now - c.last).count());
  c.last = now;
  if (!failed && (!born || c.useful)) {
    if (born) did_come(e);
    e.starts = false;
    for (const auto& l : t.late) host_.did_drop_late(*e.type, e.uri, l);
    t.end();
    return true;
  }
  if (begun) t.undo();
  if (born) e.self.reset();
  if (!failed) {
    settle_answers(c, e);
    return true;
  }
  c.answers.resize(answers);
  c.dead.resize(dead);
  c.applied.resize(applied);
  c.deltas.resize(deltas);
  c.mails.resize(mails);
  c.follows.resize(follows);
  c.changes.resize(changes);
  c.emissions.resize(emissions);
  rows_.rewind(rows);
  e.rev = rev;
  e.birth = birth;
  return false;
}

void shard::apply(cut& c, entity& e, turn& t, const work& w) {
  decode_status status;
  if (const auto* held = std::get_if<std::shared_ptr<record_batch>>(w.from)) {
    auto& b = **held;
    const auto& r = b.records()[w.record];
    if (c.arrived == steady_time{}) c.arrived = b.arrived;
    lane_input in{r.remove ? lane_input::kind::remove : lane_input::kind::put, b.key(r), b.value(r), {}};
    status = t.apply(lane_of_target(r.target), in, r.time_ms);
    if (status) c.applied.push_back(&b);
    if (status && r.remove) return;  // a tombstone alone brings nobody into being
  } else if (auto* m = message<mail>(*w.from)) {
    const int lane = e.type->lane_index(m->lane);
    if (lane < 0) {
      fail(c, e, w, problem::no_such_lane, dead_reason::no_such_lane, "no lane '" + m->lane + "'");
      return;
    }
    if (c.arrived == steady_time{} && m->cause) c.arrived = m->cause->arrived;
    lane_input in{lane_input::kind::put, m->key, c.pad(m->value), {}};
    status = t.apply(static_cast<unsigned>(lane), in, m->event_ms.value_or(c.now_ms));
  } else if (auto* u = message<join_update>(*w.from)) {
    const auto& said = *u->said;
    const auto& to = u->to[w.record];
    if (c.arrived == steady_time{} && !said.causes.empty()) c.arrived = said.causes.back()->arrived;
    lane_input in{lane_input::kind::remove, to.key, {}, said.from(), false, &said.at};
    if (said.present) {
      in.op = lane_input::kind::join;
      in.value = std::string_view(said.text).substr(0, said.size);
    }
    status = t.apply(to.lane, in, c.now_ms);
  } else {
    if (c.arrived == steady_time{}) c.arrived = std::chrono::steady_clock::now();
    apply_request(c, e, t, *message<command_item>(*w.from));
    return;
  }
  if (status)
    c.useful = c.useful || !t.passed_over;  // what its lane does not admit brings nobody into being either
  else
    fail(c, e, w, problem::bad_value, reason_of(status.code), status.detail);
}

// The first answer again, for a repeated idempotency key; whatever has become of the agent since.
bool shard::answered_before(cut& c, const command_item& q) {
  const auto* r = std::get_if<command_request>(&q.request);
  if (!r || !r->idempotency_key || !answers_) return false;
  const auto* before = answers_->find(kept_key(*r), c.now_ms);
  if (!before) return false;
  outcome<command_result> result = error{problem::conflict, "this Idempotency-Key came with another request before"};
  if (before->request_hash == hash_of(*r)) result = before->result;
  c.answers.push_back({q.reply_to, std::move(result), nullptr, {}, 0, {}});
  c.sync = durability::now;  // the first may be on its way still
  return true;
}

void shard::apply_request(cut& c, entity& e, turn& t, command_item& q) {
  outcome<command_result> result = command_result{};
  std::string key;
  std::string_view command;
  std::uint64_t hash = 0;
  if (const auto* r = std::get_if<command_request>(&q.request)) {
    if (r->idempotency_key) {
      key = kept_key(*r);
      hash = hash_of(*r);
    }
    command = r->lane;
    reply said;
    const auto lane = static_cast<unsigned>(e.type->lane_index(r->lane));
    if (const auto status = t.command(lane, c.pad(r->value), said); !status)
      result = error{problem::bad_value, "command '" + r->lane + "': " + status.detail};
    else if (said.refused())
      result = error{problem::conflict, said.text()};
    else
      std::get<command_result>(result).result = said.text();
  } else {
    const auto& w = std::get<write_request>(q.request);
    const auto lane = static_cast<unsigned>(e.type->lane_index(w.lane));
    lane_input in;
    in.op = w.op == write_op::put     ? lane_input::kind::put
            : w.op == write_op::patch ? lane_input::kind::patch
                                      : lane_input::kind::remove;
    if (w.key) in.key = *w.key;
    in.whole = !w.key;
    in.value = c.pad(w.value);
    std::string present;
    if (w.op == write_op::remove && w.key && !e.self->lane_at(lane).encode_entry(*w.key, present))
      result = error{problem::no_such_key, "lane '" + w.lane + "' of " + e.uri + " has no entry '" + *w.key + "'"};
    else if (const auto status = t.apply(lane, in, c.now_ms); !status)
      result = error{problem::bad_value, "lane '" + w.lane + "': " + status.detail};
    else
      std::get<command_result>(result).result = "null";
  }
  c.useful = c.useful || ok(result);
  c.answers.push_back({q.reply_to, std::move(result), &e, std::move(key), hash, command});
}

bool shard::revs_match(cut& c, const entity& e, const work& w) {
  const auto& q = *message<command_item>(*w.from);
  const auto at = etag_of(e.self ? lineage(e) : "", e.self ? e.rev : 0);
  const auto* r = std::get_if<command_request>(&q.request);
  const auto& if_match = r ? r->if_match : std::get<write_request>(q.request).if_match;
  const bool matches = !if_match || (*if_match == "*" ? e.self != nullptr
                                     : e.self         ? is_etag_of(*if_match, lineage(e), e.rev)
                                                      : *if_match == at);
  const bool fits = matches && (!r || !r->if_rev || *r->if_rev == e.rev);
  if (!fits) fail(c, e, w, problem::rev_mismatch, {}, e.self ? "is at " + at : "does not exist");
  return fits;
}

// Letters are known by their position: a message's is the same when it comes again after a restart.
void shard::position_of(dead_letter& letter, const parcel_item& sent) {
  if (!sent.in) {
    letter.offset = static_cast<std::int64_t>(host_.next_birth());
    return;
  }
  letter.partition = static_cast<std::int32_t>(murmur2(sent.in->sender()) & 0x7fffffff);
  letter.offset = static_cast<std::int64_t>(sent.number);
}

// A message that cannot be applied: its sender hears of it, or it goes to the dead letters.
void shard::fail(cut& c, const entity& e, const work& w, problem what, dead_reason reason, const std::string& why) {
  dead_letter letter;
  letter.reason = reason;
  letter.detail = e.uri + ": " + why;
  letter.at_ms = c.now_ms;
  std::shared_ptr<source_partition::window> window;
  if (const auto* held = std::get_if<std::shared_ptr<record_batch>>(w.from)) {
    const auto& b = **held;
    const auto& r = b.records()[w.record];
    window = b.window;
    letter.source = window->owner().source();
    letter.topic = window->owner().topic();
    letter.partition = window->owner().partition();
    letter.offset = r.offset;
    letter.key = b.key(r);
    letter.value = b.value(r);
    letter.uri = e.uri;
    letter.time_ms = r.time_ms;
  } else if (const auto* m = message<mail>(*w.from)) {
    letter.source = "(agents)";
    letter.topic = e.uri + '/' + m->lane;
    position_of(letter, m->sent);
    letter.key = m->key;
    letter.value = m->value;
    letter.time_ms = m->event_ms.value_or(c.now_ms);
    return c.dead.hold(std::move(letter), m->cause ? m->cause->window : nullptr);
  } else if (const auto* q = message<command_item>(*w.from)) {
    if (const auto* r = std::get_if<command_request>(&q->request))
      host_.did_run_command(*e.type, r->lane, code_of(what));
    c.answers.push_back({q->reply_to, error{what, letter.detail}, nullptr, {}, 0, {}});
    return;
  } else {
    log_limited(log_level::warn, "join " + e.type->name(), letter.detail);
    return;
  }
  c.dead.add(std::move(letter), std::move(window));
}

}  // namespace twinlane
