// An application with what the tests of the command line need: a generator, and an agent that blocks on demand.
#include <chrono>
#include <string>
#include <thread>

#include <twinlane/runtime/app/application.hpp>

struct nap {
  std::int64_t ms{};
};
BOOST_DESCRIBE_STRUCT(nap, (), (ms))

struct count {
  std::uint64_t n{}, seed{};
};
BOOST_DESCRIBE_STRUCT(count, (), (n, seed))

class sleeper final : public twinlane::agent {
 public:
  using agent::agent;
  map_lane<std::string, count> counts{*this, "counts"};
  command_lane<nap> sleep{*this, "sleep", twinlane::on_command<&sleeper::take>};

 private:
  reply take(const nap& n) {
    std::this_thread::sleep_for(std::chrono::milliseconds{n.ms});
    return {};
  }
};

int main(int argc, char** argv) {
  twinlane::application app{"probe", argc, argv};
  app.agent<sleeper>("sleeper", "/sleeper/:id", {twinlane::hosting::dedicated, twinlane::creation::commands});
  app.generator("probe.counts", [](std::uint64_t seed, std::uint64_t n, const auto& parameters, auto& out) {
    out.has_key = true;
    out.key = "k" + std::to_string(n % 10);
    out.remove = n % 7 == 6;
    out.value = R"({"n":)" + std::to_string(n) + R"(,"seed":)" + std::to_string(seed) + R"(,"at":)" +
                std::to_string(out.time_ms) + R"(,"of":")" + parameters.at("of") + "\"}";
  });
  app.default_config("probe.yaml");
  return app.run();
}
