#include <atomic>
#include <chrono>
#include <csignal>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "process.hpp"
#include "support/http_receiver.hpp"
#include "temp_dir.hpp"

namespace twinlane {
namespace {

using nlohmann::json;
using test::process;
using test::temp_dir;
using ::testing::HasSubstr;
using twinlane::testing::http_receiver;
using namespace std::chrono_literals;

std::string config_for(const http_receiver& r) {
  return R"(store: { kind: sqlite }
shards: 16
sources:
  - { name: sales, http: {}, entity: "/till/{till}", lane: sales }
sinks:
  - name: receipts
    webhook: { url: ")" +
         r.url() + R"(/{$key}", retry: { backoff: 5ms, backoff_max: 50ms, tries: 100000 } }
)";
}

/// Sales 0 … n-1, of four tills in turn.
std::string sales(int n) {
  std::string lines;
  for (int i = 0; i < n; ++i) lines += json{{"till", i % 4}, {"id", i}, {"amount", 10}}.dump() + '\n';
  return lines;
}

unsigned port_of(process& p) {
  const auto line = p.wait_for_line("ready ", 30s);
  if (!line) throw std::runtime_error("not ready: " + p.err());
  return static_cast<unsigned>(std::stoul(line->substr(line->rfind(':') + 1)));
}

bool eventually(const std::function<bool()>& c) {
  for (const auto until = std::chrono::steady_clock::now() + 30s; !c(); std::this_thread::sleep_for(2ms))
    if (std::chrono::steady_clock::now() > until) return false;
  return true;
}

json sink_at(unsigned port) { return json::parse(test::request(port, "GET", "/api/sinks").body).at("items").at(0); }

TEST(sinks_run, what_agents_emit_arrives_once_and_is_shown) {
  http_receiver receiver([](const auto&) { return http_receiver::reply{}; });
  receiver.open();
  temp_dir dir;
  dir.write("c.yaml", config_for(receiver));
  process server(PROBE_BINARY, {"serve", "--config", "c.yaml", "--listen", "127.0.0.1:0"}, dir.path());
  const auto port = port_of(server);
  ASSERT_EQ(test::request(port, "POST", "/api/ingest/sales", sales(100)).status, 200);
  ASSERT_TRUE(eventually([&] { return sink_at(port).at("sent") == 100; }));
  std::set<std::string> ids;
  std::map<std::string, int> last;
  for (const auto& r : receiver.requests()) {
    const auto sale = json::parse(r.body);
    EXPECT_EQ(r.target, "/" + std::to_string(sale.at("id").get<int>()));
    ids.insert(r.headers.at("idempotency-key"));
    auto& before = last.try_emplace(std::to_string(sale.at("id").get<int>() % 4), -1).first->second;
    EXPECT_LT(before, sale.at("id").get<int>());
    before = sale.at("id").get<int>();
  }
  EXPECT_EQ(ids.size(), 100u);
  EXPECT_EQ(receiver.requests().size(), 100u);
  const auto shown = sink_at(port);
  EXPECT_EQ(shown.at("sink"), "receipts");
  EXPECT_EQ(shown.at("state"), "running");
  EXPECT_TRUE(eventually([&] { return sink_at(port).at("waiting") == 0; })) << "once its shard has written it down";
  EXPECT_THAT(test::request(port, "GET", "/metrics").body,
              HasSubstr("twinlane_sink_items_total{sink=\"receipts\",outcome=\"sent\"} 100"));
  server.signal(SIGTERM);
  EXPECT_EQ(server.wait(15s), 0) << server.err();
}

TEST(sinks_run, items_that_wait_survive_a_kill_and_go_again_under_their_ids) {
  std::atomic<bool> mended{false};
  http_receiver receiver([&](const auto&) { return http_receiver::reply{mended ? 200 : 503, "", "", false}; });
  receiver.open();
  temp_dir dir;
  dir.write("c.yaml", config_for(receiver));
  const std::vector<std::string> arguments{"serve", "--config", "c.yaml", "--listen", "127.0.0.1:0"};
  {
    process server(PROBE_BINARY, arguments, dir.path());
    const auto port = port_of(server);
    ASSERT_EQ(test::request(port, "POST", "/api/ingest/sales", sales(60)).status, 200);
    ASSERT_TRUE(eventually([&] { return sink_at(port).at("retried") >= 8; }));
    EXPECT_EQ(sink_at(port).at("waiting"), 60);
    server.signal(SIGKILL);
    ASSERT_EQ(server.wait(10s), 128 + SIGKILL);
  }
  std::map<std::string, std::string> id_of;  // by sale
  for (const auto& r : receiver.requests()) id_of[r.target] = r.headers.at("idempotency-key");
  const auto before = receiver.requests().size();
  mended = true;
  process server(PROBE_BINARY, arguments, dir.path());
  const auto port = port_of(server);
  ASSERT_TRUE(eventually([&] { return sink_at(port).at("sent") == 60; })) << sink_at(port);
  const auto all = receiver.requests();
  std::set<std::string> sales_seen;
  std::map<int, int> last;
  for (auto i = before; i < all.size(); ++i) {
    const int sale = json::parse(all[i].body).at("id");
    sales_seen.insert(all[i].target);
    const auto [known, is_new] = id_of.emplace(all[i].target, all[i].headers.at("idempotency-key"));
    EXPECT_EQ(known->second, all[i].headers.at("idempotency-key"));
    const auto [previous, first] = last.emplace(sale % 4, sale);
    EXPECT_TRUE(first || previous->second < sale) << "order of a till";
    previous->second = sale;
  }
  EXPECT_EQ(sales_seen.size(), 60u);
  EXPECT_TRUE(eventually([&] { return sink_at(port).at("waiting") == 0; }));
  server.signal(SIGTERM);
  EXPECT_EQ(server.wait(15s), 0);
}

}  // namespace
}  // namespace twinlane
