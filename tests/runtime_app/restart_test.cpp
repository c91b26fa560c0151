#include <fstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "process.hpp"
#include "serving.hpp"
#include "temp_dir.hpp"

namespace twinlane {
namespace {

using nlohmann::json;
using test::run;
using test::served;
using test::temp_dir;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

const std::string agents = R"(shards: 8
agents:
  - type: customer
    route: /customer/:id
    lanes: { seen: { kind: log } }
)";

std::string source(const std::string& name) {
  return "sources:\n  - { name: " + name +
         ", file: { path: orders.ndjson }, entity: \"/customer/{customer}\", lane: seen, load: true }\n";
}

std::string records(const std::vector<int>& numbers) {
  std::string text;
  for (const auto n : numbers) text += json{{"customer", 1}, {"n", n}}.dump() + '\n';
  return text;
}

/// What the agent has seen, in its order.
std::vector<int> seen(const served& s) {
  std::vector<int> all;
  const auto page = json::parse(s.get("/customer/1"));
  for (const auto& entry : page.at("lanes").at("seen")) all.push_back(entry.at("n"));
  return all;
}

json partition_of(const served& s, int number) {
  const auto sources = json::parse(s.get("/api/sources"));
  for (const auto& p : sources.at("items").at(0).at("partitions"))
    if (p.at("partition") == number) return p;
  return {};
}

TEST(restart, a_file_goes_on_when_it_has_grown_and_begins_anew_when_it_is_another) {
  const temp_dir dir;
  dir.write("c.yaml", agents + source("orders"));
  const auto serve = [&](const std::string& config) {
    return served(TWINLANE_BINARY, {"--config", config}, dir.path());
  };
  dir.write("orders.ndjson", records({1, 2}));
  {
    auto s = serve("c.yaml");
    EXPECT_THAT(seen(s), ElementsAre(1, 2));
    s.stop();
  }
  dir.write("orders.ndjson", records({1, 2, 3}));
  {
    auto s = serve((dir.path() / "c.yaml").string());  // the same file, found on another way
    EXPECT_THAT(seen(s), ElementsAre(1, 2, 3));
    s.stop();
    EXPECT_THAT(s.server.err(), HasSubstr("goes on behind the 2 records that earlier runs read"));
  }
  dir.write("orders.ndjson", records({7, 8}));
  {
    auto s = serve("c.yaml");
    EXPECT_THAT(seen(s), ElementsAre(1, 2, 3, 7, 8));
    s.server.signal(SIGKILL);
    s.server.wait(std::chrono::seconds{10});
    EXPECT_THAT(s.server.err(), HasSubstr("is not the file that was read before: it begins with other records. It is "
                                          "read from its start, as partition 1"));
  }
  {
    auto s = serve("c.yaml");
    EXPECT_THAT(seen(s), ElementsAre(1, 2, 3, 7, 8)) << "a kill changes nothing";
    EXPECT_EQ(partition_of(s, 1).at("lag"), 0);
    EXPECT_EQ(partition_of(s, 1).at("offset_durable"), 2);
    EXPECT_TRUE(partition_of(s, 2).is_null()) << "looking for the file makes no partitions";
    EXPECT_THAT(s.get("/metrics"), HasSubstr("twinlane_ingest_lag{source=\"orders\",partition=\"1\"} 0"));
    s.stop();
  }
}

TEST(restart, check_warns_of_a_source_that_may_have_been_renamed) {
  const temp_dir dir;
  dir.write("c.yaml", agents + source("orders"));
  dir.write("renamed.yaml", agents + source("sales"));
  dir.write("orders.ndjson", records({1, 2}));
  const auto check = [&](const std::string& config) {
    const auto end = run(TWINLANE_BINARY, {"check", "--config", config}, dir.path());
    EXPECT_EQ(end.code, 0) << end.out << end.err;
    return end.out;
  };
  EXPECT_THAT(check("renamed.yaml"), Not(HasSubstr("warning"))) << "nothing is stored yet";
  served(TWINLANE_BINARY, {"--config", "c.yaml"}, dir.path()).stop();
  EXPECT_THAT(check("c.yaml"), Not(HasSubstr("warning")));
  EXPECT_THAT(check("renamed.yaml"), HasSubstr("renamed.yaml: warning: sources.sales: "));
  EXPECT_THAT(check("renamed.yaml"), HasSubstr("If it is 'orders' under a new name"));
}

}  // namespace
}  // namespace twinlane
