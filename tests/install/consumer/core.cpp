// A host that links the core alone.
#include <chrono>
#include <iostream>

#include <twinlane/testing.hpp>
#include <twinlane/twinlane.hpp>

using namespace std::chrono_literals;

class counter final : public twinlane::agent {
 public:
  using agent::agent;
  map_lane<int, int> hits{*this, "hits"};
  value_lane<int> sum{*this, "sum"};
  command_lane<int> add{*this, "add", twinlane::on_command<&counter::add_up>};

 private:
  reply add_up(const int& n) {
    sum.update([&](int& all) { all += n; });
    return reply::with(*sum);
  }
};

int main() {
  twinlane::testing::twin<counter> tried{"/counter/0"};
  tried.command("add", "2");

  twinlane::runtime host;
  host.add<counter>("counter", "/counter/:id");
  host.start();
  twinlane::replica watched{host, "/counter/1"};
  twinlane::feed in{host, "in"};
  if (in.put("/counter/1", "hits", "7", 1) || !in.wait(10s)) return 1;
  const auto said = twinlane::call(host, "/counter/1", "add", 40);
  while (watched.rev() < 2 && watched.next(10s)) {}
  std::cout << tried.document() << ' ' << watched.document() << ' '
            << (twinlane::ok(said) ? std::get<0>(said).result : std::get<1>(said).detail) << '\n';
  return host.stop(10s) ? 0 : 1;
}
