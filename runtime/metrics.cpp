#include <twinlane/runtime/metrics.hpp>

#include <algorithm>
#include <deque>
#include <exception>
#include <fstream>
#include <limits>
#include <map>
#include <mutex>
#include <optional>

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>
#include <sys/resource.h>
#include <unistd.h>

namespace twinlane {

namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

struct help_line {
  std::string_view name, text;
};

constexpr help_line help_lines[] = {
    {"process_cpu_seconds_total", "User and system CPU time spent"},
    {"process_resident_memory_bytes", "Resident memory"},
    {"twinlane_activations_total", "Agents brought into memory"},
    {"twinlane_agents", "Agents in memory, by type"},
    {"twinlane_agents_unreadable", "Agents that were asked for and whose stored rows cannot be read, by type"},
    {"twinlane_commands_total", "Commands, by type, lane and outcome"},
    {"twinlane_connections", "Open client connections"},
    {"twinlane_dead_letter_bytes", "Bytes of dead letters on disk"},
    {"twinlane_dead_letter_write_errors_total", "Failed writes of dead letters, each tried again"},
    {"twinlane_dead_letters_dropped_total", "Dead letters dropped at the bound of their place"},
    {"twinlane_late_events_total", "Events dropped because their windows had closed, by type and lane"},
    {"twinlane_dead_letters_total", "Records that could not be applied, by source and reason"},
    {"twinlane_diffs_total", "Diffs and snapshots handed to sockets, by kind"},
    {"twinlane_event_to_push_seconds", "From an event's arrival to its diff's hand-over to the socket"},
    {"twinlane_events_total", "Records, by source and outcome"},
    {"twinlane_history_bytes", "Bytes kept of what changed, for subscribers that missed something"},
    {"twinlane_ingest_in_flight_bytes", "Bytes handed to the shards and not yet durable, by source and partition"},
    {"twinlane_ingest_lag", "Records that the source holds and the shards have not applied, by partition"},
    {"twinlane_log_lines_dropped_total", "Log lines held back because their kind repeats too often"},
    {"twinlane_outbound_bytes", "Bytes queued for clients"},
    {"twinlane_passivations_total", "Agents dropped from memory"},
    {"twinlane_resumes_total", "Subscriptions that wanted to resume, by outcome: resumed, snapshot"},
    {"twinlane_sink_items_total", "Items of sinks, by sink and outcome: sent, retried, dead"},
    {"twinlane_sink_waiting", "Items that have not arrived, in memory or in the store"},
    {"twinlane_slow_turns_total", "Turns over 50 ms"},
    {"twinlane_store_commit_seconds", "From a cut's hand-over to the store until it is durable"},
    {"twinlane_store_queue_bytes", "Bytes handed to the store and not durable yet"},
    {"twinlane_subscriptions", "Open subscriptions"},
    {"twinlane_supply_events_total", "What supply lanes emitted, by outcome for one subscriber: sent, dropped"},
    {"twinlane_turn_seconds", "Time of one turn"},
    {"twinlane_websocket_closes_total", "WebSocket connections closed by the server, by code"},
};

std::string help_of(std::string_view name) {
  for (const auto& line : help_lines)
    if (line.name == name) return std::string(line.text);
  return std::string(name);
}

MetricType type_of(std::string_view name) { return name.ends_with("_total") ? MetricType::Counter : MetricType::Gauge; }

std::size_t bucket_of(double seconds) noexcept {
  std::size_t i = 0;
  while (i < duration_bounds.size() && !(seconds <= duration_bounds[i])) ++i;
  return i;
}

/// Striped by thread, so that shards on several cores do not fight for a cache line.
class histogram {
 public:
  void add(double seconds) noexcept {
    auto& s = stripe_of_thread();
    s.counts[bucket_of(seconds)].fetch_add(1, std::memory_order_relaxed);
    s.sum.fetch_add(seconds, std::memory_order_relaxed);
  }

  void add(const duration_batch& batch) noexcept {
    auto& s = stripe_of_thread();
    for (std::size_t i = 0; i < batch.counts.size(); ++i)
      if (batch.counts[i]) s.counts[i].fetch_add(batch.counts[i], std::memory_order_relaxed);
    s.sum.fetch_add(batch.sum, std::memory_order_relaxed);
  }

  MetricFamily family(std::string_view name) const {
    ClientMetric m;
    std::uint64_t total = 0;
    for (std::size_t i = 0; i <= duration_bounds.size(); ++i) {
      for (const auto& s : stripes_) total += s.counts[i].load(std::memory_order_relaxed);
      const bool last = i == duration_bounds.size();
      m.histogram.bucket.push_back({total, last ? std::numeric_limits<double>::infinity() : duration_bounds[i]});
    }
    m.histogram.sample_count = total;
    for (const auto& s : stripes_) m.histogram.sample_sum += s.sum.load(std::memory_order_relaxed);
    return {std::string(name), help_of(name), MetricType::Histogram, {std::move(m)}};
  }

 private:
  struct alignas(64) stripe {
    std::array<std::atomic<std::uint64_t>, duration_bounds.size() + 1> counts{};
    std::atomic<double> sum{0};
  };
  static constexpr std::size_t stripes = 8;

  stripe& stripe_of_thread() noexcept {
    static std::atomic<std::size_t> next{0};
    thread_local const std::size_t mine = next.fetch_add(1, std::memory_order_relaxed) % stripes;
    return stripes_[mine];
  }

  std::array<stripe, stripes> stripes_{};
};

ClientMetric series(MetricType type, const metrics::labels& l, double value) {
  ClientMetric m;
  for (const auto& [name, text] : l) m.label.push_back({name, text});
  (type == MetricType::Counter ? m.counter.value : m.gauge.value) = value;
  return m;
}

std::optional<double> resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  std::uint64_t pages = 0, resident = 0;
  if (!(statm >> pages >> resident)) return std::nullopt;
  return static_cast<double>(resident) * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

double cpu_seconds() {
  rusage u{};
  ::getrusage(RUSAGE_SELF, &u);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
  };
  return seconds(u.ru_utime) + seconds(u.ru_stime);
}

}  // namespace

void duration_batch::add(double seconds) noexcept {
  ++counts[bucket_of(seconds)];
  sum += seconds;
  empty = false;
}

struct metrics::impl {
  struct watched {
    std::string name;
    labels l;
    std::function<double()> value;
  };
  using family_map = std::map<std::string, MetricFamily, std::less<>>;

  histogram turn, event_to_push, store_commit;
  std::atomic<std::uint64_t>*slow_turns = nullptr, *activations = nullptr, *passivations = nullptr;

  mutable std::mutex counters_mutex;
  std::map<std::string, std::map<labels, std::atomic<std::uint64_t>>, std::less<>> counters;

  mutable std::mutex callbacks_mutex;
  std::deque<watched> gauges;
  std::deque<std::function<void(const emit&)>> collectors;

  static void add_to(family_map& families, std::string_view name, const labels& l, double value) {
    auto at = families.find(name);
    if (at == families.end()) {
      const std::string text(name);
      at = families.emplace(text, MetricFamily{text, help_of(name), type_of(name), {}}).first;
    }
    at->second.metric.push_back(series(at->second.type, l, value));
  }

  void collect_counters(family_map& families) const {
    std::lock_guard lock(counters_mutex);
    for (const auto& [name, by_labels] : counters)
      for (const auto& [l, n] : by_labels)
        add_to(families, name, l, static_cast<double>(n.load(std::memory_order_relaxed)));
  }

  void collect_callbacks(family_map& families) const {
    std::lock_guard lock(callbacks_mutex);
    for (const auto& g : gauges) add_to(families, g.name, g.l, g.value());
    const emit take = [&](std::string_view name, const labels& l, double value) { add_to(families, name, l, value); };
    for (const auto& c : collectors) c(take);
  }

  static void collect_process(family_map& families) {
    add_to(families, "process_cpu_seconds_total", {}, cpu_seconds());
    if (const auto bytes = resident_bytes()) add_to(families, "process_resident_memory_bytes", {}, *bytes);
  }
};

metrics::metrics() : impl_(std::make_unique<impl>()) {
  impl_->slow_turns = &counter("twinlane_slow_turns_total");
  impl_->activations = &counter("twinlane_activations_total");
  impl_->passivations = &counter("twinlane_passivations_total");
}
metrics::~metrics() = default;

void metrics::turn(double seconds) noexcept { impl_->turn.add(seconds); }

void metrics::turns(duration_batch& cut) noexcept {
  if (cut.empty) return;
  impl_->turn.add(cut);
  cut = {};
}

void metrics::activation() noexcept { impl_->activations->fetch_add(1, std::memory_order_relaxed); }
void metrics::passivation() noexcept { impl_->passivations->fetch_add(1, std::memory_order_relaxed); }
void metrics::slow_turn() noexcept { impl_->slow_turns->fetch_add(1, std::memory_order_relaxed); }
void metrics::event_to_push(double seconds) noexcept { impl_->event_to_push.add(seconds); }
void metrics::store_commit(double seconds) noexcept { impl_->store_commit.add(seconds); }

void metrics::command(std::string_view type, std::string_view lane, std::string_view outcome) {
  count("twinlane_commands_total",
        {{"type", std::string(type)}, {"lane", std::string(lane)}, {"outcome", std::string(outcome)}});
}

void metrics::dead(std::string_view source, std::string_view reason, std::uint64_t n) {
  count("twinlane_dead_letters_total", {{"source", std::string(source)}, {"reason", std::string(reason)}}, n);
}

void metrics::diffs(std::string_view kind, std::uint64_t n) {
  count("twinlane_diffs_total", {{"kind", std::string(kind)}}, n);
}

void metrics::websocket_closed(unsigned code) {
  count("twinlane_websocket_closes_total", {{"code", std::to_string(code)}});
}

std::atomic<std::uint64_t>& metrics::counter(std::string_view name, const labels& l) {
  std::lock_guard lock(impl_->counters_mutex);
  auto family = impl_->counters.find(name);
  if (family == impl_->counters.end()) family = impl_->counters.try_emplace(std::string(name)).first;
  auto& all = family->second;
  if (const auto at = all.find(l); at != all.end()) return at->second;
  if (all.size() < series_max) return all[l];
  labels other = l;
  for (auto& [label, text] : other) text = "other";
  return all[other];
}

void metrics::gauge(std::string name, labels l, std::function<double()> value) {
  std::lock_guard lock(impl_->callbacks_mutex);
  impl_->gauges.push_back({std::move(name), std::move(l), std::move(value)});
}

void metrics::collect(std::function<void(const emit&)> all) {
  std::lock_guard lock(impl_->callbacks_mutex);
  impl_->collectors.push_back(std::move(all));
}

void metrics::forget_callbacks() {
  std::lock_guard lock(impl_->callbacks_mutex);
  impl_->gauges.clear();
  impl_->collectors.clear();
}

std::string metrics::text() const {
  impl::family_map families;
  impl_->collect_counters(families);
  impl_->collect_callbacks(families);
  impl::collect_process(families);
  std::vector<MetricFamily> all;
  for (auto& [name, family] : families) all.push_back(std::move(family));
  all.push_back(impl_->turn.family("twinlane_turn_seconds"));
  all.push_back(impl_->event_to_push.family("twinlane_event_to_push_seconds"));
  all.push_back(impl_->store_commit.family("twinlane_store_commit_seconds"));
  return prometheus::TextSerializer().Serialize(all);
}

}  // namespace twinlane
