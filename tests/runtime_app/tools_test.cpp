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
using test::run;
using test::served;
using test::temp_dir;
using test::text_of;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

/// The probe application with a store, and a source for each of its lanes.
const std::string config = R"(store: { kind: sqlite }
log: { level: error }
sources:
  - { name: bookings, http: {}, entity: "/ledger/{ledger}", lane: bookings }
  - { name: whom, http: {}, entity: "/watcher/{id}", lane: whom }
  - { name: recent, http: {}, entity: "/watcher/{id}", lane: recent, key: "{n}" }
)";

class tools : public testing::Test {
 protected:
  temp_dir dir;

  void SetUp() override { dir.write("probe.yaml", config); }
  test::finished call(const std::vector<std::string>& arguments) const {
    return run(PROBE_BINARY, arguments, dir.path());
  }
  served serve(const std::string& data_dir) const { return {PROBE_BINARY, {"--data-dir", data_dir}, dir.path()}; }
  std::string exported(const std::string& data_dir) const {
    const auto end = call({"export", "--data-dir", data_dir});
    EXPECT_EQ(end.code, 0) << end.err;
    return end.out;
  }
};

void book(const served& s, const std::string& ledger, int id, int amount) {
  const json booking{{"ledger", ledger}, {"id", id}, {"amount", amount}};
  EXPECT_EQ(s.post("/api/ingest/bookings", booking.dump()), 200);
}

json lanes_of(const served& s, const std::string& uri) { return json::parse(s.get(uri)).at("lanes"); }

/// Ledgers, and a watcher that follows one of them.
void fill(const served& s) {
  book(s, "a", 1, 5);
  book(s, "b", 2, 6);
  EXPECT_EQ(s.post("/api/ingest/whom", R"({"id":"1","ledger":"a"})"), 200);
  for (const char* n : {"3", "1", "2"})
    EXPECT_EQ(s.post("/api/ingest/recent", std::string(R"({"id":"1","seed":7,"n":)") + n + "}"), 200);
  book(s, "a", 3, 7);
  while (lanes_of(s, "/watcher/1").at("totals") != json{{"it", 12}}) std::this_thread::yield();
}

TEST_F(tools, agents_that_were_imported_are_those_that_were_exported_and_go_on_as_they) {
  {
    auto s = serve("one");
    fill(s);
    s.stop();
  }
  const auto lines = exported("one");
  dir.write("lines.ndjson", lines);
  const auto import = call({"import", "--data-dir", "two", "lines.ndjson"});
  EXPECT_EQ(import.code, 0) << import.err;
  EXPECT_THAT(import.err, HasSubstr("3 agents imported, 0 lines refused"));
  EXPECT_EQ(exported("two"), lines);

  auto s = serve("two");
  EXPECT_EQ(json::parse(s.get("/ledger/a")).at("rev"), 2);
  book(s, "a", 4, 1);  // brings the watcher back, which nobody has asked for
  while (lanes_of(s, "/watcher/1").at("totals") != json{{"it", 13}}) std::this_thread::yield();
  EXPECT_EQ(s.post("/api/ingest/recent", R"({"id":"1","seed":7,"n":9})"), 200);
  const auto watcher = lanes_of(s, "/watcher/1");
  EXPECT_EQ(watcher.at("recent"), json::parse(R"({"2":{"n":2,"seed":7},"9":{"n":9,"seed":7}})"));
  EXPECT_EQ(watcher.at("reminders"), json::parse(R"({"3":3})"));
  EXPECT_EQ(lanes_of(s, "/ledger/a").at("bookings").size(), 3u);
  s.stop();
}

TEST_F(tools, line_of_an_export_has_the_document_and_what_it_does_not_show) {
  auto s = serve("one");
  fill(s);
  const auto end = call({"export", "--data-dir", "one", "--type", "watcher"});  // beside the server
  EXPECT_EQ(end.code, 0) << end.err;
  const auto line = json::parse(end.out);
  auto shown = lanes_of(s, "/watcher/1");
  EXPECT_EQ(shown.erase("typing"), 1u);
  EXPECT_EQ(line.at("lanes"), shown);
  EXPECT_EQ(line.at("uri"), "/watcher/1");
  EXPECT_EQ(line.at("type"), "watcher");
  EXPECT_GT(line.at("rev"), 0);
  EXPECT_EQ(line.at("kept").at("recent").at("2").at(1), 3);
  EXPECT_EQ(line.at("kept").at("totals").at("it").at("uri"), "/ledger/a");
  EXPECT_GT(line.at("timers").at("remind"), 1'700'000'000'000);
  s.stop();
}

TEST_F(tools, export_writes_a_file_whole_or_not_at_all) {
  dir.write("in.ndjson", R"({"uri":"/ledger/a","lanes":{"total":5}})");
  EXPECT_EQ(call({"import", "--data-dir", "one", "in.ndjson"}).code, 0);
  EXPECT_EQ(call({"export", "--data-dir", "one", "--out", "out.ndjson"}).code, 0);
  EXPECT_EQ(text_of(dir.path() / "out.ndjson"), exported("one"));
  EXPECT_FALSE(std::filesystem::exists(dir.path() / "out.ndjson.part"));
  const auto none = call({"export", "--data-dir", "none", "--out", "none.ndjson"});
  EXPECT_EQ(none.code, 1);
  EXPECT_THAT(none.err, HasSubstr("There is no store none/state.db"));
  EXPECT_FALSE(std::filesystem::exists(dir.path() / "none.ndjson"));
  EXPECT_EQ(call({"export", "--data-dir", "one", "--out", "none/x"}).code, 1);
  EXPECT_EQ(call({"export", "--data-dir", "one", "--type", "shop"}).code, 2);
}

TEST_F(tools, import_names_bad_lines_and_takes_the_others) {
  dir.write("in.ndjson",
            "{\"uri\":\"/ledger/a\",\"lanes\":{\"total\":1}}\r\n\nnonsense\n"
            "{\"uri\":\"/ledger/a\",\"lanes\":{\"total\":2}}\n{\"uri\":\"/ledger/b\",\"lanes\":{\"total\":3}}");
  const auto first = call({"import", "--data-dir", "one", "in.ndjson"});
  EXPECT_EQ(first.code, 1);
  EXPECT_THAT(first.err, AllOf(HasSubstr("probe: in.ndjson:3: not a JSON object.\n"),
                               HasSubstr("in.ndjson:4: /ledger/a exists already"), Not(HasSubstr("json:5")),
                               HasSubstr("2 agents imported, 2 lines refused")));
  const auto before = exported("one");
  EXPECT_THAT(before, AllOf(HasSubstr(R"("total":1)"), HasSubstr(R"("total":3)")));
  EXPECT_EQ(call({"import", "--data-dir", "one", "none.ndjson"}).code, 1);

  dir.write("new.ndjson", R"({"uri":"/ledger/a","rev":9,"lanes":{"bookings":{"4":{"id":1,"amount":2}}}})");
  EXPECT_EQ(call({"import", "--data-dir", "one", "new.ndjson"}).code, 1);
  EXPECT_EQ(exported("one"), before);
  EXPECT_EQ(call({"import", "--data-dir", "one", "--replace", "new.ndjson"}).code, 0);
  EXPECT_THAT(exported("one"),
              StartsWith(R"({"uri":"/ledger/a","type":"ledger","rev":9,"lanes":{"bookings":{"4":{"id":1,)"
                         R"("amount":2}}},"kept")"));
}

TEST_F(tools, replaced_agent_no_longer_follows_whom_it_followed) {
  {
    auto s = serve("one");
    fill(s);
    s.stop();
  }
  dir.write("new.ndjson", R"({"uri":"/watcher/1","lanes":{"totals":{"it":1}}})");
  const auto end = call({"import", "--data-dir", "one", "--replace", "new.ndjson"});
  EXPECT_EQ(end.code, 0) << end.err;
  EXPECT_THAT(end.err, HasSubstr("1 entries of join lanes were left out"));
  auto s = serve("one");
  book(s, "a", 4, 1);
  EXPECT_EQ(lanes_of(s, "/watcher/1"), json::parse(R"({"totals":{},"recent":{},"reminders":{}})"));
  s.stop();
}

TEST_F(tools, import_and_compact_refuse_a_store_that_a_server_has_open) {
  dir.write("in.ndjson", R"({"uri":"/ledger/a","lanes":{}})");
  auto s = serve("one");
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"import", "--data-dir", "one", "in.ndjson"}, {"compact", "--data-dir", "one"}}) {
    const auto end = call(arguments);
    EXPECT_EQ(end.code, 1);
    EXPECT_THAT(end.err, HasSubstr("is in use by another server"));
  }
  EXPECT_EQ(test::request(s.port, "GET", "/ledger/a").status, 404);
  s.stop();
}

TEST_F(tools, import_into_a_configuration_without_a_store_is_2) {
  dir.write("in.ndjson", R"({"uri":"/ledger/a","lanes":{}})");
  const auto end = call({"import", "--set", "store.kind=memory", "in.ndjson"});
  EXPECT_EQ(end.code, 2);
  EXPECT_THAT(end.err, HasSubstr("store: { kind: sqlite }"));
}

TEST_F(tools, backup_of_a_running_server_serves_what_was_durable) {
  auto s = serve("one");
  fill(s);
  const auto end = call({"backup", "--data-dir", "one", "--to", "copy.db"});
  EXPECT_EQ(end.code, 0) << end.err;
  EXPECT_THAT(end.out, AllOf(StartsWith("copy.db: "), HasSubstr("checked")));
  book(s, "a", 9, 100);
  std::filesystem::create_directories(dir.path() / "two");
  std::filesystem::copy(dir.path() / "copy.db", dir.path() / "two" / "state.db");
  auto copy = serve("two");
  EXPECT_EQ(lanes_of(copy, "/ledger/a").at("total"), 12);
  EXPECT_EQ(lanes_of(s, "/ledger/a").at("total"), 112);
  EXPECT_NE(json::parse(copy.get("/ledger/a")).at("lineage"), json::parse(s.get("/ledger/a")).at("lineage"));
  copy.stop();
  s.stop();
  EXPECT_EQ(call({"backup", "--data-dir", "one", "--to", "copy.db"}).code, 1);
}

TEST_F(tools, compact_keeps_all_agents_and_tells_sizes) {
  {
    auto s = serve("one");
    fill(s);
    s.stop();
  }
  const auto before = exported("one");
  const auto end = call({"compact", "--data-dir", "one"});
  EXPECT_EQ(end.code, 0) << end.err;
  EXPECT_THAT(end.out, testing::MatchesRegex("one/state.db: [0-9.]+ MiB before, [0-9.]+ MiB after\n"));
  EXPECT_EQ(exported("one"), before);
}

}  // namespace
}  // namespace twinlane
