#include <twinlane/web/source_rates.hpp>

#include <algorithm>
#include <cmath>

#include <nlohmann/json.hpp>

namespace twinlane::web {
namespace {

using json = nlohmann::ordered_json;

json number_or_null(std::int64_t n) { return n < 0 ? json(nullptr) : json(n); }

// What has been handed over and is not durable yet counts as not applied: shards do both at once.
std::int64_t offset_applied(const source_partition& p) {
  const auto posted = p.posted_mark();
  if (posted < 0) return p.low_mark();
  return std::max(p.low_mark(), posted - p.in_flight_records());
}

json describe(const source_partition& p, double rate) {
  const auto applied = offset_applied(p);
  const auto end = p.log_end.load(std::memory_order_relaxed);
  json d;
  d["topic"] = p.topic();
  d["partition"] = p.partition();
  d["offset_applied"] = number_or_null(applied);
  d["offset_durable"] = number_or_null(p.low_mark());
  d["log_end"] = number_or_null(end);
  d["lag"] = end < 0 ? json(nullptr) : json(std::max<std::int64_t>(0, end - std::max<std::int64_t>(0, applied)));
  d["rate"] = std::round(rate * 10) / 10;
  d["assigned"] = p.assigned.load(std::memory_order_relaxed);
  d["paused"] = p.paused.load(std::memory_order_relaxed);
  d["applied"] = p.applied.load(std::memory_order_relaxed);
  d["duplicates"] = p.duplicates.load(std::memory_order_relaxed);
  d["dead_letters"] = p.dead.load(std::memory_order_relaxed);
  d["in_flight_records"] = p.in_flight_records();
  d["in_flight_bytes"] = p.in_flight_bytes();
  return d;
}

json empty_source(const std::string& name) {
  return {{"source", name}, {"rate", 0.0}, {"dead_letters", 0}, {"partitions", json::array()}};
}

}  // namespace

void source_rates::sample(const std::vector<std::shared_ptr<source_partition>>& partitions, clock::time_point now) {
  std::lock_guard lock(mutex_);
  const double seconds = std::chrono::duration<double>(now - at_).count();
  const bool first = at_ == clock::time_point{};
  at_ = now;
  std::map<const source_partition*, reading> next;
  for (const auto& p : partitions) {
    const auto applied = p->applied.load(std::memory_order_relaxed);
    reading r{applied, 0};
    const auto before = readings_.find(p.get());
    if (!first && seconds > 0) {
      const auto from = before == readings_.end() ? 0 : before->second.applied;
      r.per_second = static_cast<double>(applied - from) / seconds;
    }
    next.emplace(p.get(), r);
  }
  readings_ = std::move(next);
}

double source_rates::rate(const source_partition& p) const {
  std::lock_guard lock(mutex_);
  const auto found = readings_.find(&p);
  return found == readings_.end() ? 0 : found->second.per_second;
}

std::string sources_document(const std::vector<std::shared_ptr<source_partition>>& partitions,
                             const source_rates& rates, const std::vector<source_state>& states) {
  json items = json::array();
  for (const auto& p : partitions) {
    if (items.empty() || items.back()["source"] != p->source()) items.push_back(empty_source(p->source()));
    auto& source = items.back();
    const double rate = rates.rate(*p);
    auto described = describe(*p, rate);
    source["rate"] = std::round((source["rate"].get<double>() + rate) * 10) / 10;
    source["dead_letters"] =
        source["dead_letters"].get<std::uint64_t>() + described["dead_letters"].get<std::uint64_t>();
    source["partitions"].push_back(std::move(described));
  }
  for (const auto& s : states) {
    auto found = std::find_if(items.begin(), items.end(), [&](const json& i) { return i["source"] == s.name; });
    if (found == items.end()) found = items.insert(items.end(), empty_source(s.name));
    (*found)["kind"] = s.kind;
    (*found)["state"] = s.state;
    (*found)["problem"] = s.problem.empty() ? json(nullptr) : json(s.problem);
  }
  return json{{"items", std::move(items)}}.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace twinlane::web
