#include <twinlane/runtime/app/agent_importer.hpp>

#include <chrono>
#include <future>
#include <stdexcept>
#include <utility>

#include <twinlane/runtime/detail/shard_rows.hpp>
#include <twinlane/runtime/detail/store_layout.hpp>

namespace twinlane::app {

namespace stored = twinlane::detail;

namespace {

constexpr std::size_t waiting_bytes_max = 8 * 1024 * 1024;

std::vector<join_effect> joins_of(const agent& a) {
  std::vector<join_effect> all;
  for (std::size_t i = 0; i < a.lane_count(); ++i)
    if (a.type().lanes()[i].stored()) a.lane_at(i).collect_joins(all);
  return all;
}

std::string follower_key(const agent& by, const join_effect& j) {
  return stored::follower_key(by.uri(), by.type().lanes()[j.lane].name, j.key);
}

}  // namespace

/// Tells a waiting thread; without having been told, that the store has given up.
class agent_importer::written final : public commit_waiter {
 public:
  explicit written(std::promise<bool> p) : promise_(std::move(p)) {}
  ~written() override {
    if (!told_) promise_.set_value(false);
  }
  void durable() noexcept override {
    told_ = true;
    promise_.set_value(true);
  }

 private:
  std::promise<bool> promise_;
  bool told_ = false;
};

agent_importer::agent_importer(store& to, const store_opened& opened, const agent_types& types, importer_options o)
    : store_(to), types_(types), options_(std::move(o)), reader_(types_), births_((opened.opens << 32) + 1) {
  stored::store_layout layout{options_.shards, {}};
  for (const auto& t : types_) layout.types.emplace_back(t->name(), hosting_of(*t));
  row_batch rows;
  stored::expect_layout(store_, layout, rows);
  commit(std::move(rows), durability::soon);
}

agent_importer::~agent_importer() = default;

decode_status agent_importer::add(std::string_view line) {
  imported_agent a;
  if (auto status = reader_.read(line, births_, options_.now_ms, a); !status) return status;
  row_batch rows;
  if (remove_present(a.uri, *a.type, rows) && !options_.replace)
    return {lane_errc::bad_value, a.uri + " exists already. Import with --replace to take this one instead"};
  ++births_;
  put(a, rows);
  left_out_ += a.left_out;
  commit(std::move(rows), durability::soon);
  return {};
}

// True when the agent exists. Who follows it goes on following.
bool agent_importer::remove_present(const std::string& uri, const agent_type& type, row_batch& rows) {
  std::unique_ptr<agent> before;
  agent_loader loader;
  store_.read(uri, [&](const store_row& r) {
    if (r.lane == stored::follower_lane) return;
    if (!before) loader.begin(*(before = type.make(uri)));
    rows.remove(uri, r.lane, r.key);
    loader.add(r.lane, r.key, r.value);  // what cannot be read goes too
  });
  if (!before) return false;
  for (const auto& j : joins_of(*before)) rows.remove(j.uri, stored::follower_lane, follower_key(*before, j));
  return true;
}

void agent_importer::put(const imported_agent& a, row_batch& rows) const {
  for (const auto& r : a.rows) rows.put(a.uri, r.lane, r.key, r.value);
  for (const auto& j : joins_of(*a.self)) rows.put(j.uri, stored::follower_lane, follower_key(*a.self, j), j.from_lane);
  if (a.type->keeps_time()) put_due(a, rows);
}

hosting agent_importer::hosting_of(const agent_type& type) const {
  return options_.hosting_override.value_or(type.options().host);
}

void agent_importer::put_due(const imported_agent& a, row_batch& rows) const {
  const bool dedicated = hosting_of(*a.type) == hosting::dedicated;
  const auto owner = '#' + (dedicated ? a.uri : std::to_string(a.type->path().hash(a.uri) % options_.shards));
  const auto due_ms = a.self->next_due_ms();
  if (due_ms == lane_base::never) {
    rows.remove(owner, stored::due_lane, a.uri);
    return;
  }
  rows.put(owner, stored::due_lane, a.uri, std::to_string(due_ms));
  if (dedicated) rows.put(stored::dedicated_owner, "", a.uri, "");
}

void agent_importer::commit(row_batch rows, durability d) {
  waiting_bytes_ += rows.bytes();
  store_.commit(std::move(rows), d, nullptr);
  if (waiting_bytes_ > waiting_bytes_max) wait_until_durable(durability::soon);
}

void agent_importer::wait_until_durable(durability d) {
  std::promise<bool> promise;
  auto told = promise.get_future();
  store_.commit({}, d, std::make_unique<written>(std::move(promise)));
  while (told.wait_for(std::chrono::milliseconds(100)) != std::future_status::ready)
    if (const auto why = store_.trouble()) throw std::runtime_error(*why);
  if (!told.get()) throw std::runtime_error("the store could not be written");
  waiting_bytes_ = 0;
}

void agent_importer::finish() { wait_until_durable(durability::now); }

}  // namespace twinlane::app
