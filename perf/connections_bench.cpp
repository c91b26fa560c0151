// Many connections: what one costs in memory, idle and subscribed, and how all come back at once while events go on.
// The clients are a process of their own, so that the server's memory is the server's.
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <twinlane/runtime/twinlane.hpp>
#include <twinlane/web/server.hpp>

#include "many_clients.hpp"
#include "measure.hpp"

namespace twinlane::perf {
namespace {

struct settings {
  unsigned connections = 10'000;
  unsigned rate = 5'000;  // events a second
  unsigned at_a_time = 1'000;
  unsigned seconds = 3;  // of events between the steps
  bool compression = false;
};

struct stamp {
  std::int64_t sent = 0;  // nanoseconds of the steady clock
  std::uint64_t count = 0;
};
BOOST_DESCRIBE_STRUCT(stamp, (), (sent, count))

class stamped final : public agent {
 public:
  using agent::agent;
  value_lane<stamp> last{*this, "last"};
};

enum class step : char { connect, subscribe, listen, come_back, compare, end };

struct report {
  bool fine = false;
  double seconds = 0;
  many_clients::tally tally;
};

void write_all(int to, const void* what, std::size_t size) {
  if (::write(to, what, size) != static_cast<ssize_t>(size)) std::_Exit(1);
}

/// The process of the clients: does one step after another, and reports each.
int serve_steps(int control, const settings& s, const std::uint64_t* counts) {
  std::uint16_t port = 0;
  if (::read(control, &port, sizeof port) != sizeof port) return 1;
  many_clients clients(port, s.connections,
                       s.compression ? "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n" : "");
  step what{};
  while (::read(control, &what, sizeof what) == sizeof what && what != step::end) {
    const auto start = clock::now();
    report r{true, 0, {}};
    if (what == step::connect) clients.connect(s.at_a_time);
    if (what == step::subscribe) clients.subscribe();
    if (what == step::listen) clients.listen(control);
    if (what == step::come_back) clients.come_back(s.at_a_time);
    if (what == step::compare) r.fine = clients.reach(counts, 30);
    r.seconds = seconds_since(start);
    r.tally = clients.take_tally();
    if (what != step::listen) write_all(control, &r, sizeof r);
  }
  return 0;
}

/// Posts `rate` events a second, of one device after another, until it is stopped.
void feed(runtime& rt, const settings& s, std::uint64_t* counts, std::int64_t& offset, const std::stop_token& stop) {
  const auto partition = rt.partition("bench", "bench", 0);
  const auto target = std::get<target_info>(rt.resolve_target("/device/{id}", "last"));
  const route path("/device/:id");
  const auto start = clock::now();
  const unsigned batch = std::max(1u, s.rate / 1000);
  std::vector<std::string> uris(batch), texts(batch);
  std::vector<routed_record> records;
  for (unsigned tick = 0; !stop.stop_requested(); ++tick) {
    std::this_thread::sleep_until(start + std::chrono::milliseconds(tick));
    records.clear();
    for (unsigned i = 0; i < batch; ++i, ++offset) {
      const auto device = static_cast<std::uint64_t>(offset) % s.connections;
      uris[i] = "/device/" + std::to_string(device);
      texts[i] = "{\"sent\":" + std::to_string(clock::now().time_since_epoch().count()) +
                 ",\"count\":" + std::to_string(++counts[device]) + "}";
      records.push_back({uris[i], path.hash(uris[i]), target.id, {}, texts[i], false, offset, offset});
    }
    rt.post(partition, records, {}, offset, clock::now());
  }
}

/// The longest from an event to its push, as the server counts it.
class longest_push {
 public:
  void observe(double seconds) {
    std::lock_guard lock(mutex_);
    longest_ = std::max(longest_, seconds);
  }
  double take_ms() {
    std::lock_guard lock(mutex_);
    return std::exchange(longest_, 0) * 1e3;
  }

 private:
  std::mutex mutex_;
  double longest_ = 0;
};

/// The server's side: steps for the clients, and what is measured in between.
class bench {
 public:
  bench(settings s, int control, std::uint64_t* counts) : s_(s), control_(control), counts_(counts) {
    rt_->add<stamped>("device", "/device/:id");
    rt_->start();
    rt_->set_ready(true);
    web::options o;
    o.port = 0;
    o.connections_max = s.connections + 100;
    o.compression = s.compression;
    web::figures f;
    f.event_to_push = [this](double seconds) { push_.observe(seconds); };
    server_.emplace(o, rt_, f);
    server_->start();
    const auto port = server_->port();
    write_all(control_, &port, sizeof port);
  }
  ~bench() {
    server_->stop(std::chrono::seconds(5));
    rt_->stop(std::chrono::seconds(5));
  }

  bool run() {
    make_agents();
    const auto empty = settled_bytes();
    tell("connected", ask(step::connect));
    const auto idle = settled_bytes();
    std::printf("  %.1f KB of memory an idle connection\n", each(idle - empty));
    // Compression is not idle memory that anybody has who did not ask for it.
    demand(s_.compression || each(idle - empty) <= 12, "an idle connection takes more than 12 KB");
    tell("subscribed", ask(step::subscribe));
    std::printf("  %.1f KB more an idle subscription\n", each(settled_bytes() - idle));
    auto events = start_events();
    follow();
    const auto back = ask(step::come_back);
    tell("dropped and came back", back);
    const auto longest_ms = push_.take_ms();
    std::printf("  event to push meanwhile at most %.0f ms as the server counts, and %.0f ms as the clients do\n",
                longest_ms, back.tally.late_ms);
    demand(back.seconds <= 5, "all were back only after 5 s");
    demand(longest_ms <= 2000, "an event took more than 2 s to its push");
    follow();
    events.request_stop();
    events.join();
    rt_->drain(std::chrono::seconds(10));
    const auto end = ask(step::compare);
    demand(end.fine, "not all clients have their agent's last state");
    demand(wrong_ == 0, "there were diffs that do not continue what their client had");
    if (fine_) std::printf("all clients have their agent's last state, and every diff continued what its client had\n");
    return fine_;
  }

 private:
  void demand(bool held, const char* otherwise) {
    if (!held) std::fprintf(stderr, "%s\n", otherwise);
    fine_ = fine_ && held;
  }
  double each(std::int64_t bytes) const { return static_cast<double>(bytes) / s_.connections / 1000; }
  /// After what was begun has ended.
  static std::int64_t settled_bytes() {
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    return static_cast<std::int64_t>(resident_bytes());
  }
  void begin(step what) { write_all(control_, &what, sizeof what); }
  report wait() {
    report r;
    if (::recv(control_, &r, sizeof r, MSG_WAITALL) != sizeof r) throw std::runtime_error("the clients have failed");
    wrong_ += r.tally.wrong;
    return r;
  }
  report ask(step what) {
    begin(what);
    return wait();
  }
  void tell(const char* what, const report& r) const {
    std::printf("%u connections %s in %.2f s", s_.connections, what, r.seconds);
    if (r.tally.snapshots > 0)
      std::printf(", %llu resumed, %llu new snapshots", static_cast<unsigned long long>(r.tally.resumed),
                  static_cast<unsigned long long>(r.tally.snapshots - r.tally.resumed));
    std::printf("\n");
  }
  std::jthread start_events() {
    return std::jthread([this](const std::stop_token& stop) { feed(*rt_, s_, counts_, offset_, stop); });
  }
  void follow() {
    push_.take_ms();
    begin(step::listen);
    std::this_thread::sleep_for(std::chrono::seconds(s_.seconds));
    std::printf("  event to push at most %.0f ms at %u events/s, as the server counts\n", push_.take_ms(), s_.rate);
  }
  void make_agents() {
    std::vector<std::string> uris;
    std::vector<routed_record> records;
    const auto partition = rt_->partition("bench", "bench", 0);
    const auto target = std::get<target_info>(rt_->resolve_target("/device/{id}", "last"));
    const route path("/device/:id");
    for (unsigned i = 0; i < s_.connections; ++i) uris.push_back("/device/" + std::to_string(i));
    for (const auto& uri : uris)
      records.push_back({uri, path.hash(uri), target.id, {}, "{\"sent\":0,\"count\":0}", false, offset_, offset_++});
    rt_->post(partition, records, {}, offset_, clock::now());
    rt_->drain(std::chrono::seconds(10));
  }

  settings s_;
  int control_;
  std::uint64_t* counts_;
  std::shared_ptr<runtime> rt_ = std::make_shared<runtime>();
  std::optional<web::server> server_;
  longest_push push_;
  std::int64_t offset_ = 0;
  std::uint64_t wrong_ = 0;
  bool fine_ = true;
};

int run(const settings& s) {
  const rlimit all{s.connections + 600, s.connections + 600};
  rlimit present{};
  ::getrlimit(RLIMIT_NOFILE, &present);
  if (present.rlim_cur < all.rlim_cur && ::setrlimit(RLIMIT_NOFILE, &all) != 0) {
    std::fprintf(stderr, "%u connections need ulimit -n %lu\n", s.connections, all.rlim_cur);
    return 1;
  }
  auto* counts = static_cast<std::uint64_t*>(::mmap(nullptr, s.connections * sizeof(std::uint64_t),
                                                    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  int ends[2];
  if (counts == MAP_FAILED || ::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) return 1;
  // Before there are threads.
  const auto child = ::fork();
  if (child == 0) {
    ::close(ends[0]);
    try {
      std::_Exit(serve_steps(ends[1], s, counts));
    } catch (const std::exception& x) {
      std::fprintf(stderr, "%s\n", x.what());
      std::_Exit(1);
    }
  }
  ::close(ends[1]);
  bool fine = false;
  try {
    fine = bench(s, ends[0], counts).run();
  } catch (const std::exception& x) {
    std::fprintf(stderr, "%s\n", x.what());
  }
  ::close(ends[0]);
  ::waitpid(child, nullptr, 0);
  return fine ? 0 : 1;
}

}  // namespace
}  // namespace twinlane::perf

int main(int argc, char** argv) {
  twinlane::perf::settings s;
  for (int i = 1; i + 1 < argc; i += 2) {
    const auto value = static_cast<unsigned>(std::strtoul(argv[i + 1], nullptr, 10));
    if (!std::strcmp(argv[i], "--connections")) s.connections = value;
    if (!std::strcmp(argv[i], "--rate")) s.rate = value;
    if (!std::strcmp(argv[i], "--at-a-time")) s.at_a_time = value;
    if (!std::strcmp(argv[i], "--seconds")) s.seconds = value;
    if (!std::strcmp(argv[i], "--compression")) s.compression = value != 0;
  }
  return twinlane::perf::run(s);
}
