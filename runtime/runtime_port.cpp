#include <algorithm>

#include <twinlane/agents/turn.hpp>
#include <twinlane/runtime/detail/runtime_impl.hpp>
#include <twinlane/runtime/runtime.hpp>

namespace twinlane {
namespace {

const error not_ready{problem::not_ready, "the server is stopping"};

error no_such_lane(const agent_type& type, const std::string& lane) {
  return {problem::no_such_lane, "agent type '" + type.name() + "' has no lane '" + lane + "'"};
}
std::optional<error> compute(const lane_base& lane, std::int64_t now_ms, std::string& out) {
  std::string why = "it threw something that is not a std::exception";
  try {
    static_cast<const demand_lane_base&>(lane).compute(now_ms, out);
    return std::nullopt;
  } catch (const std::exception& x) {
    why = x.what();
  } catch (...) {}
  return error{problem::handler_failed, "lane '" + lane.name() + "' could not be computed: " + why};
}
error too_large(const std::string& what, std::uint64_t max) {
  return {problem::too_large, what + " is over " + std::to_string(max) + " bytes. Ask for single lanes or entries."};
}

}  // namespace

outcome<const runtime::impl::hosted_type*> runtime::impl::find_route(const std::string& uri) const {
  if (!accepting) return not_ready;
  if (const auto* t = hosted_of(uri)) return t;
  return error{problem::no_such_route, "no agent type has a route for " + uri};
}

std::shared_ptr<source_partition> runtime::partition(const std::string& source, const std::string& topic,
                                                     std::int32_t number) {
  return impl_->find_or_make_partition(source, topic, number);
}

std::shared_ptr<source_partition> runtime::impl::find_or_make_partition(const std::string& source,
                                                                        const std::string& topic, std::int32_t number) {
  std::lock_guard lock(partitions_mutex);
  auto& p = partitions[{source, topic, number}];
  if (p) return p;
  p = std::make_shared<source_partition>(source, topic, number);
  if (kept->keeps_rows())
    p->did_choose_origin = [this, key = partition_key(*p)](std::int64_t origin) { save_origin(key, origin); };
  give_stored(*p);
  return p;
}

// What the store knows of it, and where new offsets begin.
void runtime::impl::give_stored(source_partition& p) const {
  const auto key = partition_key(p);
  if (const auto mark = stored_marks.find(key); mark != stored_marks.end()) p.stored_low_mark = mark->second;
  if (const auto at = stored_origins.find(key); at != stored_origins.end()) p.origin = at->second;
  p.fresh_offset = fresh_offset;
}

const source_partition* runtime::impl::partition_of(std::string_view key) {
  const auto first = key.find('\x1f'), last = key.rfind('\x1f');
  if (first == std::string_view::npos || first == last) return nullptr;
  return find_or_make_partition(std::string(key.substr(0, first)), std::string(key.substr(first + 1, last - first - 1)),
                                std::atoi(std::string(key.substr(last + 1)).c_str()))
      .get();
}

std::vector<std::shared_ptr<source_partition>> runtime::partitions() const {
  std::lock_guard lock(impl_->partitions_mutex);
  std::vector<std::shared_ptr<source_partition>> all;
  for (const auto& [name, p] : impl_->partitions) all.push_back(p);
  return all;
}

outcome<target_info> runtime::resolve_target(std::string_view entity_template, std::string_view lane) {
  const auto segments = split_uri(entity_template);
  for (std::uint32_t t = 0; t < impl_->types.size(); ++t) {
    const auto& type = *impl_->types[t].type;
    const auto pattern = split_uri(type.path().pattern());
    if (pattern.size() != segments.size()) continue;
    const bool fits = std::equal(pattern.begin(), pattern.end(), segments.begin(),
                                 [](auto p, auto s) { return p[0] == ':' ? !s.empty() : p == s; });
    if (!fits) continue;
    const int l = type.lane_index(lane);
    if (l < 0) return no_such_lane(type, std::string(lane));
    return target_info{make_target(t, static_cast<std::uint32_t>(l)), type.lanes()[static_cast<std::size_t>(l)].kind,
                       type.path().first_param_segment()};
  }
  return error{problem::no_such_route, "no agent type has a route for " + std::string(entity_template)};
}

void runtime::post(const std::shared_ptr<source_partition>& p, std::span<const routed_record> records,
                   std::vector<dead_letter> dead, std::int64_t next_offset, steady_time arrived,
                   std::shared_ptr<const ingest_request> request) {
  auto& i = *impl_;
  if (!i.accepting) return;
  std::int64_t bytes = 0;
  for (const auto& r : records) bytes += static_cast<std::int64_t>(r.uri.size() + r.key.size() + r.value.size());
  for (const auto& d : dead) bytes += static_cast<std::int64_t>(d.key.size() + d.value.size());
  const auto window =
      source_partition::open_window(p, next_offset, static_cast<std::int64_t>(records.size() + dead.size()), bytes);
  i.spread(records, window, arrived, request);
  if (dead.empty()) return;
  dead_letter_batch b;
  for (auto& d : dead) b.add(std::move(d), window);
  i.dead.add(std::move(b));
}

// Copies the records into one batch for each of their shards.
void runtime::impl::spread(std::span<const routed_record> records,
                           const std::shared_ptr<source_partition::window>& window, steady_time arrived,
                           const std::shared_ptr<const ingest_request>& request) {
  // Which batch a shard's records go to, by number and for dedicated agents by URI; empty between calls.
  thread_local std::vector<std::shared_ptr<record_batch>> by_shard;
  thread_local std::vector<std::uint32_t> used;
  thread_local std::unordered_map<std::string_view, std::pair<std::shared_ptr<record_batch>, const hosted_type*>>
      by_uri;
  if (by_shard.size() < options.shards) by_shard.resize(options.shards);
  constexpr std::size_t batch_bytes_max = 64 * 1024 * 1024;
  const auto add = [&](std::shared_ptr<record_batch>& b, const routed_record& r, auto&& send) {
    if (b && b->bytes() > batch_bytes_max) send();
    if (!b) {
      b = batches->take();
      b->window = window;
      b->arrived = arrived;
      b->request = request;
    }
    b->add(r);
  };
  const auto send_to_shard = [&](std::uint32_t n) {
    by_shard[n]->close();
    shards[n]->enqueue(std::move(by_shard[n]));
  };
  const auto send_to_agent = [&](std::string_view uri, std::shared_ptr<record_batch>& b, const hosted_type& type) {
    b->close();
    on_shard(uri, type, true, [&](shard& s) { s.enqueue(std::move(b)); });
  };
  for (const auto& r : records) {
    const auto& type = types[type_of_target(r.target)];
    if (type.dedicated) {
      auto& [b, of] = by_uri[r.uri];
      of = &type;
      add(b, r, [&, batch = &b] { send_to_agent(r.uri, *batch, type); });
    } else {
      const auto n = r.hash % options.shards;
      if (!by_shard[n]) used.push_back(n);
      add(by_shard[n], r, [&] { send_to_shard(n); });
    }
  }
  for (const auto n : used) send_to_shard(n);
  used.clear();
  for (auto& [uri, to] : by_uri) send_to_agent(uri, to.first, *to.second);
  by_uri.clear();
}

void runtime::get(const std::string& uri, const view& what, answer<snapshot> a) {
  const auto found = impl_->find_route(uri);
  if (!ok(found)) return a(std::get<error>(found));
  const auto& type = *std::get<0>(found);
  auto seen = view_of(*type.type, what);
  if (!ok(seen)) return a(std::get<error>(std::move(seen)));
  const auto max = impl_->options.shard.document_bytes_max;
  impl_->ask(uri, type, std::move(a), [uri, max, v = std::get<0>(std::move(seen))](shard& on) -> outcome<snapshot> {
    const auto* e = on.find_agent(uri);
    if (auto why = absence(e, uri)) return *why;
    auto state = make_snapshot(*e, on.lineage(*e), v);
    if (state.tail->size() > max) return too_large(uri, max);
    return state;
  });
}

void runtime::get_lane(const std::string& uri, const std::string& lane, const std::optional<std::string>& key,
                       answer<lane_value> a) {
  const auto found = impl_->find_route(uri);
  if (!ok(found)) return a(std::get<error>(found));
  const auto& type = *std::get<0>(found);
  const int l = type.type->lane_index(lane);
  const auto kind = l < 0 ? lane_kind::command : type.type->lanes()[static_cast<std::size_t>(l)].kind;
  if (!in_document(kind) && kind != lane_kind::demand) return a(no_such_lane(*type.type, lane));
  const auto max = impl_->options.shard.document_bytes_max;
  impl_->ask(uri, type, std::move(a), [this, uri, lane, key, l, max, kind](shard& on) -> outcome<lane_value> {
    const auto* e = on.find_agent(uri);
    if (auto why = absence(e, uri)) return *why;
    lane_value v{on.lineage(*e), e->rev, {}};
    const auto& of = e->self->lane_at(static_cast<std::size_t>(l));
    if (key && !of.encode_entry(*key, v.json))
      return error{problem::no_such_key, "lane '" + lane + "' of " + uri + " has no entry '" + *key + "'"};
    if (kind == lane_kind::demand && !key) {
      if (auto why = compute(of, impl_->now_ms(), v.json)) return *why;
    } else if (!key) {
      if (!of.present()) return error{problem::no_such_key, "lane '" + lane + "' of " + uri + " is not set"};
      of.encode_value(v.json);
    }
    if (v.json.size() > max) return too_large("lane '" + lane + "' of " + uri, max);
    return v;
  });
}

void runtime::command(command_request r, answer<command_result> a) {
  const auto found = impl_->find_route(r.uri);
  if (!ok(found)) return a(std::get<error>(found));
  const auto& type = *std::get<0>(found);
  const int l = type.type->lane_index(r.lane);
  if (l < 0 || type.type->lanes()[static_cast<std::size_t>(l)].kind != lane_kind::command)
    return a(error{problem::no_such_lane, "agent type '" + type.type->name() + "' has no command '" + r.lane + "'"});
  if (auto why = impl_->kept->trouble()) return a(error{problem::store_full, std::move(*why)});
  const auto uri = r.uri;
  impl_->send(uri, type, type.type->options().create == creation::commands, a, std::move(r));
}

void runtime::write(write_request r, answer<command_result> a) {
  const auto found = impl_->find_route(r.uri);
  if (!ok(found)) return a(std::get<error>(found));
  const auto& type = *std::get<0>(found);
  const int l = type.type->lane_index(r.lane);
  if (l < 0) return a(no_such_lane(*type.type, r.lane));
  const auto& info = type.type->lanes()[static_cast<std::size_t>(l)];
  if (!info.is_writable)
    return a(error{problem::not_writable,
                   "lane '" + r.lane + "' of agent type '" + type.type->name() + "' takes no writes from outside"});
  if (r.key && info.kind != lane_kind::map)
    return a(error{problem::no_such_key, "lane '" + r.lane + "' has no entries to write"});
  if (auto why = impl_->kept->trouble()) return a(error{problem::store_full, std::move(*why)});
  const auto uri = r.uri;
  impl_->send(uri, type, type.type->options().create == creation::commands, a, std::move(r));
}

void runtime::remove(const std::string& uri, std::optional<std::string> if_match, answer<std::monostate> a) {
  const auto found = impl_->find_route(uri);
  if (!ok(found)) return a(std::get<error>(found));
  if (auto why = impl_->kept->trouble()) return a(error{problem::store_full, std::move(*why)});
  impl_->send(uri, *std::get<0>(found), false, a, [uri, if_match, a](shard& on) { on.remove(uri, if_match, a); });
}

outcome<subscription> runtime::subscribe(const subscribe_request& r, std::shared_ptr<subscriber> s, std::uint64_t tag) {
  const auto found = impl_->find_route(r.uri);
  if (!ok(found)) return std::get<error>(found);
  const auto& type = *std::get<0>(found);
  auto seen = view_of(*type.type, r.what, true);
  if (!ok(seen)) return std::get<error>(std::move(seen));
  const auto id = impl_->subscriptions.fetch_add(1, std::memory_order_relaxed);
  const link l{id, tag, std::make_shared<const link_view>(std::get<0>(std::move(seen))), r.life, s};
  bool taken = false;
  impl_->on_shard(r.uri, type, true, [&](shard& to) {
    taken = to.request(
        [uri = r.uri, of = type.type.get(), l, from = r.resume](shard& on) { on.subscribe(uri, *of, l, from); });
  });
  if (!taken) s->on_done(tag, "error");
  return subscription{std::make_shared<impl::place>(impl::place{&type, r.uri}), id};
}

void runtime::unsubscribe(const subscription& s) {
  if (!impl_->accepting || !s.where) return;
  const auto& at = *static_cast<const impl::place*>(s.where.get());
  impl_->on_shard(at.uri, *at.type, false,
                  [&](shard& to) { to.order([uri = at.uri, id = s.id](shard& on) { on.unsubscribe(uri, id); }); });
}

void runtime::pull(const subscription& s) {
  if (!impl_->accepting || !s.where) return;
  const auto& at = *static_cast<const impl::place*>(s.where.get());
  impl_->on_shard(at.uri, *at.type, false,
                  [&](shard& to) { to.order([uri = at.uri, id = s.id](shard& on) { on.pull(uri, id); }); });
}

std::vector<type_description> runtime::types() const {
  std::vector<type_description> all;
  for (const auto& t : impl_->types) {
    type_description d{t.type->name(),
                       t.type->path().pattern(),
                       std::string(name_of(t.dedicated ? hosting::dedicated : hosting::shared)),
                       std::string(name_of(t.type->options().create)),
                       {}};
    for (const auto& l : t.type->lanes()) d.lanes.push_back({l.name, l.kind, l.is_writable, l.is_transient});
    all.push_back(std::move(d));
  }
  return all;
}

void runtime::entities(const std::string& type, const std::string& after, std::size_t limit, answer<entity_page> a) {
  const auto* t = impl_->hosted_named(type);
  if (!impl_->accepting) return a(not_ready);
  if (!t) return a(error{problem::no_such_route, "there is no agent type '" + type + "'"});
  struct gathering {
    std::mutex mutex;
    std::vector<std::string> uris;
    std::size_t open = 1;  // answers to come, one of them by who asks
    std::size_t limit;
    answer<entity_page> reply_to;
    void expect_one_more() {
      std::lock_guard lock(mutex);
      ++open;
    }
    void take(std::vector<std::string> more) {
      std::unique_lock lock(mutex);
      uris.insert(uris.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
      if (--open > 0) return;
      lock.unlock();
      std::sort(uris.begin(), uris.end());
      entity_page page;
      if (uris.size() > limit) {
        uris.resize(limit);
        page.next = uris.back();
      }
      page.uris = std::move(uris);
      reply_to(std::move(page));
    }
  };
  if (impl_->kept->keeps_rows()) return impl_->list_stored(*t, after, std::max<std::size_t>(limit, 1), std::move(a));
  auto g = std::make_shared<gathering>();
  g->limit = std::max<std::size_t>(limit, 1);
  g->reply_to = std::move(a);
  const auto ask = [&](shard& s) {
    g->expect_one_more();
    s.order([g, after, of = t->type.get()](shard& on) {
      std::vector<std::string> uris;
      on.collect_uris(*of, after, g->limit + 1, uris);
      g->take(std::move(uris));
    });
  };
  if (t->dedicated) {
    impl_->dedicated.for_each([&](const std::string& uri, shard& s) {
      if (uri > after && t->type->path().matches(uri)) ask(s);
    });
  } else {
    for (const auto& s : impl_->shards) ask(*s);
  }
  g->take({});
}

// The store knows who exists, in memory or not.
void runtime::impl::list_stored(const hosted_type& t, const std::string& after, std::size_t limit,
                                answer<entity_page> a) {
  shards[0]->order([this, &t, after, limit, a = std::move(a)](shard&) {
    outcome<entity_page> said = error{};
    try {
      said = stored_page(t, after, limit);
    } catch (const std::exception& x) {
      said = error{problem::not_ready, std::string("the store cannot be read now: ") + x.what()};
    }
    a(std::move(said));
  });
}

entity_page runtime::impl::stored_page(const hosted_type& t, const std::string& after, std::size_t limit) {
  const auto& pattern = t.type->path().pattern();
  const auto prefix = pattern.substr(0, pattern.find("/:") + 1);
  entity_page page;
  auto from = after;
  for (bool more = true; more && page.uris.size() <= limit;) {
    const auto found = kept->owners(prefix, from, limit + 1);
    more = found.size() > limit;
    if (!found.empty()) from = found.back();
    for (const auto& uri : found)
      if (t.type->path().matches(uri) && page.uris.size() <= limit) page.uris.push_back(uri);
  }
  if (page.uris.size() > limit) {
    page.uris.resize(limit);
    page.next = page.uris.back();
  }
  return page;
}

bool runtime::ready() const { return impl_->is_ready; }
void runtime::set_ready(bool ready) { impl_->is_ready = ready; }

std::size_t runtime::store_bytes() const { return impl_->kept->queue_bytes(); }

std::size_t runtime::history_bytes() const { return impl_->history_bytes.bytes.load(std::memory_order_relaxed); }

std::size_t runtime::shard_count() const {
  std::size_t n = 0;
  impl_->for_each_shard([&](const shard&) { ++n; });
  return n;
}

std::int64_t runtime::agent_count(std::string_view type) const {
  std::int64_t n = 0;
  for (const auto& t : impl_->types)
    if (type.empty() || t.type->name() == type) n += t.agents->load(std::memory_order_relaxed);
  return n;
}

std::int64_t runtime::unreadable_count(std::string_view type) const {
  std::int64_t n = 0;
  for (const auto& t : impl_->types)
    if (type.empty() || t.type->name() == type) n += t.unreadable->load(std::memory_order_relaxed);
  return n;
}

}  // namespace twinlane
