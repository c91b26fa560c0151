// Fan-out: diffs a second that reach subscribers over WebSocket and are parsed there. One agent that 5,000 subscribe
// to, then 5,000 agents with one subscriber each. The client is a process of its own on the same machine. The feeder
// keeps a few changes of each agent on their way and no more, so that little is merged; what is merged is counted
// apart.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <thread>
#include <vector>

#include <poll.h>
#include <simdjson.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include <twinlane/runtime/twinlane.hpp>
#include <twinlane/web/server.hpp>

#include "measure.hpp"
#include "socket_client.hpp"

namespace twinlane::perf {
namespace {

struct settings {
  unsigned subscribers = 5'000;
  unsigned connections = 50;
  unsigned seconds = 5;
  unsigned on_their_way = 4;  // changes of each agent
};

/// What the two processes tell each other.
struct board {
  std::atomic<std::uint16_t> port{0};
  std::atomic<std::uint64_t> snapshots{0}, snapshot_bytes{0};
  std::atomic<std::uint64_t> revs{0};  // that subscribers have been brought on, merged or not
  std::atomic<std::uint64_t> diffs{0}, merged{0}, diff_bytes{0}, faults{0};
  std::atomic<bool> over{false};
};

struct profile {
  std::string name, street, city, country, mail, phone, tier, language;
  int born{}, visits{};
};
BOOST_DESCRIBE_STRUCT(profile, (), (name, street, city, country, mail, phone, tier, language, born, visits))

struct order {
  std::string product, status;
  double amount{};
  std::int64_t at{};
};
BOOST_DESCRIBE_STRUCT(order, (), (product, status, amount, at))

class customer final : public agent {
 public:
  using agent::agent;
  value_lane<profile> self{*this, "profile"};
  map_lane<int, order> orders{*this, "orders"};
};

/// Subscribes, reads and parses until the other process says that it is over.
class reader {
 public:
  reader(board& b, const settings& s, bool one_agent) : board_(b) {
    for (unsigned c = 0; c < s.connections; ++c) clients_.push_back(std::make_unique<socket_client>(b.port));
    for (unsigned i = 0; i < s.subscribers; ++i) {
      clients_[i % s.connections]->send(R"({"op":"sub","id":)" + std::to_string(i + 1) + R"(,"uri":"/customer/)" +
                                        std::to_string(one_agent ? 0 : i) + "\"}");
      revs_.push_back(0);
    }
    for (const auto& c : clients_) polls_.push_back({c->handle(), POLLIN, 0});
  }

  void run() {
    while (!board_.over) {
      if (::poll(polls_.data(), polls_.size(), 100) <= 0) continue;
      for (std::size_t i = 0; i < polls_.size(); ++i)
        if (polls_[i].revents) clients_[i]->receive_all([this](std::string_view frame) { take(frame); });
    }
  }

 private:
  void take(std::string_view frame) {
    text_.assign(frame);
    text_.reserve(text_.size() + simdjson::SIMDJSON_PADDING);
    auto document = parser_.iterate(text_);
    if (frame.starts_with('[')) {
      for (auto message : document.get_array()) read(message.get_object().value());
    } else {
      read(document.get_object().value());
    }
  }
  void read(simdjson::ondemand::object message) {
    const std::string_view op = message["op"];
    const auto id = message["id"].get_uint64().value();
    if (op == "diff") {
      const auto from = message["from"].get_uint64().value(), rev = message["rev"].get_uint64().value();
      const std::string_view patch = message["patch"].get_object().value().raw_json();
      auto& known = revs_.at(id - 1);
      if (from != known) ++board_.faults;
      known = rev;
      board_.revs += rev - from;
      ++(rev - from == 1 ? board_.diffs : board_.merged);
      board_.diff_bytes += patch.size();
    } else if (op == "snap") {
      revs_.at(id - 1) = message["rev"].get_uint64().value();
      const std::string_view lanes = message["lanes"].get_object().value().raw_json();
      board_.snapshot_bytes += lanes.size();
      ++board_.snapshots;
    }
  }

  board& board_;
  std::vector<std::unique_ptr<socket_client>> clients_;
  std::vector<pollfd> polls_;
  std::vector<std::uint64_t> revs_;  // by id - 1
  simdjson::ondemand::parser parser_;
  std::string text_;
};

/// Posts changes of the agents, one of each at a time.
class feeder {
 public:
  feeder(runtime& on, unsigned agents) : on_(on), partition_(on.partition("bench", "bench", 0)) {
    profile_ = std::get<target_info>(on.resolve_target("/customer/{id}", "profile")).id;
    orders_ = std::get<target_info>(on.resolve_target("/customer/{id}", "orders")).id;
    const route path("/customer/:id");
    for (unsigned i = 0; i < agents; ++i) {
      uris_.push_back("/customer/" + std::to_string(i));
      hashes_.push_back(path.hash(uris_.back()));
    }
  }
  void fill() {
    change_profiles();
    for (int key = 0; key < 10; ++key)
      post(orders_, std::to_string(key),
           R"({"product":"umbrella, red, large","status":"shipped","amount":39.9,"at":1763700000000})");
  }
  void change_profiles() {
    post(profile_, {},
         R"({"name":"Ann Miller","street":"12 Long Lane","city":"Ulm","country":"Germany","mail":"ann@example.org",)"
         R"("phone":"+49 731 555 0100","tier":"platinum","language":"de","born":1984,"visits":)" +
             std::to_string(++visits_) + "}");
  }

 private:
  void post(target_id target, const std::string& key, std::string value) {
    const auto size = value.size();
    value.append(64, '\0');
    std::vector<routed_record> records;
    for (std::size_t i = 0; i < uris_.size(); ++i, ++offset_)
      records.push_back(
          {uris_[i], hashes_[i], target, key, std::string_view(value).substr(0, size), false, offset_, offset_});
    on_.post(partition_, records, {}, offset_, clock::now());
  }

  runtime& on_;
  std::shared_ptr<source_partition> partition_;
  target_id profile_, orders_;
  std::vector<std::string> uris_;
  std::vector<std::uint32_t> hashes_;
  std::int64_t offset_ = 0, visits_ = 0;
};

bool wait_for(const std::atomic<std::uint64_t>& count, std::uint64_t at_least) {
  const auto start = clock::now();
  while (count < at_least) {
    if (seconds_since(start) > 60) return false;
    std::this_thread::sleep_for(std::chrono::microseconds(50));
  }
  return true;
}

void report(const char* what, const board& b, double seconds, double cpu) {
  const auto all = static_cast<double>(b.diffs + b.merged);
  std::printf(
      "%-42s %8.0f diffs/s and %6.0f merged/s, %.2f us cpu/diff in the server; %.0f bytes a diff, %.0f bytes a state\n",
      what, static_cast<double>(b.diffs) / seconds, static_cast<double>(b.merged) / seconds, cpu / all * 1e6,
      static_cast<double>(b.diff_bytes) / all,
      static_cast<double>(b.snapshot_bytes) / static_cast<double>(b.snapshots));
}

int serve(board& b, const settings& s, bool one_agent) {
  auto rt = std::make_shared<runtime>();
  rt->add<customer>("customer", "/customer/:id");
  rt->start();
  rt->set_ready(true);
  feeder feed(*rt, one_agent ? 1 : s.subscribers);
  feed.fill();
  if (!rt->drain(std::chrono::seconds(30))) return 1;
  web::options o;
  o.port = 0;
  o.inbound_messages_per_s = 1'000'000;
  web::server server(o, rt);
  server.start();
  b.port = server.port();
  bool fine = wait_for(b.snapshots, s.subscribers);
  const auto cpu = cpu_seconds();
  const auto start = clock::now();
  for (std::uint64_t n = 0; fine && seconds_since(start) < s.seconds; ++n) {
    feed.change_profiles();
    fine = n < s.on_their_way || wait_for(b.revs, (n - s.on_their_way) * s.subscribers);
  }
  const auto took = seconds_since(start);
  report(one_agent ? "one agent, all subscribe to it" : "an agent for each subscriber", b, took, cpu_seconds() - cpu);
  b.over = true;
  server.stop(std::chrono::seconds(5));
  rt->stop(std::chrono::seconds(5));
  return fine && b.faults == 0 && b.diffs > 0 ? 0 : 1;
}

int run(const settings& s, bool one_agent) {
  void* shared = ::mmap(nullptr, sizeof(board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED) return 1;
  auto& b = *new (shared) board;
  const auto child = ::fork();
  if (child == 0) {
    try {
      while (b.port == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
      reader(b, s, one_agent).run();
    } catch (const std::exception& x) {
      if (b.over) ::_exit(0);  // the server has said goodbye
      std::fprintf(stderr, "client: %s\n", x.what());
      ::_exit(1);
    }
    ::_exit(0);
  }
  const int result = serve(b, s, one_agent);
  b.over = true;
  int status = 0;
  ::waitpid(child, &status, 0);
  ::munmap(shared, sizeof(board));
  return result != 0 || status != 0 ? 1 : 0;
}

}  // namespace
}  // namespace twinlane::perf

int main(int argc, char** argv) {
  twinlane::perf::settings s;
  for (int i = 1; i + 1 < argc; i += 2) {
    const auto value = static_cast<unsigned>(std::strtoul(argv[i + 1], nullptr, 10));
    if (!std::strcmp(argv[i], "--subscribers")) s.subscribers = value;
    if (!std::strcmp(argv[i], "--connections")) s.connections = value;
    if (!std::strcmp(argv[i], "--seconds")) s.seconds = value;
    if (!std::strcmp(argv[i], "--on-their-way")) s.on_their_way = value;
  }
  const int one = twinlane::perf::run(s, true);
  const int many = twinlane::perf::run(s, false);
  return one + many;
}
