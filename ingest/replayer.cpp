#include <twinlane/ingest/replayer.hpp>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <set>
#include <stdexcept>
#include <utility>

#include <twinlane/agents/uri.hpp>
#include <twinlane/ingest/record_router.hpp>

namespace twinlane::ingest {

namespace {

constexpr std::string_view replay_topic = "(replay)", agents_source = "(agents)", sink_begin = "(sink ";

replay_fate refused(std::string why) { return {replay_fate::kind::refused, std::move(why)}; }

std::string text_of(const error& e) { return e.detail.empty() ? std::string(title_of(e.code)) : e.detail; }

}  // namespace

/// The partition of one source that replayed records are posted to.
class replayer::lane {
 public:
  lane(port& p, const std::string& source) : port_(p), partition_(p.partition(source, std::string(replay_topic), 0)) {
    next_ = std::max(partition_->fresh_offset, partition_->posted_mark());
    partition_->did_reject = [s = signals_](std::int64_t offset, dead_reason reason, const std::string& detail) {
      std::lock_guard lock(s->mutex);
      s->rejected[offset] = std::string(name_of(reason)) + ": " + detail;
    };
    partition_->assigned = true;
    partition_->did_advance = [s = signals_](std::int64_t) {
      { std::lock_guard lock(s->mutex); }
      s->advanced.notify_all();
    };
  }

  /// Texts of records live until post().
  text_arena& texts() noexcept { return texts_; }
  std::unique_ptr<record_router> router;  // made on first use

  void add(routed_record r, std::size_t index) {
    r.offset = next_++;
    records_.push_back(r);
    indexes_.push_back(index);
  }
  void post() {
    if (records_.empty()) return;
    port_.post(partition_, records_, {}, next_, steady_time::clock::now(), nullptr);
  }
  /// Until all that was posted is durable, or dead again; false when that has not come in time.
  bool wait(std::stop_token stop, steady_time until, std::vector<replay_fate>& fates) {
    std::unique_lock lock(signals_->mutex);
    const auto done = [&] { return records_.empty() || partition_->low_mark() >= next_; };
    const bool whole = signals_->advanced.wait_until(lock, stop, until, done);
    for (std::size_t i = 0; whole && i < records_.size(); ++i) {
      const auto bad = signals_->rejected.find(records_[i].offset);
      if (bad == signals_->rejected.end())
        fates[indexes_[i]] = {replay_fate::kind::applied, {}};
      else
        fates[indexes_[i]] = {replay_fate::kind::dead_again, std::move(bad->second)};
    }
    signals_->rejected.clear();
    records_.clear();
    indexes_.clear();
    texts_.clear();
    return whole;
  }

 private:
  /// What shards tell. They may do so after the replayer is gone.
  struct signals {
    std::mutex mutex;
    std::condition_variable_any advanced;
    std::map<std::int64_t, std::string> rejected;  // by offset
  };

  port& port_;
  std::shared_ptr<source_partition> partition_;
  std::shared_ptr<signals> signals_ = std::make_shared<signals>();
  text_arena texts_;
  std::int64_t next_ = 0;  // offset
  std::vector<routed_record> records_;
  std::vector<std::size_t> indexes_;  // of their letters
};

/// Letters that sinks have taken. Their items may arrive after the replayer is gone.
class replayer::sink_items {
 public:
  void expect(std::size_t index) {
    std::lock_guard lock(mutex_);
    missing_.insert(index);
  }
  void took(std::size_t index) {
    {
      std::lock_guard lock(mutex_);
      missing_.erase(index);
    }
    arrived_.notify_all();
  }
  /// What has not arrived by then stays a letter.
  void wait(std::stop_token stop, steady_time until, std::vector<replay_fate>& fates) {
    std::unique_lock lock(mutex_);
    arrived_.wait_until(lock, stop, until, [&] { return missing_.empty(); });
    for (const auto i : missing_) fates[i] = refused("its sink has not delivered it in time, and may still do so");
  }

 private:
  std::mutex mutex_;
  std::condition_variable_any arrived_;
  std::set<std::size_t> missing_;
};

replayer::replayer(std::vector<source_spec> specs, port& p, sink_handler to_sink)
    : specs_(std::move(specs)), port_(p), to_sink_(std::move(to_sink)) {}

replayer::~replayer() = default;

replayer::lane& replayer::lane_of(const std::string& source) {
  auto& l = lanes_[source];
  if (!l) l = std::make_unique<lane>(port_, source);
  return *l;
}

std::optional<std::vector<replay_fate>> replayer::replay(std::span<const dead_letter> letters, std::stop_token stop,
                                                         std::chrono::milliseconds at_most) {
  std::vector<replay_fate> fates;
  items_ = std::make_shared<sink_items>();
  for (std::size_t i = 0; i < letters.size(); ++i) fates.push_back(add(letters[i], i));
  const auto until = steady_time::clock::now() + at_most;
  for (auto& [source, l] : lanes_) l->post();
  bool whole = true;
  for (auto& [source, l] : lanes_) whole = l->wait(stop, until, fates) && whole;
  items_->wait(stop, until, fates);
  if (!whole) return std::nullopt;
  return fates;
}

replay_fate replayer::add(const dead_letter& letter, std::size_t index) {
  if (letter.source == agents_source) return add_message(letter, index);
  if (letter.source.starts_with(sink_begin)) return give_to_sink(letter, index);
  return add_record(letter, index);
}

replay_fate replayer::give_to_sink(const dead_letter& letter, std::size_t index) {
  if (!to_sink_) return refused("letters of sinks cannot be replayed");
  items_->expect(index);
  const auto taken = to_sink_(letter, [items = items_, index] { items->took(index); });
  if (ok(taken)) return {replay_fate::kind::applied, {}};
  items_->took(index);
  return refused(text_of(std::get<error>(taken)));
}

namespace {

/// A record for a lane of an agent, as views of the letter. Nothing, and why, when there is no such lane any more.
std::optional<routed_record> record_for(port& p, const std::string& uri, std::string_view lane_name,
                                        const dead_letter& letter, std::string& why) {
  const auto target = p.resolve_target(uri, lane_name);
  if (!ok(target)) {
    why = text_of(std::get<error>(target));
    return std::nullopt;
  }
  const auto& found = std::get<target_info>(target);
  const auto first = decode_segment(split_uri(uri)[found.first_param_segment]);
  routed_record r;
  r.uri = uri;
  r.hash = murmur2(first.value_or(std::string()));
  r.target = found.id;
  r.key = letter.key;
  r.value = letter.value;
  r.remove = letter.value.empty();
  r.time_ms = letter.time_ms;
  return r;
}

}  // namespace

replay_fate replayer::add_message(const dead_letter& letter, std::size_t index) {
  const auto slash = letter.topic.rfind('/');
  if (slash == 0 || slash == std::string::npos || letter.value.empty())
    return refused("it is no message for a lane, but news of a join");
  auto& to = lane_of(letter.source);
  const auto uri = to.texts().keep(std::string_view(letter.topic).substr(0, slash));
  std::string why;
  auto r = record_for(port_, std::string(uri), std::string_view(letter.topic).substr(slash + 1), letter, why);
  if (!r) return refused(std::move(why));
  r->uri = uri;
  r->time_ms = letter.at_ms;
  to.add(*r, index);
  return {};
}

replay_fate replayer::add_record(const dead_letter& letter, std::size_t index) {
  const auto spec =
      std::find_if(specs_.begin(), specs_.end(), [&](const source_spec& s) { return s.name == letter.source; });
  if (spec == specs_.end()) return refused("there is no source '" + letter.source + "' in the configuration");
  std::string why;
  if (!letter.uri.empty()) {
    const auto r = record_for(port_, letter.uri, spec->lane, letter, why);
    if (!r) return refused(std::move(why));
    lane_of(letter.source).add(*r, index);
    return {};
  }
  if (spec->format == record_format::csv && spec->columns.empty())
    return refused("it is a CSV row whose columns a header line told. Write columns: into the source");
  auto& to = lane_of(letter.source);
  if (!to.router) {
    const auto target = port_.resolve_target(spec->entity, spec->lane);
    if (!ok(target)) return refused(text_of(std::get<error>(target)));
    to.router = std::make_unique<record_router>(*spec, std::get<target_info>(target));
  }
  raw_record r;
  r.value = letter.value;
  r.key = letter.key;
  r.has_value = !letter.value.empty() || letter.reason == dead_reason::empty;
  r.has_key = !letter.key.empty();
  r.offset = letter.offset;
  r.timestamp_ms = letter.at_ms;
  std::vector<routed_record> routed;
  if (const auto bad = to.router->route(r, {letter.topic, letter.partition}, to.texts(), routed))
    return refused(std::string(name_of(bad->reason)) + ": " + bad->detail);
  if (routed.empty()) return refused("it is a CSV header line, which is no record");
  for (const auto& one : routed) to.add(one, index);
  return {};
}

}  // namespace twinlane::ingest
