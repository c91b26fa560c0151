#include <support/fake_port.hpp>

#include <algorithm>

namespace twinlane::testing {
namespace {

using nlohmann::json;

constexpr std::size_t past_revs_max = 32;

error missing(const std::string& uri) { return {problem::no_such_entity, uri + " does not exist."}; }

error absent(const std::string& uri, const std::optional<std::string>& if_match) {
  return if_match == "*" ? error{problem::rev_mismatch, uri + " does not exist."} : missing(uri);
}

}  // namespace

fake_port::fake_port(std::vector<type_description> types) : types_(std::move(types)) {
  for (const auto& t : types_) routes_.emplace_back(t.route);
  worker_ = std::thread([this] { run(); });
}

fake_port::~fake_port() {
  {
    std::lock_guard lock(jobs_mutex_);
    stop_ = true;
  }
  jobs_changed_.notify_all();
  worker_.join();
}

void fake_port::run() {
  for (;;) {
    std::function<void()> job;
    {
      std::unique_lock lock(jobs_mutex_);
      jobs_changed_.wait(lock, [this] { return stop_ || (!held_ && !jobs_.empty()); });
      if (jobs_.empty()) return;
      job = std::move(jobs_.front());
      jobs_.pop_front();
    }
    job();
  }
}

void fake_port::later(std::function<void()> job) {
  {
    std::lock_guard lock(jobs_mutex_);
    jobs_.push_back(std::move(job));
  }
  jobs_changed_.notify_all();
}

void fake_port::hold_answers() {
  std::lock_guard lock(jobs_mutex_);
  held_ = true;
}

void fake_port::release_answers() {
  {
    std::lock_guard lock(jobs_mutex_);
    held_ = false;
  }
  jobs_changed_.notify_all();
}

const type_description* fake_port::type_of(const std::string& uri) const {
  for (std::size_t i = 0; i < routes_.size(); ++i)
    if (routes_[i].matches(uri)) return &types_[i];
  return nullptr;
}

std::optional<error> fake_port::wrong_lanes(const std::string& uri, const view& what) const {
  const auto* type = type_of(uri);
  if (!type) return error{problem::no_such_route, "no route matches " + uri};
  for (const auto& name : what.lanes)
    if (std::none_of(type->lanes.begin(), type->lanes.end(), [&](const auto& l) { return l.name == name; }))
      return error{problem::no_such_lane, "no lane '" + name + "'"};
  return std::nullopt;
}

std::uint64_t fake_port::change(const std::string& uri, const std::function<void(json&)>& f, steady_time arrived) {
  auto [it, born] = entities_.try_emplace(uri);
  if (born) it->second.lineage = "l" + std::to_string(++births_);
  json before = it->second.lanes;
  f(it->second.lanes);
  if (!born && before == it->second.lanes) return it->second.rev;
  auto& e = it->second;
  e.past[++e.rev] = e.lanes;
  if (e.past.size() > past_revs_max) e.past.erase(e.past.begin());
  publish(uri, arrived);
  return e.rev;
}

std::uint64_t fake_port::set(const std::string& uri, const std::string& lane, const json& value) {
  std::lock_guard lock(mutex_);
  return change(
      uri, [&](json& lanes) { value.is_null() ? void(lanes.erase(lane)) : void(lanes[lane] = value); },
      std::chrono::steady_clock::now());
}

std::uint64_t fake_port::set_entry(const std::string& uri, const std::string& lane, const std::string& key,
                                   const json& value) {
  std::lock_guard lock(mutex_);
  return change(
      uri,
      [&](json& lanes) {
        if (!value.is_null())
          lanes[lane][key] = value;
        else if (lanes.contains(lane))
          lanes[lane].erase(key);
      },
      std::chrono::steady_clock::now());
}

void fake_port::erase(const std::string& uri) {
  std::lock_guard lock(mutex_);
  if (entities_.erase(uri) > 0) publish(uri, {});
}

void fake_port::announce(const std::string& uri, std::string_view event, const std::string& cause) {
  std::lock_guard lock(mutex_);
  for (auto& [ignored, l] : links_)
    if (l.wanted.uri == uri && l.wanted.life) l.to->on_life(l.tag, {event, 1763700000000, cause});
}

void fake_port::emit(const std::string& uri, const std::string& lane, const json& value) {
  std::lock_guard lock(mutex_);
  supply_event e;
  if (const auto found = entities_.find(uri); found != entities_.end()) e.rev = found->second.rev;
  std::string tail = "\"lane\":" + json(lane).dump() + ",\"value\":";
  e.value_at = tail.size();
  e.tail = shared_text(tail += value.dump());
  for (auto& [ignored, l] : links_) {
    const auto& named = l.wanted.what.lanes;
    const bool wanted = l.wanted.what.all || std::find(named.begin(), named.end(), lane) != named.end();
    if (l.wanted.uri == uri && l.started && wanted) l.to->on_event(l.tag, e);
  }
}

json fake_port::document(const std::string& uri) const {
  std::lock_guard lock(mutex_);
  const auto found = entities_.find(uri);
  return found == entities_.end() ? json() : found->second.lanes;
}

std::size_t fake_port::subscribers() const {
  std::lock_guard lock(mutex_);
  return links_.size();
}

void fake_port::end_all(std::string_view reason) {
  std::lock_guard lock(mutex_);
  for (auto& [ignored, l] : links_) l.to->on_done(l.tag, reason);
  links_.clear();
}

std::shared_ptr<source_partition> fake_port::add_partition(const std::string& source, const std::string& topic,
                                                           std::int32_t number) {
  std::lock_guard lock(mutex_);
  return partitions_.emplace_back(std::make_shared<source_partition>(source, topic, number));
}

std::shared_ptr<source_partition> fake_port::partition(const std::string& source, const std::string& topic,
                                                       std::int32_t number) {
  for (const auto& p : partitions())
    if (p->source() == source && p->topic() == topic && p->partition() == number) return p;
  return add_partition(source, topic, number);
}

std::vector<std::shared_ptr<source_partition>> fake_port::partitions() const {
  std::lock_guard lock(mutex_);
  return partitions_;
}

outcome<target_info> fake_port::resolve_target(std::string_view, std::string_view) {
  return error{problem::no_such_route, "this fake takes no records"};
}
void fake_port::post(const std::shared_ptr<source_partition>&, std::span<const routed_record>, std::vector<dead_letter>,
                     std::int64_t, steady_time, std::shared_ptr<const ingest_request>) {}

void fake_port::get(const std::string& uri, const view& what, answer<snapshot> a) {
  later([this, uri, what, a = std::move(a)] {
    std::unique_lock lock(mutex_);
    outcome<snapshot> o = missing(uri);
    if (auto wrong = wrong_lanes(uri, what)) {
      o = std::move(*wrong);
    } else if (entities_.contains(uri)) {
      o = make_snapshot(uri, what);
    }
    lock.unlock();
    a(std::move(o));
  });
}

void fake_port::get_lane(const std::string& uri, const std::string& lane, const std::optional<std::string>& key,
                         answer<lane_value> a) {
  later([this, uri, lane, key, a = std::move(a)] {
    std::unique_lock lock(mutex_);
    outcome<lane_value> o = missing(uri);
    if (const auto found = entities_.find(uri); found != entities_.end()) {
      const auto& e = found->second;
      const json value = lane == "summary"        ? json{{"lanes", e.lanes.size()}}
                         : e.lanes.contains(lane) ? e.lanes[lane]
                                                  : json::object();
      if (key && !value.contains(*key)) {
        o = error{problem::no_such_key, "no entry '" + *key + "'"};
      } else {
        o = lane_value{e.lineage, e.rev, key ? value[*key].dump() : value.dump()};
      }
    }
    lock.unlock();
    a(std::move(o));
  });
}

outcome<command_result> fake_port::apply(const command_request& r) {
  if (r.idempotency_key && done_.contains(*r.idempotency_key)) return done_[*r.idempotency_key];
  if (auto wrong = wrong_lanes(r.uri, {false, {r.lane}})) return *wrong;
  const auto found = entities_.find(r.uri);
  if (found == entities_.end()) return absent(r.uri, r.if_match);
  auto& e = found->second;
  if (r.if_match && *r.if_match != "*" && *r.if_match != e.lineage + ":" + std::to_string(e.rev))
    return error{problem::rev_mismatch, "moved"};
  if (r.if_rev && *r.if_rev != e.rev) return error{problem::rev_mismatch, "moved"};
  const auto value = json::parse(r.value, nullptr, false);
  if (!value.is_object() || !value.contains("amount") || !value["amount"].is_number_integer() || value["amount"] < 0)
    return error{problem::bad_value, "field 'amount': not a number above 0"};
  const auto amount = value["amount"].get<int>();
  if (amount > 1000) return error{problem::handler_failed, "too generous"};
  change(
      r.uri, [&](json& lanes) { lanes["orders"]["v" + std::to_string(amount)] = amount; },
      std::chrono::steady_clock::now());
  command_result result{e.rev, e.lineage, json{{"given", amount}}.dump()};
  if (r.idempotency_key) done_[*r.idempotency_key] = result;
  return result;
}

void fake_port::command(command_request r, answer<command_result> a) {
  later([this, r = std::move(r), a = std::move(a)] {
    std::unique_lock lock(mutex_);
    auto o = apply(r);
    lock.unlock();
    a(std::move(o));
  });
}

outcome<command_result> fake_port::apply(const write_request& r) {
  const auto found = entities_.find(r.uri);
  if (found == entities_.end()) return absent(r.uri, r.if_match);
  auto& e = found->second;
  if (r.if_match && *r.if_match != "*" && *r.if_match != e.lineage + ":" + std::to_string(e.rev))
    return error{problem::rev_mismatch, "moved"};
  change(
      r.uri,
      [&](json& lanes) {
        auto& holder = r.key ? lanes[r.lane] : lanes;
        const auto& name = r.key ? *r.key : r.lane;
        if (r.op == write_op::remove) {
          holder.erase(name);
        } else if (r.op == write_op::put) {
          holder[name] = json::parse(r.value);
        } else {
          holder[name].merge_patch(json::parse(r.value));
        }
      },
      std::chrono::steady_clock::now());
  return command_result{e.rev, e.lineage, "null"};
}

void fake_port::write(write_request r, answer<command_result> a) {
  later([this, r = std::move(r), a = std::move(a)] {
    std::unique_lock lock(mutex_);
    auto o = apply(r);
    lock.unlock();
    a(std::move(o));
  });
}

void fake_port::remove(const std::string& uri, std::optional<std::string> if_match, answer<std::monostate> a) {
  later([this, uri, if_match = std::move(if_match), a = std::move(a)] {
    std::unique_lock lock(mutex_);
    outcome<std::monostate> o = missing(uri);
    if (const auto found = entities_.find(uri); found != entities_.end()) {
      const auto tag = found->second.lineage + ":" + std::to_string(found->second.rev);
      if (if_match && *if_match != "*" && *if_match != tag) {
        o = error{problem::rev_mismatch, "moved"};
      } else {
        entities_.erase(found);
        publish(uri, {});
        o = std::monostate{};
      }
    }
    lock.unlock();
    a(std::move(o));
  });
}

void fake_port::entities(const std::string& type, const std::string& after, std::size_t limit, answer<entity_page> a) {
  later([this, type, after, limit, a = std::move(a)] {
    std::unique_lock lock(mutex_);
    entity_page page;
    for (auto it = entities_.upper_bound(after); it != entities_.end(); ++it) {
      if (type_of(it->first)->name != type) continue;
      if (page.uris.size() == limit) {
        page.next = page.uris.back();
        break;
      }
      page.uris.push_back(it->first);
    }
    lock.unlock();
    a(std::move(page));
  });
}

}  // namespace twinlane::testing
