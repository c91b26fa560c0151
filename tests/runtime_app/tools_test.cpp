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
  EXPECT_THAT(end.err, HasSubstr("1 entries of join lanes and windows were left out"));
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

TEST_F(tools, imported_store_is_for_servers_with_as_many_shards) {
  dir.write("in.ndjson", R"({"uri":"/ledger/a","lanes":{}})");
  EXPECT_EQ(call({"import", "--data-dir", "one", "--set", "shards=8", "in.ndjson"}).code, 0);
  const auto end = call({"import", "--data-dir", "one", "--replace", "in.ndjson"});
  EXPECT_EQ(end.code, 1);
  EXPECT_THAT(end.err, HasSubstr("The store was made with shards 8, and the configuration says 960."));
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

const std::string counts_source =
    "  - { name: counts, http: {}, entity: \"/sleeper/{id}\", lane: counts, key: \"{n}\" }\n";

TEST_F(tools, letter_whose_agent_exists_by_now_is_applied_once_and_gone) {
  dir.write("probe.yaml", "hosting: shared\n" + config + counts_source);
  {
    auto s = serve("one");
    EXPECT_EQ(s.post("/api/ingest/counts", R"({"id":"1","n":5,"seed":7})"), 200);
    const auto list = call({"dead", "list", "--url", s.url()});
    EXPECT_EQ(list.code, 0) << list.err;
    EXPECT_THAT(list.out, AllOf(HasSubstr(" counts "), HasSubstr("no_such_entity"), HasSubstr("/sleeper/1"),
                                HasSubstr(R"({"id":"1","n":5,"seed":7})"), HasSubstr("\n1 dead letters\n")));
    EXPECT_EQ(s.post("/sleeper/1/sleep", R"({"ms":0})"), 200);
    EXPECT_THAT(call({"dead", "replay", "--url", s.url(), "--source", "other"}).out, StartsWith("0 letters applied"));
    const auto replay = call({"dead", "replay", "--url", s.url(), "--source", "counts"});
    EXPECT_EQ(replay.code, 0) << replay.err;
    EXPECT_EQ(replay.out, "1 letters applied, 0 dead again, 0 could not be replayed\n");
    EXPECT_THAT(call({"dead", "replay", "--url", s.url()}).out, StartsWith("0 letters applied"));
    EXPECT_EQ(lanes_of(s, "/sleeper/1").at("counts"), json::parse(R"({"5":{"n":5,"seed":7}})"));
    s.stop();
  }
  const auto list = call({"dead", "list", "--data-dir", "one"});
  EXPECT_EQ(list.out, "0 dead letters\n");
  auto s = serve("one");
  EXPECT_EQ(lanes_of(s, "/sleeper/1").at("counts").size(), 1u);
  s.stop();
}

TEST_F(tools, letter_that_is_refused_again_is_a_new_letter_and_replaying_ends) {
  auto s = serve("one");
  book(s, "a", 1, -5);
  book(s, "a", 2, -6);
  const auto replay = call({"dead", "replay", "--url", s.url(), "--reason", "handler_failed"});
  EXPECT_EQ(replay.code, 1) << replay.err;
  EXPECT_EQ(replay.out, "0 letters applied, 2 dead again, 0 could not be replayed\n");
  const auto list = call({"dead", "list", "--json", "--data-dir", "one"});
  std::istringstream lines(list.out);
  std::vector<json> letters;
  for (std::string line; std::getline(lines, line);) letters.push_back(json::parse(line));
  ASSERT_EQ(letters.size(), 2u);
  EXPECT_EQ(letters[0].at("topic"), "(replay)");
  EXPECT_EQ(letters[0].at("uri"), "/ledger/a");
  EXPECT_EQ(json::parse(letters[1].at("value").get<std::string>()).at("amount"), -6);
  s.stop();
}

TEST_F(tools, letter_goes_through_the_router_as_it_is_now_and_stays_without_its_source) {
  {
    auto s = serve("one");
    EXPECT_EQ(s.post("/api/ingest/bookings", R"({"book":"z","id":1,"amount":5})"), 200);
    EXPECT_EQ(s.post("/api/ingest/recent", R"({"seed":1})"), 200);
    const auto replay = call({"dead", "replay", "--url", s.url()});
    EXPECT_EQ(replay.code, 1);
    EXPECT_THAT(replay.err, HasSubstr("stays: missing_field: field 'ledger'"));
    EXPECT_EQ(replay.out, "0 letters applied, 0 dead again, 2 could not be replayed\n");
    s.stop();
  }
  auto mended = config;
  mended.replace(mended.find("{ledger}"), 8, "{book}");
  mended.replace(mended.find("name: recent"), 12, "name: newest");
  dir.write("probe.yaml", mended);
  auto s = serve("one");
  const auto replay = call({"dead", "replay", "--url", s.url()});
  EXPECT_EQ(replay.code, 1);
  EXPECT_EQ(replay.out, "1 letters applied, 0 dead again, 1 could not be replayed\n");
  EXPECT_THAT(replay.err, HasSubstr("there is no source 'recent' in the configuration"));
  EXPECT_EQ(lanes_of(s, "/ledger/z").at("total"), 5);
  EXPECT_THAT(call({"dead", "list", "--url", s.url()}).out, HasSubstr("\n1 dead letters\n"));
  s.stop();
}

TEST_F(tools, dead_letters_of_no_server_are_an_error_in_one_line) {
  const auto end = call({"dead", "list", "--url", "http://127.0.0.1:1"});
  EXPECT_EQ(end.code, 1);
  EXPECT_THAT(end.err, StartsWith("probe: no answer from http://127.0.0.1:1: "));
  EXPECT_EQ(call({"dead", "list", "--url", "ftp://x"}).code, 2);
  EXPECT_EQ(call({"dead", "replay"}).code, 2);
  EXPECT_EQ(call({"dead"}).code, 2);
}

}  // namespace
}  // namespace twinlane
