// Mistakes in agents that YAML declares are told with their place in the file.
#include <gtest/gtest.h>

#include <twinlane/runtime/app/config.hpp>

using namespace twinlane::app;

namespace {

// What is wrong with lanes, and with what stands below them. The lanes begin at line 5.
void refuse(std::string_view lanes, std::string_view place, std::string_view part) {
  const std::string yaml = "agents:\n  - type: customer\n    route: /customer/:id\n    lanes:\n" + std::string(lanes);
  const auto r = read_config(yaml, "c.yaml", {}, {{}, nullptr});
  ASSERT_FALSE(r.problems.empty()) << lanes;
  const auto text = text_of(r.problems[0]);
  EXPECT_EQ(text.substr(0, text.find(": ")), "c.yaml:" + std::string(place)) << text;
  EXPECT_NE(text.find(part), std::string::npos) << text;
}

TEST(yaml_mistakes, in_expressions_are_told_with_line_and_column) {
  refuse("      a: { kind: log, when: \"lowr(x) = 'y'\" }\n", "5:30", "Did you mean 'lower'?");
  refuse("      a: { kind: log, when: 'lowr(x) = ''y''' }\n", "5:30", "Did you mean 'lower'?");
  refuse("      a:\n        kind: log\n        when: x = 'é' and lowr(x) = 'y'\n", "7:27", "Did you mean 'lower'?");
  refuse("      a:\n        kind: log\n        when: 'x = ''y'' and lowr(x) = 1'\n", "7:30", "Did you mean 'lower'?");
  refuse("      a:\n        kind: log\n        when: \"x = \\\"\"\n", "7:20", "single quotes");
  refuse("      a:\n        kind: log\n        when: |\n          x = 1\n            and lowr(x) = 'y'\n", "9:17",
         "'lower'");
  refuse("      a:\n        kind: log\n        when: >-\n          x = 1 and\n          lowr(x) = 'y'\n", "9:11",
         "'lower'");
  refuse("      a:\n        kind: log\n        when: x = 1 and\n          lowr(x) = 'y'\n", "8:11", "'lower'");
  refuse("      a: { kind: log, when: x + 1 }\n", "5:31", "true or false is needed");
}

TEST(yaml_mistakes, in_what_lanes_are_made_of) {
  refuse("      a: { kind: log, from: b }\n", "5", "there is no lane 'b'");
  refuse("      a: { kind: counter }\n", "5", "Name the lane whose records");
  refuse("      a: { kind: log, value: x }\n", "5", "needs from");
  refuse("      a: { kind: map, key: x }\n", "5", "needs from");
  refuse("      p: { kind: value }\n      a: { kind: map, from: p }\n", "6", "have none");
  refuse("      p: { kind: value }\n      a: { kind: value, compute: p.x, from: p }\n", "6",
         "does not go with compute");
  refuse("      a: { kind: value, compute: 1 + 1 }\n", "5", "reads no lane");
  refuse("      a: { kind: value, compute: stars }\n", "5:34", "there is no lane 'stars'");
  refuse("      p: { kind: log }\n      a: { kind: value, from: p, writable: true }\n", "6", "its agent writes");
  refuse("      a: { kind: value, compute: b }\n      b: { kind: value, compute: a }\n", "4", "made of itself");
  refuse("      a: { kind: log, from: a }\n", "4", "made of itself");
  refuse("      a: { kind: log, when: { x: 1 } }\n", "5", "Write it in quotes");
  refuse("      a: { kind: log, wehn: x }\n", "5", "Did you mean 'when'?");
}

TEST(yaml_mistakes, in_windows) {
  const auto window = [](std::string_view rest) {
    return "      p: { kind: log }\n      a: { kind: window, from: p, " + std::string(rest) + " }\n";
  };
  refuse(window("reduce: { n: count() }"), "6", "one of tumbling");
  refuse(window("tumbling: 1m, session: 1m, reduce: { n: count() }"), "6", "one of tumbling");
  refuse(window("tumbling: 1m"), "6", "Write reduce");
  refuse(window("hopping: { size: 1m }, reduce: { n: count() }"), "6", "advance: is missing");
  refuse(window("tumbling: 1m, reduce: { n: counts() }"), "6:62", "is not a reducer");
  refuse(window("tumbling: 1m, reduce: { n: sum() }"), "6:66", "takes a value");
  refuse(window("tumbling: 1m, reduce: { n: \"sum(lower('a'))\" }"), "6:67", "gives text, and a number is needed");
  refuse(window("tumbling: 1m, reduce: { n: count(stars <) }"), "6:75", "expected a value");
}

TEST(yaml_mistakes, in_joins_and_sends) {
  const std::string log = "      p: { kind: log }\n";
  refuse(log + "      a: { kind: join, from: p, follow: \"/product/{x}\", lane: price }\n", "6",
         "no agent type has a route");
  refuse(log + "      a: { kind: join, from: p, follow: \"/customer/{x +}\", lane: p }\n", "6:56", "expected a value");
  refuse(log + "      a: { kind: join, from: p, follow: \"/customer/{x}\", lane: q }\n", "6", "has no lane 'q'");
  refuse(log + "      a: { kind: join, from: p, lane: q }\n", "6", "Write follow");
  const auto send = [&](std::string_view rest) { return log + "    send:\n      - { " + std::string(rest) + " }\n"; };
  refuse(send("from: p"), "7", "one of them");
  refuse(send("to: /customer/1, lane: p"), "7", "Name the lane whose records");
  refuse(send("from: p, to: /customer/1, lane: q"), "7", "has no lane 'q'");
  refuse(send("from: p, to: /customer/1"), "7", "Name the lane of the other agent");
  refuse(send("from: p, to: /customer/1, lane: p, key: x"), "7", "has no keys");
  refuse(send("from: p, to: /order/1, lane: p"), "7", "Routes are: /customer/:id");
  refuse(send("from: p, to: \"/customer/{lowr(x)}\", lane: p"), "7:36", "Did you mean 'lower'?");
  refuse(send("from: p, sink: s"), "7", "there is no sink 's'");
}

TEST(yaml_mistakes, sources_do_not_write_what_agents_make) {
  refuse(
      "      p: { kind: log }\n      a: { kind: log, from: p }\nsources:\n"
      "  - { name: s, http: {}, entity: \"/customer/{id}\", lane: a }\n",
      "8", "written by its agent");
}

}  // namespace
