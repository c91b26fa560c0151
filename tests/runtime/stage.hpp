#pragma once

#include <algorithm>
#include <chrono>
#include <functional>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <twinlane/runtime/runtime.hpp>
#include <twinlane/runtime/sqlite_store.hpp>

#include "cast.hpp"
#include "following.hpp"
#include "runtime_app/temp_dir.hpp"

namespace runtime_test {

using namespace std::chrono_literals;
constexpr auto patience = 20s;

/// Waits until the condition holds; false at the deadline.
inline bool eventually(const std::function<bool()>& holds, std::chrono::milliseconds deadline = patience) {
  const auto end = std::chrono::steady_clock::now() + deadline;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(1ms);
  }
  return true;
}

struct event {
  std::string uri, lane, key, value;
  bool remove = false;
  std::int64_t time_ms = 0;
};

/// What a stage stands on. keeps: in SQLite, in the folder given or one of its own.
struct ground {
  hosting host = hosting::shared;
  bool keeps = false;
  std::string folder{};
  std::function<void(sqlite_store_options&)> adjust{};
};
inline std::string name_of_ground(const testing::TestParamInfo<ground>& i) {
  return std::string(name_of(i.param.host)) + (i.param.keeps ? "_sqlite" : "");
}
inline const auto all_grounds = testing::Values(ground{hosting::shared}, ground{hosting::dedicated},
                                                ground{hosting::shared, true}, ground{hosting::dedicated, true});

/// A runtime with the cast of agents, on real actors.
class stage {
 public:
  explicit stage(const ground& g, runtime_options o = {}, const std::vector<std::shared_ptr<sink_queue>>& sinks = {})
      : on(with(std::move(o), g.host, *this), store_of(g, folder_)) {
    for (const auto& s : sinks) on.add_sink(s);
    on.add<account>("account", "/account/:id");
    on.add<relay>("relay", "/relay/:id");
    on.add<fan>("fan", "/fan/:id");
    on.add<product>("product", "/product/:id");
    on.add<clerk>("clerk", "/clerk/:id");
    on.add<siren>("siren", "/siren/:id");
    on.add<account>("locker", "/locker/:id", {hosting::shared, creation::commands});
    on.start();
    source = on.partition("src", "topic", 0);
    offset_ = std::max<std::int64_t>(source->stored_low_mark.value_or(0), 0);
  }

  void post(const std::vector<event>& events) { post(source, events, offset_); }
  void post(const std::shared_ptr<source_partition>& p, std::span<const event> events, std::int64_t& offset) {
    std::vector<routed_record> records;
    for (const auto& e : events) {
      const auto segments = e.uri.find('/', 1);
      const auto target = on.resolve_target(e.uri.substr(0, segments) + "/{id}", e.lane);
      if (!ok(target)) throw std::out_of_range(std::get<error>(target).detail);
      const auto id = e.uri.substr(segments + 1);
      records.push_back({e.uri, murmur2(decode_segment(id).value()), std::get<0>(target).id, e.key, e.value, e.remove,
                         offset++, e.time_ms});
    }
    on.post(p, records, {}, offset, std::chrono::steady_clock::now());
  }
  bool drain() { return on.drain(patience); }

  template <class T, class Call>
  static outcome<T> wait_for(Call&& call) {
    auto said = std::make_shared<std::promise<outcome<T>>>();
    auto future = said->get_future();
    call([said](outcome<T> o) { said->set_value(std::move(o)); });
    if (future.wait_for(patience) != std::future_status::ready) throw std::runtime_error("no answer came");
    return future.get();
  }
  outcome<snapshot> get(const std::string& uri, const view& v = {}) {
    return wait_for<snapshot>([&](auto a) { on.get(uri, v, a); });
  }
  json document(const std::string& uri) {
    const auto s = get(uri);
    return ok(s) ? json::parse(std::get<0>(s).lanes()) : json();
  }
  outcome<command_result> command(const std::string& uri, const std::string& lane, const std::string& value,
                                  std::optional<std::string> key = {}) {
    return wait_for<command_result>([&](auto a) { on.command({uri, lane, value, {}, {}, std::move(key)}, a); });
  }
  outcome<command_result> write(write_request r) {
    return wait_for<command_result>([&](auto a) { on.write(std::move(r), a); });
  }
  outcome<std::monostate> remove(const std::string& uri, std::optional<std::string> match = {}) {
    return wait_for<std::monostate>([&](auto a) { on.remove(uri, std::move(match), a); });
  }
  outcome<entity_page> page(const std::string& type, const std::string& after, std::size_t limit) {
    return wait_for<entity_page>([&](auto a) { on.entities(type, after, limit, a); });
  }
  std::vector<dead_letter> dead() {
    std::lock_guard lock(mutex_);
    return dead_;
  }

  std::atomic<std::int64_t> now{1'000'000};

 private:
  static std::unique_ptr<store> store_of(const ground& g, const twinlane::test::temp_dir& own) {
    if (!g.keeps) return std::make_unique<memory_store>();
    sqlite_store_options o;
    o.file = (g.folder.empty() ? own.path().string() : g.folder) + "/state.db";
    if (g.adjust) g.adjust(o);
    return std::make_unique<sqlite_store>(std::move(o));
  }
  static runtime_options with(runtime_options o, hosting host, stage& s) {
    o.shards = o.shards == 960 ? 16 : o.shards;
    o.workers = 2;
    o.hosting_override = host;
    o.clock = [&s] { return s.now.load(); };
    o.dead_letters = [&s](std::span<const dead_letter> letters) {
      std::lock_guard lock(s.mutex_);
      s.dead_.insert(s.dead_.end(), letters.begin(), letters.end());
      return true;
    };
    return o;
  }

  twinlane::test::temp_dir folder_;
  std::mutex mutex_;
  std::vector<dead_letter> dead_;
  std::int64_t offset_ = 0;

 public:
  runtime on;
  std::shared_ptr<source_partition> source;
};

}  // namespace runtime_test
