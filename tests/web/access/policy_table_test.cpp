#include <twinlane/web/access/policy_table.hpp>

#include <stdexcept>

#include <gmock/gmock.h>

namespace twinlane::web {
namespace {

std::vector<type_description> types() {
  return {{"customer",
           "/customer/:id",
           "shared",
           "events",
           {{"profile", lane_kind::value, false, false},
            {"orders", lane_kind::map, true, false},
            {"issue_voucher", lane_kind::command, false, false},
            {"alerts", lane_kind::supply, false, false}}},
          {"shelf", "/store/:city/shelf/:nr", "shared", "events", {{"stock", lane_kind::value, false, false}}}};
}

policy_line reads(std::string role, std::string on, std::vector<std::string> paths) {
  policy_line l;
  l.role = std::move(role);
  l.on = std::move(on);
  l.read = std::move(paths);
  return l;
}

principal with_roles(std::vector<std::string> roles, std::string sub = "") {
  principal p{"p", std::move(roles)};
  if (!sub.empty()) p.claims.emplace("sub", std::move(sub));
  return p;
}

std::string problem_of(const policy_line& l) {
  const auto wrong = wrong_policy(l, types());
  return wrong ? wrong->field + ": " + wrong->text : "fine";
}

TEST(policy_table, what_no_line_allows_is_not_allowed) {
  const policy_table t({reads("marketing", "/customer/:id", {"profile.name"})}, types());
  for (const auto& who : {with_roles({}), with_roles({"desk"}), with_roles({"self"})}) {
    const auto r = t.on(who, "/customer/1");
    EXPECT_TRUE(r->read->empty());
    EXPECT_FALSE(r->may_command("issue_voucher") || r->may_write("orders") || r->remove || r->may_read("profile"));
    EXPECT_FALSE(t.may(who, "metrics") || t.reads_some(who, "customer"));
  }
  EXPECT_TRUE(t.on(with_roles({"marketing"}), "/store/x/shelf/1")->read->empty());
  EXPECT_TRUE(t.on(with_roles({"marketing"}), "/nothing")->read->empty());
}

TEST(policy_table, roles_add_up) {
  auto desk = reads("desk", "/customer/:id", {"orders"});
  desk.command = {"issue_voucher"};
  auto chief = desk;
  chief.role = "chief";
  chief.write = {"*"};
  chief.remove = true;
  const policy_table t({reads("marketing", "/customer/:id", {"profile.name", "profile.city"}), desk, chief}, types());
  const auto both = t.on(with_roles({"desk", "marketing"}), "/customer/1");
  EXPECT_EQ(*both->read, field_set::of({{"orders"}, {"profile", "city"}, {"profile", "name"}}));
  EXPECT_TRUE(both->may_command("issue_voucher"));
  EXPECT_FALSE(both->may_write("orders") || both->remove);
  EXPECT_TRUE(t.on(with_roles({"chief"}), "/customer/1")->may_write("orders"));
}

TEST(policy_table, the_star_is_everything_and_has_no_tag) {
  const policy_table t({reads("desk", "/customer/:id", {"*"}), reads("marketing", "/customer/:id", {"profile"})},
                       types());
  EXPECT_EQ(t.on(with_roles({"desk"}), "/customer/1")->tag, "");
  EXPECT_TRUE(t.on(with_roles({"desk", "marketing"}), "/customer/1")->read->is_all());
  EXPECT_EQ(t.on(with_roles({"marketing"}), "/customer/1")->tag.size(), 12u);
}

TEST(policy_table, equal_rights_are_one_object_and_others_have_another_tag) {
  const policy_table t({reads("a", "/customer/:id", {"profile"}), reads("b", "/customer/:id", {"orders"})}, types());
  const auto a = t.on(with_roles({"a"}), "/customer/1");
  EXPECT_EQ(a, t.on(with_roles({"a", "z"}), "/customer/2"));
  EXPECT_NE(a->tag, t.on(with_roles({"b"}), "/customer/1")->tag);
}

TEST(policy_table, a_claim_opens_ones_own_agent_alone) {
  const policy_table t(
      {reads("self", "/customer/{jwt.sub}", {"profile"}), reads("keeper", "/store/{jwt.shop\\.city}/shelf/:nr", {"*"})},
      types());
  EXPECT_THAT(t.claims(), ::testing::ElementsAre("sub", "shop\\.city"));
  const auto ann = with_roles({}, "a b");
  EXPECT_TRUE(t.on(ann, "/customer/a%20b")->may_read("profile"));
  for (const auto* other : {"/customer/a", "/customer/a%20b2", "/customer/a%2520b", "/store/a%20b/shelf/1"})
    EXPECT_TRUE(t.on(ann, other)->read->empty()) << other;
  EXPECT_TRUE(t.on(with_roles({}), "/customer/1")->read->empty());
  EXPECT_TRUE(t.reads_some(ann, "customer"));
  EXPECT_FALSE(t.reads_every(ann, "customer"));
  auto keeper = with_roles({"keeper"});
  keeper.claims.emplace("shop\\.city", "Ulm");
  EXPECT_TRUE(t.on(keeper, "/store/Ulm/shelf/7")->may_read("stock"));
  EXPECT_TRUE(t.on(keeper, "/store/Bonn/shelf/7")->read->empty());
}

TEST(policy_table, parts_of_the_interface_open_by_name) {
  policy_line l;
  l.role = "operator";
  l.api = {"sources", "dead"};
  const policy_table t({l}, types());
  EXPECT_TRUE(t.may(with_roles({"operator"}), "dead"));
  EXPECT_FALSE(t.may(with_roles({"operator"}), "metrics"));
  EXPECT_FALSE(t.may(with_roles({"marketing"}), "dead"));
}

TEST(policy_table, a_wrong_line_says_which_key_and_why) {
  EXPECT_EQ(problem_of(reads("a", "/customer/:id", {"profile.name"})), "fine");
  EXPECT_EQ(problem_of(reads("", "/customer/:id", {"*"})),
            "role: there is none. Name a role, or self for everybody with credentials.");
  EXPECT_EQ(problem_of(reads("a", "/custmer/:id", {"*"})),
            "on: '/custmer/:id' is no type's route. Routes are: /customer/:id, /store/:city/shelf/:nr; {jwt.sub} may "
            "stand for a parameter.");
  EXPECT_EQ(problem_of(reads("a", "/customer/7", {"*"})).substr(0, 4), "on: ");
  EXPECT_EQ(problem_of(reads("a", "/customer/{jwt.}", {"*"})).substr(0, 4), "on: ");
  EXPECT_EQ(problem_of(reads("a", "", {"*"})), "on: it is missing. Name a type's route, as in /customer/:id.");
  EXPECT_EQ(problem_of(reads("a", "/customer/:id", {})),
            "on: the line allows nothing there. Give it read, command, write or delete.");
  EXPECT_EQ(problem_of(reads("a", "", {})), "role: the line allows nothing. Give it api, or on and read.");
  EXPECT_EQ(problem_of(reads("a", "/customer/:id", {"profil.name"})),
            "read: customer has no lane 'profil' to read. Its lanes are: profile, orders, alerts.");
  EXPECT_EQ(problem_of(reads("a", "/customer/:id", {"profile..x"})),
            "read: 'profile..x' is not a dotted path, as in profile.name.");
  EXPECT_EQ(problem_of(reads("a", "/customer/:id", {"issue_voucher"})),
            "read: 'issue_voucher' takes commands and is not read. Name it under 'command'.");
  EXPECT_EQ(problem_of(reads("a", "/customer/:id", {"alerts.text"})),
            "read: what the supply lane 'alerts' emits is read whole. Write alerts.");
  auto l = reads("a", "/customer/:id", {"*"});
  l.command = {"profile"};
  EXPECT_EQ(problem_of(l), "command: customer has no command lane 'profile'. It has: issue_voucher.");
  l.command = {"*"};
  l.write = {"profile"};
  EXPECT_EQ(problem_of(l), "write: customer has no writable lane 'profile'. It has: orders.");
  l.write = {};
  l.api = {"metric"};
  EXPECT_EQ(problem_of(l), "api: there is no 'metric'. There are: dead, ingest, metrics, query, sources.");
  EXPECT_THROW(policy_table({l}, types()), std::invalid_argument);
}

}  // namespace
}  // namespace twinlane::web
