#include <twinlane/runtime/runtime.hpp>

#include <algorithm>
#include <random>
#include <stdexcept>

#include <twinlane/runtime/detail/runtime_impl.hpp>
#include <twinlane/runtime/detail/shard_rows.hpp>
#include <twinlane/runtime/detail/store_layout.hpp>
#include <twinlane/runtime/log.hpp>
#include <twinlane/runtime/metrics.hpp>

namespace twinlane {
namespace {

constexpr std::string_view reserved[] = {"api", "ws", "ui", "metrics", "healthz", "readyz", "openapi.json"};

std::string base36(std::uint64_t n) {
  std::string text;
  do {
    text.insert(text.begin(), "0123456789abcdefghijklmnopqrstuvwxyz"[n % 36]);
    n /= 36;
  } while (n != 0);
  return text;
}

std::vector<std::string> lane_names(const agent_type& type) {
  std::vector<std::string> names;
  for (const auto& l : type.lanes()) names.push_back(l.name);
  return names;
}

}  // namespace

runtime::impl::impl(runtime_options o, std::unique_ptr<store> s)
    : options(std::move(o)),
      kept(std::move(s)),
      dead(options.dead_letters, options.figures),
      history_bytes{options.history_bytes_max} {
  if (options.shards == 0 || options.shards > 65536) throw std::invalid_argument("shards must be between 1 and 65536");
  if (!options.clock)
    options.clock = [] {
      using namespace std::chrono;
      return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
    };
}

runtime::impl::~impl() = default;

runtime::runtime(runtime_options options, std::unique_ptr<store> s)
    : impl_(std::make_unique<impl>(std::move(options), std::move(s))) {}

runtime::~runtime() { stop(std::chrono::seconds(10)); }

void runtime::add(std::shared_ptr<const agent_type> type) {
  auto& types = impl_->types;
  if (impl_->system) throw std::logic_error("agent types are added before start()");
  const auto first = split_uri(type->path().pattern()).front();
  if (first[0] == ':')
    throw std::invalid_argument("route " + type->path().pattern() +
                                ": the first segment must be a name, for `api`, `ws` and others are reserved");
  if (std::find(std::begin(reserved), std::end(reserved), first) != std::end(reserved))
    throw std::invalid_argument("route " + type->path().pattern() + ": the first segment '" + std::string(first) +
                                "' is reserved");
  if (types.size() >= 4096) throw std::invalid_argument("more than 4096 agent types");
  for (const auto& other : types) {
    if (other.type->name() == type->name())
      throw std::invalid_argument("agent type '" + type->name() + "' is added twice");
    if (type->path().meets(other.type->path(), lane_names(*type)) ||
        other.type->path().meets(type->path(), lane_names(*other.type)))
      throw std::invalid_argument("routes " + type->path().pattern() + " of '" + type->name() + "' and " +
                                  other.type->path().pattern() + " of '" + other.type->name() +
                                  "' could take the same URL");
  }
  const auto host = impl_->options.hosting_override.value_or(type->options().host);
  types.push_back({std::move(type), host == hosting::dedicated, std::make_unique<std::atomic<std::int64_t>>(0),
                   std::make_unique<std::atomic<std::int64_t>>(0)});
}

void runtime::add_sink(std::shared_ptr<sink_queue> s) {
  if (impl_->system) throw std::logic_error("sinks are added before start()");
  if (impl_->sink_of(s->name())) throw std::invalid_argument("sink '" + s->name() + "' is added twice");
  auto& to = *impl_->sinks.emplace_back(std::make_unique<impl::connected_sink>());
  s->did_drain = [i = impl_.get(), &to] { i->refill_next(to); };
  to.queue = std::move(s);
}

void runtime::start() {
  auto& i = *impl_;
  if (!i.shards.empty()) throw std::logic_error("a runtime starts once");
  if (i.options.figures) i.kept->observe_commits([m = i.options.figures](double seconds) { m->store_commit(seconds); });
  const auto opened = i.kept->open();
  i.start_counter = opened.epoch;
  i.births = (opened.opens << 32) + 1;
  if (i.kept->keeps_rows()) i.fresh_offset = static_cast<std::int64_t>(opened.opens << 36);
  i.read_stored_partitions();
  i.check_store();
  i.system = std::make_unique<detail::actors>(i.options.workers, i.options.actor_system);
  for (std::uint32_t n = 0; n < i.options.shards; ++n) i.shards.push_back(i.make_shard(std::to_string(n)));
  if (i.kept->keeps_rows()) i.open_shards();
  i.accepting = true;
  i.ticking = true;
  i.ticker = std::thread([&i] { i.tick(); });
}

// Timers that came due and messages that had not arrived wait for nobody else to wake their shards.
void runtime::impl::open_shards() {
  const auto wake = [](shard& s) { s.order([](shard&) {}); };
  for (const auto& s : shards) wake(*s);
  kept->read(detail::dedicated_owner, [&](const store_row& r) {
    const auto* type = hosted_of(r.key);
    if (type && type->dedicated) on_shard(r.key, *type, true, wake);
  });
}

// What a store has been made with stands: its layout, and its name, for ids of sink items must not meet those of
// another.
void runtime::impl::check_store() {
  row_batch rows;
  detail::store_layout layout{options.shards, {}};
  for (const auto& t : types)
    layout.types.emplace_back(t.type->name(), t.dedicated ? hosting::dedicated : hosting::shared);
  detail::expect_layout(*kept, layout, rows);
  kept->read(detail::store_owner, [&](const store_row& r) {
    if (r.lane == "name") store_name = r.value;
  });
  if (store_name.empty()) {
    std::random_device random;
    store_name = base36(std::uint64_t{random()} << 32 | random());
    rows.put(detail::store_owner, "name", "", store_name);
  }
  store_name += '.' + base36(start_counter);
  if (!rows.empty()) kept->commit(std::move(rows), durability::soon, nullptr);
}

bool runtime::drain(std::chrono::milliseconds deadline) {
  const auto end = std::chrono::steady_clock::now() + deadline;
  for (;;) {
    bool quiet = true;
    // A quiet shard can be woken by one that is looked at later: all are quiet at once when none was in between.
    std::uint64_t wakes[2] = {0, 0};
    for (int round = 0; quiet && round < 2; ++round) {
      impl_->for_each_shard([&](const shard& s) {
        const auto n = quiet ? s.quiet() : std::nullopt;
        quiet = n.has_value();
        wakes[round] += n.value_or(0);
      });
      std::lock_guard lock(impl_->partitions_mutex);
      for (const auto& [name, p] : impl_->partitions) quiet = quiet && p->in_flight_records() == 0;
    }
    if (quiet && wakes[0] == wakes[1]) return true;
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

bool runtime::end_agents(std::chrono::milliseconds deadline) {
  auto& i = *impl_;
  if (!i.system || i.agents_ended) return true;
  i.agents_ended = true;
  const auto end = std::chrono::steady_clock::now() + deadline;
  i.is_ready = false;
  i.accepting = false;
  {
    std::lock_guard lock(i.tick_mutex);
    i.ticking = false;
  }
  i.tick_wake.notify_all();
  if (i.ticker.joinable()) i.ticker.join();
  const bool clean = drain(deadline);
  i.for_each_shard([](shard& s) { s.order([](shard& on) { on.stop_agents(); }); });
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
  return drain(std::max(left, std::chrono::milliseconds(100))) && clean;
}

bool runtime::stop(std::chrono::milliseconds deadline) {
  auto& i = *impl_;
  if (!i.system) return true;
  bool clean = i.agents_ended ? drain(deadline) : end_agents(deadline);
  i.dead.retry();
  if (const auto n = i.dead.waiting())
    log_limited(log_level::error, "dead letters lost",
                "stopping: " + std::to_string(n) + " dead letters could not be written");
  for (const auto& p : partitions()) p->freeze();
  i.closed = true;
  i.for_each_shard([](shard& s) { s.set_runner(nullptr); });
  if (!i.system->stop(std::chrono::seconds(1)))
    log_limited(log_level::error, "stop", "some actors did not end in time");
  i.system.reset();
  i.for_each_shard([](shard& s) { s.abandon(); });
  i.save_low_marks();
  if (!i.kept->close()) {
    log_limited(log_level::error, "store close", "the store could not write all that was committed");
    clean = false;
  }
  return clean;
}

void runtime::impl::read_stored_partitions() {
  kept->read(detail::marks_owner, [&](const store_row& r) {
    auto& to = r.lane == detail::origin_lane ? stored_origins : stored_marks;
    to[std::string(r.key)] = detail::number_in<std::int64_t>(r.value);
  });
  {
    std::lock_guard lock(partitions_mutex);
    for (const auto& [name, p] : partitions) give_stored(*p);  // asked for before the start
  }
  for (const auto* stored : {&stored_marks, &stored_origins})
    for (const auto& [key, what] : *stored) partition_of(key);
}

// How far reading may go on from after a restart.
void runtime::impl::save_low_marks() {
  if (!kept->keeps_rows()) return;
  row_batch rows;
  std::lock_guard one(marks_mutex);
  {
    std::lock_guard lock(partitions_mutex);
    for (const auto& [name, p] : partitions) {
      const auto mark = p->low_mark();
      if (mark < 0) continue;
      auto& saved = stored_marks[partition_key(*p)];
      if (saved == mark) continue;
      saved = mark;
      rows.put(detail::marks_owner, detail::low_lane, partition_key(*p), std::to_string(mark));
    }
  }
  if (!rows.empty()) kept->commit(std::move(rows), durability::soon, nullptr);
}

// What survives a kill is a prefix of the commits: with any record that is posted later, this is there.
void runtime::impl::save_origin(const std::string& key, std::int64_t origin) {
  row_batch rows;
  rows.put(detail::marks_owner, detail::origin_lane, key, std::to_string(origin));
  std::lock_guard one(marks_mutex);
  kept->commit(std::move(rows), durability::soon, nullptr);
}

void runtime::impl::tick() {
  std::unique_lock lock(tick_mutex);
  while (ticking) {
    tick_wake.wait_for(lock, std::chrono::milliseconds(250), [&] { return !ticking; });
    if (!ticking) return;
    const auto now = now_ms();
    for_each_shard([&](shard& s) { s.wake_if_due(now); });
    dedicated.retire_empty();
    if (++ticks % 4 == 0) {
      dead.retry();
      save_low_marks();
    }
  }
}

std::unique_ptr<shard> runtime::impl::make_shard(std::string name) {
  auto s = std::make_unique<shard>(std::move(name), *this, options.shard);
  // A dedicated shard made while the runtime ends must not leave an actor behind. Its stripe's lock orders this.
  if (!closed) s->set_runner(system->host(*s));
  return s;
}

const runtime::impl::hosted_type* runtime::impl::hosted_of(std::string_view uri) const {
  for (const auto& t : types)
    if (t.type->path().matches(uri)) return &t;
  return nullptr;
}

const runtime::impl::hosted_type* runtime::impl::hosted_named(std::string_view name) const {
  for (const auto& t : types)
    if (t.type->name() == name) return &t;
  return nullptr;
}

const agent_type* runtime::impl::type_of(std::string_view uri) const {
  const auto* t = hosted_of(uri);
  return t ? t->type.get() : nullptr;
}

std::uint32_t runtime::impl::place_of(std::string_view uri) const {
  const auto* t = hosted_of(uri);
  return t && !t->dedicated ? t->type->path().hash(uri) % options.shards : own_place;
}

std::string runtime::impl::lineage_of(std::uint64_t birth) const { return base36(start_counter) + '-' + base36(birth); }

// A message to where no route leads is a fault of the sending agent: one line, and it is counted.
template <class M>
static bool unroutable(const runtime_options& options, const M& m) {
  if (m.sent.in) m.sent.in->arrived();
  log_limited(log_level::warn, "unroutable", "an agent sent to " + m.uri + ", which no route takes");
  if (options.figures) options.figures->count("twinlane_unroutable_total");
  return true;
}

void runtime::impl::deliver(mail m) {
  const auto* type = hosted_of(m.uri);
  if (!type && unroutable(options, m)) return;
  const auto uri = m.uri;
  on_shard(uri, *type, true, [&](shard& s) { s.enqueue(std::move(m)); });
}

// What is said must not go under the lock of on_shard(), for its end may look for a shard too.
void runtime::impl::deliver(join_update u) {
  const auto uri = u.to.front().uri;
  const auto said = u.said;
  const auto* type = hosted_of(uri);
  if (!type || !on_shard(uri, *type, false, [&](shard& s) { s.enqueue(std::move(u)); }))
    if (said->in) said->in->arrived();
}

void runtime::impl::deliver(follow_request f) {
  const auto* type = hosted_of(f.uri);
  if (!type && unroutable(options, f)) return;
  const auto uri = f.uri;
  on_shard(uri, *type, true, [&](shard& s) { s.enqueue(std::move(f)); });
}

void runtime::impl::take_back(std::shared_ptr<parcel> p) noexcept {
  const auto& name = p->sender();
  if (name.front() == '/')
    dedicated.find(name, [&](shard& s) { s.enqueue(std::move(p)); });
  else
    shards[detail::number_in<std::size_t>(name)]->enqueue(std::move(p));
}

// At the end, what is dropped under the lock of a stripe calls too.
void runtime::impl::go_on(fan_out_step s) noexcept {
  if (closed) return;
  const auto name = s.shard;
  if (name->front() == '/')
    dedicated.find(*name, [&](shard& to) { to.enqueue(std::move(s)); });
  else
    shards[detail::number_in<std::size_t>(*name)]->enqueue(std::move(s));
}

sink_queue* runtime::impl::sink_of(std::string_view name) {
  for (const auto& s : sinks)
    if (s->queue->name() == name) return s->queue.get();
  return nullptr;
}

runtime::impl::connected_sink& runtime::impl::sink_at(const sink_queue& s) {
  return **std::find_if(sinks.begin(), sinks.end(), [&](const auto& c) { return c->queue.get() == &s; });
}

void runtime::impl::wait_for_room(sink_queue& s, const std::string& shard_name) {
  auto& to = sink_at(s);
  {
    std::lock_guard lock(to.mutex);
    to.waiting.push_back(shard_name);
  }
  if (!s.refuses()) refill_next(to);  // it has been emptied meanwhile
}

void runtime::impl::did_refill(sink_queue& s) { refill_next(sink_at(s)); }

// One shard after the other, for each reads all that it keeps.
void runtime::impl::refill_next(connected_sink& s) {
  std::string name;
  {
    std::lock_guard lock(s.mutex);
    if (s.waiting.empty()) return;
    name = std::move(s.waiting.front());
    s.waiting.pop_front();
  }
  const auto refill = [&q = *s.queue](shard& on) { on.order([&q](shard& to) { to.refill(q); }); };
  if (name.front() == '/')
    dedicated.find(name, refill);
  else
    refill(*shards[detail::number_in<std::size_t>(name)]);
}

void runtime::impl::did_lose_item(std::string_view sink, std::string_view why) {
  if (options.figures) options.figures->count("twinlane_sink_lost_total", {{"sink", std::string(sink)}});
  log_limited(log_level::warn, "sink " + std::string(sink),
              "an agent's item for sink '" + std::string(sink) + "' is dropped: " + std::string(why));
}

void runtime::impl::did_run_turn(const agent_type&, std::string_view uri, double seconds) {
  if (options.figures) options.figures->turn(seconds);
  if (seconds * 1000 < static_cast<double>(options.slow_turn_ms)) return;
  if (options.figures) options.figures->slow_turn();
  log_limited(log_level::warn, "slow turn",
              "slow turn: " + std::string(uri) + " took " + std::to_string(static_cast<int>(seconds * 1000)) +
                  " ms. Declare its type `hosting: dedicated` if its logic blocks.");
}

void runtime::impl::did_run_command(const agent_type& type, std::string_view lane, std::string_view outcome) {
  if (options.figures) options.figures->command(type.name(), lane, outcome);
}

void runtime::impl::did_drop_late(const agent_type& type, std::string_view uri, const late_events& dropped) {
  const auto& lane = type.lanes()[dropped.lane].name;
  if (options.figures)
    options.figures->count("twinlane_late_events_total", {{"type", type.name()}, {"lane", lane}}, dropped.count);
  log_limited(log_level::warn, "late " + type.name() + ' ' + lane,
              "window lane '" + lane + "' of " + std::string(uri) + " dropped " + std::to_string(dropped.count) +
                  " that came after their windows had closed. Raise its grace if they are to count.");
}

void runtime::impl::did_resume(bool resumed) {
  if (options.figures)
    options.figures->count("twinlane_resumes_total", {{"outcome", resumed ? "resumed" : "snapshot"}});
}
void runtime::impl::did_activate() {
  if (options.figures) options.figures->activation();
}
void runtime::impl::did_passivate() {
  if (options.figures) options.figures->passivation();
}

void runtime::impl::did_change_agents(const agent_type& type, int difference) {
  for (auto& t : types)
    if (t.type.get() == &type) t.agents->fetch_add(difference, std::memory_order_relaxed);
}

void runtime::impl::did_change_unreadable(const agent_type& type, int difference) {
  for (auto& t : types)
    if (t.type.get() == &type) t.unreadable->fetch_add(difference, std::memory_order_relaxed);
}

}  // namespace twinlane
