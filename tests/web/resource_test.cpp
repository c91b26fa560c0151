#include <web/served.hpp>

#include <algorithm>

#include <twinlane/web/resource.hpp>

namespace twinlane::testing {
namespace {

using web::resource_kind;

std::vector<type_description> nested(bool inner_first) {
  std::vector<type_description> all{
      {"customer",
       "/customer/:id",
       "shared",
       "events",
       {{"profile", lane_kind::value, false, false}, {"orders", lane_kind::map, true, false}}},
      {"invoice", "/customer/:id/invoices/:nr", "shared", "events", {{"sum", lane_kind::value, false, false}}}};
  if (inner_first) std::reverse(all.begin(), all.end());
  return all;
}

TEST(resource, nested_routes_are_found_in_either_order_of_declaration) {
  for (const bool inner_first : {false, true}) {
    const web::resource_table t(nested(inner_first));
    const auto invoice = t.locate("/customer/1/invoices/7");
    ASSERT_EQ(invoice.kind, resource_kind::entity);
    EXPECT_EQ(invoice.type->name, "invoice");
    EXPECT_EQ(invoice.uri, "/customer/1/invoices/7");
    const auto sum = t.locate("/customer/1/invoices/7/sum");
    ASSERT_EQ(sum.kind, resource_kind::lane);
    EXPECT_EQ(sum.type->name, "invoice");
    const auto order = t.locate("/customer/1/orders/7");
    ASSERT_EQ(order.kind, resource_kind::entry);
    EXPECT_EQ(order.type->name, "customer");
    EXPECT_EQ(order.name, "7");
    EXPECT_EQ(t.locate("/customer/1").type->name, "customer");
    EXPECT_EQ(t.locate("/customer/1/invoices").wrong.code, problem::no_such_lane);
    EXPECT_EQ(t.locate("/customer/1/nothing/7").wrong.code, problem::no_such_lane);
    EXPECT_EQ(t.locate("/customer/1/profile/7").wrong.code, problem::no_such_key);
    EXPECT_EQ(t.locate("/customer/1/invoices/7/nothing").wrong.code, problem::no_such_lane);
    EXPECT_NE(t.locate("/customer/1/invoices/7/nothing").wrong.detail.find("'invoice'"), std::string::npos);
    EXPECT_EQ(t.locate("/supplier/1").wrong.code, problem::no_such_route);
  }
}

TEST(resource, nested_entities_are_read_streamed_and_removed) {
  for (const bool inner_first : {false, true}) {
    served s({}, std::make_shared<fake_port>(nested(inner_first)));
    s.port->set("/customer/1/invoices/7", "sum", 12);
    EXPECT_EQ(s.get("/customer/1/invoices/7").json().at("type"), "invoice");
    EXPECT_EQ(s.get("/customer/1/invoices/7/sum").body, "12");
    wire stream(s.server->port());
    stream.send("GET /customer/1/invoices/7 HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n");
    EXPECT_NE(stream.read_until("\r\n\r\n").find(" 200 "), std::string::npos);
    EXPECT_NE(stream.read_until("\n\n").find(R"("lanes":{"sum":12})"), std::string::npos);
    EXPECT_EQ(s.ask("DELETE", "/customer/1/invoices/7").status, 204);
    expect_problem(s.get("/customer/1/invoices/7"), 404, "no_such_entity");
  }
}

}  // namespace
}  // namespace twinlane::testing
