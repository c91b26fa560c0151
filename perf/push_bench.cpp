// Event to socket: events at a fixed rate into the runtime, diffs out through the web server, read by a client on the
// same machine. Latency is from the event's arrival in the process to the client's having the diff in hand.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <vector>

#include <twinlane/runtime/twinlane.hpp>
#include <twinlane/web/server.hpp>

#include "customer_load.hpp"
#include "socket_client.hpp"

namespace twinlane::perf {
namespace {

struct settings {
  unsigned rate = 20'000;  // events a second
  unsigned seconds = 10;
  unsigned entities = 5'000;
  unsigned connections = 5;
};

struct stamp {
  std::int64_t sent = 0;  // nanoseconds of the steady clock
};
BOOST_DESCRIBE_STRUCT(stamp, (), (sent))

class stamped final : public agent {
 public:
  using agent::agent;
  value_lane<stamp> last{*this, "last"};
};

std::int64_t now_ns() { return std::chrono::steady_clock::now().time_since_epoch().count(); }

/// Posts `rate` events a second in batches of one millisecond.
void feed(runtime& rt, const settings& s) {
  const auto partition = rt.partition("bench", "bench", 0);
  const auto target = std::get<target_info>(rt.resolve_target("/device/{id}", "last"));
  const route path("/device/:id");
  std::vector<std::string> uris;
  std::vector<std::uint32_t> hashes;
  for (unsigned i = 0; i < s.entities; ++i) {
    uris.push_back("/device/" + std::to_string(i));
    hashes.push_back(path.hash(uris.back()));
  }
  std::vector<routed_record> records;
  std::vector<std::string> texts(s.rate / 1000 + 1);
  std::int64_t offset = 0;
  const auto start = std::chrono::steady_clock::now();
  for (unsigned tick = 0; tick < s.seconds * 1000; ++tick) {
    std::this_thread::sleep_until(start + std::chrono::milliseconds(tick));
    records.clear();
    for (unsigned i = 0; i < s.rate / 1000; ++i, ++offset) {
      const auto e = static_cast<std::size_t>(offset * 7919 % s.entities);
      texts[i] = "{\"sent\":" + std::to_string(now_ns()) + "}";
      records.push_back({uris[e], hashes[e], target.id, {}, texts[i], false, offset, offset});
    }
    rt.post(partition, records, {}, offset, std::chrono::steady_clock::now());
  }
}

/// Reads diffs until all have come; returns the latencies in microseconds.
std::vector<double> follow(std::uint16_t port, const settings& s, unsigned number, std::atomic<unsigned>& subscribed,
                           std::uint64_t expected) {
  socket_client client(port);
  std::vector<double> latencies;
  latencies.reserve(expected);
  const auto mine = s.entities / s.connections;
  for (unsigned i = 0; i < mine; ++i)
    client.send("{\"op\":\"sub\",\"id\":" + std::to_string(i + 1) + ",\"uri\":\"/device/" +
                std::to_string(i * s.connections + number) + "\"}");
  unsigned snapshots = 0;
  while (latencies.size() < expected) {
    const auto message = client.receive();
    const auto now = now_ns();
    for (auto at = message.find("\"op\":\""); at != std::string_view::npos; at = message.find("\"op\":\"", at + 6)) {
      if (message.compare(at + 6, 4, "snap") == 0 && snapshots < mine && ++snapshots == mine) ++subscribed;
    }
    for (auto at = message.find("\"sent\":"); at != std::string_view::npos; at = message.find("\"sent\":", at + 7))
      latencies.push_back(static_cast<double>(now - std::strtoll(message.data() + at + 7, nullptr, 10)) / 1000);
  }
  return latencies;
}

int run(const settings& s) {
  auto rt = std::make_shared<runtime>();
  rt->add<stamped>("device", "/device/:id");
  rt->start();
  rt->set_ready(true);
  web::options o;
  o.port = 0;
  web::server server(o, rt);
  server.start();
  const std::uint64_t events = std::uint64_t{s.rate} * s.seconds;
  std::atomic<unsigned> subscribed{0};
  std::vector<std::vector<double>> all(s.connections);
  std::vector<std::thread> clients;
  for (unsigned c = 0; c < s.connections; ++c)
    clients.emplace_back([&, c] {
      try {
        all[c] = follow(server.port(), s, c, subscribed, events / s.connections);
      } catch (const std::exception& x) {
        std::fprintf(stderr, "client %u: %s\n", c, x.what());
      }
    });
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (subscribed < s.connections && std::chrono::steady_clock::now() < deadline)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  feed(*rt, s);
  for (auto& t : clients) t.join();
  std::vector<double> us;
  for (const auto& some : all) us.insert(us.end(), some.begin(), some.end());
  std::sort(us.begin(), us.end());
  if (us.empty()) return 1;
  const auto at = [&](double q) { return us[static_cast<std::size_t>(q * static_cast<double>(us.size() - 1))] / 1000; };
  std::printf("push %u events/s, %u entities, %u connections: %zu diffs, event to socket p50 %.2f ms  p99 %.2f ms  max %.2f ms\n",
              s.rate, s.entities, s.connections, us.size(), at(0.5), at(0.99), at(1));
  server.stop(std::chrono::seconds(5));
  rt->stop(std::chrono::seconds(5));
  return us.size() + 1000 >= events ? 0 : 1;
}

}  // namespace
}  // namespace twinlane::perf

int main(int argc, char** argv) {
  twinlane::perf::settings s;
  for (int i = 1; i + 1 < argc; i += 2) {
    const auto value = static_cast<unsigned>(std::strtoul(argv[i + 1], nullptr, 10));
    if (!std::strcmp(argv[i], "--rate")) s.rate = value;
    if (!std::strcmp(argv[i], "--seconds")) s.seconds = value;
    if (!std::strcmp(argv[i], "--entities")) s.entities = value;
    if (!std::strcmp(argv[i], "--connections")) s.connections = value;
  }
  return twinlane::perf::run(s);
}
