#include <algorithm>
#include <chrono>
#include <csignal>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "process.hpp"
#include "serving.hpp"
#include "temp_dir.hpp"

namespace twinlane {
namespace {

using nlohmann::json;
using test::await_ready;
using test::process;
using test::request;
using test::run;
using test::temp_dir;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::MatchesRegex;
using testing::StartsWith;
using namespace std::chrono_literals;

const std::string twinlane_binary = TWINLANE_BINARY, hello_binary = HELLO_BINARY, probe_binary = PROBE_BINARY;

const std::string agents = R"(agents:
  - type: customer
    route: /customer/:id
    lanes: { profile: { kind: value } }
)";
const std::string http_source = R"(sources:
  - { name: s, http: {}, entity: "/customer/{id}", lane: profile }
)";

int lines_in(const std::string& text) { return static_cast<int>(std::count(text.begin(), text.end(), '\n')); }

TEST(cli, wrong_usage_is_2_and_help_is_0) {
  EXPECT_EQ(run(twinlane_binary, {}).code, 2);
  EXPECT_EQ(run(twinlane_binary, {"fly"}).code, 2);
  EXPECT_EQ(run(twinlane_binary, {"serve", "--confg", "x"}).code, 2);
  EXPECT_EQ(run(twinlane_binary, {"produce", "--config", "x"}).code, 2);
  const auto help = run(twinlane_binary, {"--help"});
  EXPECT_EQ(help.code, 0);
  for (const auto* verb :
       {"serve", "check", "init", "produce", "generate", "export", "import", "compact", "backup", "dead", "version"})
    EXPECT_THAT(help.out, HasSubstr(verb));
  EXPECT_EQ(run(twinlane_binary, {"serve", "--help"}).code, 0);
}

TEST(cli, a_twinlane_yaml_in_the_working_directory_is_the_configuration) {
  temp_dir dir;
  const auto none = run(twinlane_binary, {"check"}, dir.path());
  EXPECT_EQ(none.code, 2);
  EXPECT_THAT(none.err, HasSubstr("there is no twinlane.yaml here"));
  EXPECT_THAT(none.err, HasSubstr("twinlane init --brokers HOST:PORT --topic NAME"));
  dir.write("twinlane.yaml", agents + http_source);
  const auto found = run(twinlane_binary, {"check"}, dir.path());
  EXPECT_EQ(found.code, 0) << found.out << found.err;
  EXPECT_EQ(found.out, "twinlane.yaml: fine, 1 agent types, 1 sources\n");
}

TEST(cli, init_looks_at_its_arguments_and_its_file_before_it_asks_a_broker) {
  temp_dir dir;
  EXPECT_EQ(run(twinlane_binary, {"init", "--brokers", "127.0.0.1:1"}, dir.path()).code, 2);
  const std::vector<std::string> good{"init", "--brokers", "127.0.0.1:1", "--topic", "t"};
  auto odd = good;
  odd.insert(odd.end(), {"--property", "x"});
  const auto refused = run(twinlane_binary, odd, dir.path());
  EXPECT_EQ(refused.code, 2);
  EXPECT_THAT(refused.err, HasSubstr("--property x: is not KEY=VALUE."));
  dir.write("twinlane.yaml", "mine");
  const auto there = run(twinlane_binary, good, dir.path());
  EXPECT_EQ(there.code, 2);
  EXPECT_THAT(there.err, HasSubstr("twinlane.yaml is there already."));
}

TEST(cli, version_names_build_and_libraries) {
  const auto v = run(twinlane_binary, {"version"});
  EXPECT_EQ(v.code, 0);
  EXPECT_THAT(v.out,
              MatchesRegex("twinlane [0-9]+[.][0-9]+[.][0-9]+\nbuild [A-Za-z]+\nCAF [0-9.]+, librdkafka [0-9.]+, "
                           "Boost [0-9.]+, simdjson [0-9.]+, nlohmann-json [0-9.]+, spdlog [0-9.]+, yaml-cpp "
                           "[0-9.]+, prometheus-cpp [0-9.]+, libcurl [0-9.]+, OpenSSL [0-9.]+\n"));
}

TEST(cli, check_tells_every_error_and_ends_with_2) {
  temp_dir dir;
  dir.write("good.yaml", agents + http_source);
  dir.write("bad.yaml", "lisen: x\n" + agents + "workers: -1\n");
  const auto good = run(twinlane_binary, {"check", "--config", "good.yaml"}, dir.path());
  EXPECT_EQ(good.code, 0) << good.out << good.err;
  const auto bad = run(twinlane_binary, {"check", "--config", "bad.yaml"}, dir.path());
  EXPECT_EQ(bad.code, 2);
  EXPECT_EQ(bad.out,
            "bad.yaml:1: 'lisen' is not a key of a configuration. Did you mean 'listen'?\n"
            "bad.yaml:6: workers: '-1' is not a whole number from 0 to 1024.\n");
  const auto served = run(twinlane_binary, {"serve", "--config", "bad.yaml"}, dir.path());
  EXPECT_EQ(served.code, 2);
  EXPECT_EQ(served.err, bad.out);
  EXPECT_THAT(served.out, IsEmpty());
}

TEST(cli, overrides_are_checked_too) {
  temp_dir dir;
  dir.write("c.yaml", agents + http_source);
  const auto check = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"check", "--config", "c.yaml"});
    return run(twinlane_binary, arguments, dir.path());
  };
  EXPECT_EQ(check({"--set", "workers=2", "--set", "sources.s.load=true", "--listen", "127.0.0.1:0"}).code, 0);
  EXPECT_EQ(check({"--set", "workers"}).code, 2);
  EXPECT_EQ(check({"--set", "workers=x"}).out, "--set workers=x: workers: 'x' is not a whole number from 0 to 1024.\n");
  EXPECT_EQ(check({"--listen", "x"}).out,
            "--listen x: listen: 'x' is not HOST:PORT. Write 127.0.0.1:8080, or port 0 for a free one.\n");
  EXPECT_EQ(check({"--log-level", "loud"}).code, 2);
}

TEST(cli, configuration_that_cannot_be_read_is_one_line_and_2) {
  temp_dir dir;
  for (const std::string file : {"none.yaml", "."}) {
    const auto end = run(twinlane_binary, {"serve", "--config", file}, dir.path());
    EXPECT_EQ(end.code, 2);
    EXPECT_THAT(end.err, StartsWith("twinlane: " + file + ": cannot be read: "));
    EXPECT_EQ(lines_in(end.err), 1);
  }
  EXPECT_THAT(run(twinlane_binary, {"check"}).err, HasSubstr("--config FILE"));
  EXPECT_EQ(run(twinlane_binary, {"check"}).code, 2);
}

TEST(cli, lane_that_needs_cpp_templates_is_found_when_parts_meet) {
  temp_dir dir;
  dir.write("c.yaml",
            "sources:\n  - name: s\n    generator: { name: probe.counts, parameters: { of: x } }\n"
            "    entity: /sleeper/{n}\n    lane: sleep\n    key: \"{n}\"\n");
  const auto end = run(probe_binary, {"check", "--config", "c.yaml"}, dir.path());
  EXPECT_EQ(end.code, 2);
  EXPECT_EQ(end.out, "c.yaml:6: sources.s.key: 'sleep' is a command lane, which has no keys. Leave it out.\n");
}

TEST(cli, serve_says_ready_once_and_stops_well_on_either_signal) {
  temp_dir dir;
  dir.write("c.yaml", agents + http_source);
  for (const int number : {SIGTERM, SIGINT, SIGTERM}) {
    process p(twinlane_binary, {"serve", "--config", "c.yaml", "--listen", "127.0.0.1:0"}, dir.path());
    const auto port = await_ready(p);
    EXPECT_EQ(request(port, "GET", "/readyz").status, 200);
    EXPECT_EQ(request(port, "POST", "/api/ingest/s", R"({"id":7,"name":"Ann"})").status, 200);
    const auto state = json::parse(request(port, "GET", "/customer/7").body);
    EXPECT_EQ(state.at("lanes"), json::parse(R"({"profile":{"id":7,"name":"Ann"}})"));
    EXPECT_THAT(request(port, "GET", "/metrics").body,
                HasSubstr("twinlane_events_total{source=\"s\",outcome=\"applied\"} 1\n"));
    p.signal(number);
    EXPECT_EQ(p.wait(10s), 0) << p.err();
    EXPECT_EQ(lines_in(p.out()), 1) << p.out();
    EXPECT_THAT(p.err(), testing::Not(HasSubstr("Z error")));
  }
}

TEST(cli, serve_with_a_certificate_speaks_https_to_tools_that_trust_it) {
  temp_dir dir;
  dir.write("c.yaml", "tls: { cert: cert, key: key }\n" + agents + http_source);
  const auto without = run(twinlane_binary, {"check", "--config", "c.yaml"}, dir.path());
  EXPECT_EQ(without.code, 2);
  EXPECT_THAT(without.out, StartsWith("c.yaml:1: tls.cert: 'cert' cannot be used: No such file or directory. "));
  const auto made = run("/usr/bin/openssl",
                        {"req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                         "key", "-out", "cert", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"},
                        dir.path());
  ASSERT_EQ(made.code, 0) << made.err;
  process p(twinlane_binary, {"serve", "--config", "c.yaml", "--listen", "127.0.0.1:0"}, dir.path());
  const auto line = p.wait_for_line("ready https://127.0.0.1:", 30s);
  ASSERT_TRUE(line) << p.err();
  const auto url = line->substr(6);
  const auto trusted =
      run(twinlane_binary, {"dead", "list", "--url", url, "--ca", (dir.path() / "cert").string()}, dir.path());
  EXPECT_EQ(trusted.out, "0 dead letters\n") << trusted.err;
  EXPECT_EQ(run(twinlane_binary, {"dead", "list", "--url", url}, dir.path()).code, 1);
  p.signal(SIGTERM);
  EXPECT_EQ(p.wait(10s), 0) << p.err();
}

TEST(cli, log_can_be_json_lines) {
  temp_dir dir;
  dir.write("c.yaml", agents + "log: { format: json }\n");
  process p(twinlane_binary, {"serve", "--config", "c.yaml", "--listen", "127.0.0.1:0"}, dir.path());
  await_ready(p);
  p.signal(SIGTERM);
  EXPECT_EQ(p.wait(10s), 0);
  std::istringstream lines(p.err());
  int seen = 0;
  for (std::string line; std::getline(lines, line); ++seen) EXPECT_TRUE(json::accept(line)) << line;
  EXPECT_GE(seen, 3);
}

TEST(cli, port_in_use_is_one_line_and_1) {
  temp_dir dir;
  dir.write("c.yaml", agents + "log: { level: off }\n");
  process first(twinlane_binary, {"serve", "--config", "c.yaml", "--listen", "127.0.0.1:0"}, dir.path());
  const auto port = await_ready(first);
  const auto listen = "127.0.0.1:" + std::to_string(port);
  const auto second =
      run(twinlane_binary, {"serve", "--config", "c.yaml", "--listen", listen, "--data-dir", "other"}, dir.path());
  EXPECT_EQ(second.code, 1);
  EXPECT_THAT(second.err, HasSubstr(listen));
  EXPECT_THAT(second.err, HasSubstr("in use"));
  EXPECT_EQ(lines_in(second.err), 1) << second.err;
}

TEST(cli, file_or_directory_that_cannot_be_used_is_one_line_and_1) {
  temp_dir dir;
  dir.write("c.yaml", agents +
                          "log: { level: off }\nsources:\n  - { name: s, file: { path: none.ndjson }, "
                          "entity: \"/customer/{id}\", lane: profile }\n");
  const auto file = run(twinlane_binary, {"serve", "--config", "c.yaml", "--listen", "127.0.0.1:0"}, dir.path());
  EXPECT_EQ(file.code, 1);
  EXPECT_THAT(file.err, HasSubstr("none.ndjson"));
  EXPECT_EQ(lines_in(file.err), 1) << file.err;

  dir.write("d.yaml", agents + "log: { level: off }\n");
  const auto data = run(twinlane_binary, {"serve", "--config", "d.yaml", "--data-dir", "d.yaml/x"}, dir.path());
  EXPECT_EQ(data.code, 1);
  EXPECT_THAT(data.err, HasSubstr("d.yaml/x"));
  EXPECT_EQ(lines_in(data.err), 1) << data.err;
}

TEST(cli, signal_before_ready_stops_well) {
  temp_dir dir;
  dir.write("c.yaml", agents +
                          "sources:\n  - { name: s, kafka: { brokers: \"127.0.0.1:1\", topic: t }, "
                          "entity: \"/customer/{id}\", lane: profile }\n");
  process p(twinlane_binary, {"serve", "--config", "c.yaml", "--listen", "127.0.0.1:0"}, dir.path());
  EXPECT_FALSE(p.wait_for_line("ready", 1s));
  p.signal(SIGTERM);
  EXPECT_EQ(p.wait(10s), 0) << p.err();
  EXPECT_THAT(p.out(), IsEmpty());
}

TEST(cli, generate_prints_the_stream_and_the_same_one_again) {
  temp_dir dir;
  dir.write("probe.yaml",
            "sources:\n  - name: s\n"
            "    generator: { name: probe.counts, seed: 5, rate: 10, preload: 3, parameters: { of: x } }\n"
            "    entity: \"/sleeper/{$key}\"\n    lane: counts\n    key: \"{n}\"\n");
  const auto generate = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"generate", "--source", "s", "--start", "1000"});
    const auto end = run(probe_binary, more, dir.path());
    EXPECT_EQ(end.code, 0) << end.err;
    return end.out;
  };
  EXPECT_EQ(generate({"--count", "5"}),
            "{\"n\":0,\"seed\":5,\"at\":1000,\"of\":\"x\"}\n{\"n\":1,\"seed\":5,\"at\":1000,\"of\":\"x\"}\n"
            "{\"n\":2,\"seed\":5,\"at\":1000,\"of\":\"x\"}\n{\"n\":3,\"seed\":5,\"at\":1000,\"of\":\"x\"}\n"
            "{\"n\":4,\"seed\":5,\"at\":1100,\"of\":\"x\"}\n");
  EXPECT_EQ(lines_in(generate({})), 3);
  EXPECT_THAT(generate({"--key", "--count", "8", "--set", "sources.s.seed=9"}),
              testing::AllOf(StartsWith("k0\t{\"n\":0,\"seed\":9,"), HasSubstr("\nk6\t\nk7\t{")));
  EXPECT_EQ(run(probe_binary, {"generate", "--source", "none"}, dir.path()).code, 2);
}

TEST(cli, produce_needs_a_kafka_source) {
  temp_dir dir;
  dir.write("c.yaml", agents + http_source);
  const auto end = run(twinlane_binary, {"produce", "--config", "c.yaml", "--source", "s", "--file", "x"}, dir.path());
  EXPECT_EQ(end.code, 2);
  EXPECT_THAT(end.err, HasSubstr("does not read from Kafka"));
}

/// A server one of whose agents sleeps for a minute within a command.
struct busy_server {
  temp_dir dir;
  process server;
  unsigned port;
  std::jthread caller;

  busy_server() : server(probe_binary, {"serve", "--config", config(dir), "--listen", "127.0.0.1:0"}, dir.path()) {
    port = await_ready(server);
    const auto before = shards();
    caller = std::jthread([this] { request(port, "POST", "/sleeper/1/sleep", R"({"ms":60000})"); });
    const auto end = std::chrono::steady_clock::now() + 10s;
    while (shards() == before && std::chrono::steady_clock::now() < end) std::this_thread::yield();
  }
  /// One more when the command has reached the sleeper, which has a shard of its own.
  int shards() const {
    const auto text = request(port, "GET", "/metrics").body;
    const auto at = text.find("\ntwinlane_shards ");
    return at == std::string::npos ? 0 : std::stoi(text.substr(at + 17));
  }
  static std::string config(const temp_dir& dir) { return dir.write("c.yaml", "sources: []\n"); }
};

TEST(cli, second_signal_ends_at_once) {
  busy_server busy;
  busy.server.signal(SIGTERM);
  EXPECT_FALSE(busy.server.wait_for_line("never", 1s));
  busy.server.signal(SIGINT);
  EXPECT_EQ(busy.server.wait(2s), 1) << busy.server.err();
  EXPECT_THAT(busy.server.err(), HasSubstr("second signal"));
}

TEST(cli, agent_that_hangs_does_not_hold_the_stop_beyond_10_s) {
  busy_server busy;
  const auto asked = std::chrono::steady_clock::now();
  busy.server.signal(SIGTERM);
  EXPECT_EQ(busy.server.wait(15s), 1) << busy.server.err();
  EXPECT_LT(std::chrono::steady_clock::now() - asked, 10s);
  EXPECT_THAT(busy.server.err(), HasSubstr("Z error"));
}

TEST(hello, yaml_and_cpp_versions_behave_alike) {
  temp_dir dir;
  const std::vector<std::string> common{"--listen", "127.0.0.1:0",
                                        "--set",    "sources.visits.rate=0",
                                        "--set",    "sources.visits.loop=false",
                                        "--set",    "sources.visits.load=true"};
  const auto serve = [&](const std::string& file) {
    std::vector<std::string> arguments{"serve", "--config", HELLO_DIR "/" + file};
    arguments.insert(arguments.end(), common.begin(), common.end());
    return arguments;
  };
  process yaml(twinlane_binary, serve("hello.yaml"), dir.path()),
      cpp(hello_binary, serve("hello_cpp.yaml"), dir.path());
  const auto yaml_port = await_ready(yaml), cpp_port = await_ready(cpp);
  const auto body = "{\"visitor\":\"1\",\"text\":\"Welcome\"}\n{\"visitor\":\"new\",\"text\":\"Hi\"}\nbad\n";
  EXPECT_EQ(json::parse(request(yaml_port, "POST", "/api/ingest/hello", body).body).at("accepted"), 2);
  EXPECT_EQ(json::parse(request(cpp_port, "POST", "/api/ingest/hello", body).body).at("accepted"), 2);
  for (const std::string id : {"1", "2", "3", "4", "5", "new"}) {
    const auto one = json::parse(request(yaml_port, "GET", "/visitor/" + id).body);
    const auto other = json::parse(request(cpp_port, "GET", "/visitor/" + id).body);
    for (const auto* key : {"uri", "type", "lanes"}) EXPECT_EQ(one.at(key), other.at(key)) << id;
    EXPECT_EQ(one.at("lanes").at("pages").size(), id == "new" ? 0u : 5u) << one;
  }
  EXPECT_EQ(request(yaml_port, "GET", "/visitor/1/pages").body, request(cpp_port, "GET", "/visitor/1/pages").body);
  EXPECT_EQ(request(yaml_port, "GET", "/visitor/9").status, 404);
  EXPECT_EQ(request(cpp_port, "GET", "/visitor/9").status, 404);
  for (auto* p : {&yaml, &cpp}) {
    p->signal(SIGTERM);
    EXPECT_EQ(p->wait(10s), 0) << p->err();
  }
}

}  // namespace
}  // namespace twinlane
