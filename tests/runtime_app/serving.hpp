#pragma once

#include <csignal>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "process.hpp"

namespace twinlane::test {

/// Port of a ready line; 0 and a failure without one.
inline unsigned await_ready(process& p) {
  const auto line = p.wait_for_line("ready ", std::chrono::seconds{30});
  if (!line) {
    ADD_FAILURE() << "not ready: " << p.out() << p.err();
    return 0;
  }
  EXPECT_THAT(*line, testing::MatchesRegex("ready http://127[.]0[.]0[.]1:[0-9]+"));
  return static_cast<unsigned>(std::stoul(line->substr(line->rfind(':') + 1)));
}

/// A program that serves, until the object goes or stop().
struct served {
  served(const std::string& program, std::vector<std::string> arguments, const std::string& directory)
      : server(program, with_serve(std::move(arguments)), directory), port(await_ready(server)) {}

  std::string get(const std::string& path) const { return request(port, "GET", path).body; }
  int post(const std::string& path, const std::string& body) const { return request(port, "POST", path, body).status; }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port); }
  void stop() {
    server.signal(SIGTERM);
    EXPECT_EQ(server.wait(std::chrono::seconds{10}), 0) << server.err();
  }

  process server;
  unsigned port;

 private:
  static std::vector<std::string> with_serve(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"serve", "--listen", "127.0.0.1:0"});
    return arguments;
  }
};

}  // namespace twinlane::test
