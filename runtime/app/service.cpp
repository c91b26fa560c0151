#include <twinlane/runtime/app/service.hpp>

#include <algorithm>
#include <array>
#include <map>
#include <stdexcept>
#include <utility>
#include <variant>

#include <fmt/format.h>

#include <twinlane/ingest/sinks.hpp>
#include <twinlane/ingest/sources.hpp>
#include <twinlane/runtime/app/dead_desk.hpp>
#include <twinlane/runtime/app/detail/data_files.hpp>
#include <twinlane/runtime/app/sink_report.hpp>
#include <twinlane/runtime/dead_letters.hpp>
#include <twinlane/runtime/log.hpp>
#include <twinlane/runtime/metrics.hpp>
#include <twinlane/runtime/runtime.hpp>
#include <twinlane/runtime/sqlite_store.hpp>
#include <twinlane/web/server.hpp>

namespace twinlane::app {

namespace {

using std::chrono::milliseconds;
using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;

runtime_options runtime_options_of(const config& c, dead_letters& dead, const std::shared_ptr<metrics>& figures) {
  runtime_options o;
  o.shards = c.shards;
  o.workers = c.workers;
  o.hosting_override = c.hosting_override;
  o.shard.cut_records = c.cut_records;
  o.shard.active_max = c.active_max == 0 ? 0 : std::max<std::size_t>(c.active_max / c.shards, 1);
  o.shard.idle_ms = c.agent_idle.count();
  o.dead_letters = [&dead](std::span<const dead_letter> letters) { return dead.append(letters); };
  o.figures = figures;
  return o;
}

std::unique_ptr<store> make_store(const config& c) {
  if (c.store == config::store_kind::memory) return std::make_unique<memory_store>();
  sqlite_store_options o;
  o.file = detail::store_file(c.data_dir);
  return std::make_unique<sqlite_store>(std::move(o));
}

/// The close code that a reason of the web server stands for; 0 when it is no WebSocket close.
unsigned close_code_of(std::string_view reason) {
  constexpr std::pair<std::string_view, unsigned> codes[] = {
      {"closed_slow", 4408},           {"closed_rate", 4429},
      {"closed_unauthorized", 4401},   {"closed_bad_message", 4400},
      {"closed_protocol_error", 1002}, {"closed_bad_utf8", 1007},
      {"closed_too_large", 1009},      {"closed_lost", 1006}};
  for (const auto& [name, code] : codes)
    if (name == reason) return code;
  return 0;
}

web::figures web_figures(metrics& m) {
  web::figures f;
  f.event_to_push = [&m](double seconds) { m.event_to_push(seconds); };
  const auto kind = [&m](const char* name) { return &m.counter("twinlane_diffs_total", {{"kind", name}}); };
  f.diffs = [sent = kind("sent"), merged = kind("merged"), snapshot = kind("snapshot")](std::string_view k,
                                                                                        std::uint64_t n) {
    *(k == "sent" ? sent : k == "merged" ? merged : snapshot) += n;
  };
  const auto outcome = [&m](const char* name) {
    return &m.counter("twinlane_supply_events_total", {{"outcome", name}});
  };
  f.events = [sent = outcome("sent"), dropped = outcome("dropped")](std::string_view k, std::uint64_t n) {
    *(k == "sent" ? sent : dropped) += n;
  };
  f.counted = [&m](std::string_view what) {
    if (const auto code = close_code_of(what))
      m.websocket_closed(code);
    else
      m.count("twinlane_refused_total", {{"reason", std::string(what)}});
  };
  return f;
}

/// Per source and partition, summed where a metric has no partition.
void emit_partitions(const port& p, const metrics::emit& emit) {
  std::map<std::string, std::array<std::uint64_t, 3>> events;
  for (const auto& part : p.partitions()) {
    auto& [applied, duplicates, dead] = events[part->source()];
    applied += part->applied.load(std::memory_order_relaxed);
    duplicates += part->duplicates.load(std::memory_order_relaxed);
    dead += part->dead.load(std::memory_order_relaxed);
    const metrics::labels which{{"source", part->source()}, {"partition", std::to_string(part->partition())}};
    emit("twinlane_ingest_in_flight_bytes", which, static_cast<double>(part->in_flight_bytes()));
    const auto end = part->log_end.load(std::memory_order_relaxed);
    if (end < 0) continue;
    const auto lag = end - std::max<std::int64_t>(part->low_mark(), 0);
    emit("twinlane_ingest_lag", which, static_cast<double>(std::max<std::int64_t>(lag, 0)));
  }
  for (const auto& [source, counts] : events) {
    constexpr std::array names{"applied", "duplicate", "dead"};
    for (std::size_t i = 0; i < names.size(); ++i)
      emit("twinlane_events_total", {{"source", source}, {"outcome", names[i]}}, static_cast<double>(counts[i]));
  }
}

void answer_ingest(outcome<ingest::http_answer> a, const std::function<void(outcome<web::ingest_result>)>& done) {
  if (!ok(a)) return done(std::get<error>(std::move(a)));
  auto& answered = std::get<ingest::http_answer>(a);
  web::ingest_result r;
  r.accepted = answered.accepted;
  for (auto& line : answered.rejected) r.rejected.push_back({line.line, std::move(line.reason)});
  done(std::move(r));
}

}  // namespace

struct service::impl {
  std::string scheme, host;
  std::shared_ptr<metrics> figures = std::make_shared<metrics>();
  dead_letters dead;
  std::shared_ptr<runtime> agents;
  std::unique_ptr<ingest::sources> sources;
  std::unique_ptr<dead_desk> desk;
  std::unique_ptr<ingest::sinks> sinks;
  std::unique_ptr<web::server> web;
  bool stopped = false;

  impl(const program& p, const config& c)
      : scheme(c.web.tls ? "https" : "http"),
        host(c.web.host),
        dead(detail::dead_letter_folder(c.data_dir), {.total_bytes_max = c.dead_letter_bytes_max, .figures = figures}),
        agents(std::make_shared<runtime>(runtime_options_of(c, dead, figures), make_store(c))) {
    add_types(*agents, p, c);
    sinks = std::make_unique<ingest::sinks>(c.sinks, [this](auto letters) { return bury(letters); });
    for (const auto& queue : sinks->queues()) agents->add_sink(queue);
    agents->start();
    sources = std::make_unique<ingest::sources>(c.sources, *agents, p.generators);
    desk = std::make_unique<dead_desk>(dead, c.sources, *agents, [this](const auto& letter, auto arrived) {
      return sinks->replay(letter, std::move(arrived));
    });
    web = std::make_unique<web::server>(web_options_of(p, c), agents, web_figures(*figures));
    export_figures();
    web->start();
    sinks->start();
    sources->start();
  }
  ~impl() { stop(1s); }

  bool bury(std::span<const dead_letter> letters) {
    if (!dead.append(letters)) return false;
    for (const auto& l : letters) figures->dead(l.source, name_of(l.reason));
    return true;
  }

  web::options web_options_of(const program& p, const config& c) {
    auto o = c.web;
    o.ui_dir = find_pages(p, c);
    o.pages = web::embedded_pages();
    if (o.ui_dir.empty() && o.pages.empty())
      log_limited(log_level::info, "pages",
                  "no pages under /ui/: this program was built without them. ./dev build needs npm for that.");
    o.metrics_text = [m = figures] { return m->text(); };
    o.sinks_document = [this] { return sinks_document(*sinks); };
    o.source_states = [this] {
      std::vector<web::source_state> all;
      for (auto& s : sources->status())
        all.push_back({std::move(s.name), std::move(s.kind), std::string(name_of(s.state)), std::move(s.problem)});
      return all;
    };
    o.ingest = [this](std::string source, std::string body, std::optional<std::string> key,
                      std::function<void(outcome<web::ingest_result>)> done) {
      sources->handle(source, std::move(body), std::move(key),
                      [done = std::move(done)](outcome<ingest::http_answer> a) { answer_ingest(std::move(a), done); });
    };
    o.dead_list = [this](web::dead_query q, dead_desk::done_fn done) { desk->list(std::move(q), std::move(done)); };
    o.dead_replay = [this](web::dead_query q, dead_desk::done_fn done) { desk->replay(std::move(q), std::move(done)); };
    return o;
  }

  void export_figures() {
    figures->gauge("twinlane_shards", {}, [this] { return static_cast<double>(agents->shard_count()); });
    figures->gauge("twinlane_history_bytes", {}, [this] { return static_cast<double>(agents->history_bytes()); });
    figures->gauge("twinlane_store_queue_bytes", {}, [this] { return static_cast<double>(agents->store_bytes()); });
    figures->gauge("twinlane_connections", {}, [this] { return static_cast<double>(web->connections()); });
    figures->gauge("twinlane_subscriptions", {}, [this] { return static_cast<double>(web->subscriptions()); });
    figures->gauge("twinlane_outbound_bytes", {}, [this] { return static_cast<double>(web->outbound_bytes()); });
    figures->gauge("twinlane_dead_letter_bytes", {}, [this] { return static_cast<double>(dead.bytes()); });
    figures->gauge("twinlane_log_lines_dropped_total", {}, [] { return static_cast<double>(log_lines_dropped()); });
    figures->collect([this](const metrics::emit& emit) {
      for (const auto& type : agents->types()) {
        emit("twinlane_agents", {{"type", type.name}}, static_cast<double>(agents->agent_count(type.name)));
        emit("twinlane_agents_unreadable", {{"type", type.name}},
             static_cast<double>(agents->unreadable_count(type.name)));
      }
      emit_partitions(*agents, emit);
      emit_sinks(*sinks, emit);
    });
  }

  bool stop(milliseconds deadline) {
    if (std::exchange(stopped, true)) return true;
    const auto end = clock::now() + deadline;
    const auto at_most = [&](milliseconds part) {
      const auto left = std::chrono::duration_cast<milliseconds>(end - clock::now());
      return std::clamp(left, 0ms, part);
    };
    agents->set_ready(false);
    if (sources) sources->stop(at_most(deadline * 4 / 9));
    if (desk) desk->stop();
    const bool drained = agents->drain(at_most(deadline * 2 / 9));
    agents->end_agents(at_most(deadline / 9));  // so that subscribers still hear of it
    if (sinks) sinks->stop(at_most(deadline / 9));
    if (web) web->stop(at_most(deadline * 2 / 9));
    const bool clean = agents->stop(at_most(deadline));
    figures->forget_callbacks();
    if (!drained) log_limited(log_level::warn, "stop.drain", "stopping: not all that had arrived was applied in time");
    return clean;
  }
};

service::service(const program& p, const config& c) : impl_(std::make_unique<impl>(p, c)) {}
service::~service() = default;

std::string service::url() const {
  const bool v6 = impl_->host.find(':') != std::string::npos;
  return fmt::format("{}://{}{}{}:{}", impl_->scheme, v6 ? "[" : "", impl_->host, v6 ? "]" : "", impl_->web->port());
}

bool service::sources_ready() const { return impl_->sources->ready(); }

std::string service::waiting_for() const {
  std::string all;
  for (const auto& s : impl_->sources->status())
    if (!s.problem.empty()) all += fmt::format("{}{}: {}", all.empty() ? "" : "; ", s.name, s.problem);
  return all;
}

void service::open() { impl_->agents->set_ready(true); }
bool service::stop(milliseconds deadline) { return impl_->stop(deadline); }

}  // namespace twinlane::app
