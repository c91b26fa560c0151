#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include <twinlane/web/frame_batch.hpp>

namespace twinlane::web {
namespace {

outgoing message(outgoing::kind k, std::string text, std::uint64_t from = 0) {
  return {k, 0, from, shared_text(std::move(text)), {}};
}

std::string sealed(frame_batch& b) {
  b.seal();
  std::string all;
  b.for_each_piece([&](std::string_view s) { all += s; });
  return all;
}

TEST(frame_batch, an_event_ends_with_what_was_dropped_before_it_however_long_it_is) {
  for (const std::size_t size : {10u, 10'000u}) {
    auto m = message(outgoing::kind::event, "\"lane\":\"alerts\",\"value\":\"" + std::string(size, 'x') + "\"");
    m.dropped = 3;
    frame_batch b;
    b.add(m, 5);
    b.add(message(outgoing::kind::reply, "{}"), 0);
    EXPECT_EQ(sealed(b),
              R"([{"op":"event","id":5,"lane":"alerts","value":")" + std::string(size, 'x') + R"(","dropped":3},{}])");
    EXPECT_EQ(b.events(), 1u);
  }
}

TEST(frame_batch, one_message_is_a_frame_without_brackets) {
  frame_batch b;
  b.add(message(outgoing::kind::diff, R"("rev":18,"patch":{}})", 17), 5);
  EXPECT_EQ(sealed(b), R"({"op":"diff","id":5,"from":17,"rev":18,"patch":{}})");
  EXPECT_EQ(b.diffs(), 1u);
}

TEST(frame_batch, readers_of_cbor_share_one_text) {
  frame_batch a, b, c;
  for (auto* each : {&a, &b}) each->clear(wire_format::cbor);
  for (const std::size_t size : {10u, 10'000u}) {
    const auto m = message(outgoing::kind::diff, "\"rev\":18,\"patch\":\"" + std::string(size, 'x') + "\"}", 17);
    EXPECT_EQ(rest_of(m, wire_format::cbor).data(), rest_of(outgoing(m), wire_format::cbor).data());
    for (auto* each : {&a, &b, &c}) each->add(m, 5);
  }
  const auto cbor = sealed(a);
  EXPECT_EQ(cbor, sealed(b));
  EXPECT_EQ(nlohmann::json::from_cbor(cbor), nlohmann::json::parse(sealed(c)));
  EXPECT_EQ(a.bytes(), c.bytes());
}

TEST(frame_batch, merged_diffs_and_resumed_snapshots_are_counted_apart) {
  frame_batch b;
  auto m = message(outgoing::kind::diff, R"("rev":18,"patch":{}})", 17);
  m.merged = true;
  auto s = message(outgoing::kind::snap, R"("resumed":true})");
  s.resumed = true;
  for (const auto& each : {m, s, message(outgoing::kind::snap, R"("lanes":{}})")}) b.add(each, 1);
  EXPECT_EQ(b.diffs(), 0u);
  EXPECT_TRUE(b.arrived().empty()) << "it waited for its reader, not for us";
  EXPECT_EQ(b.merged(), 1u);
  EXPECT_EQ(b.snapshots(), 1u);
}

TEST(frame_batch, several_messages_are_an_array) {
  frame_batch b;
  b.add(message(outgoing::kind::reply, R"({"op":"pong","id":3})"), 0);
  b.add(message(outgoing::kind::snap, R"("uri":"/a"})"), 1);
  b.add(message(outgoing::kind::done, R"("reason":"limit"})"), 2);
  EXPECT_EQ(sealed(b),
            R"([{"op":"pong","id":3},{"op":"snap","id":1,"uri":"/a"},{"op":"done","id":2,"reason":"limit"}])");
}

TEST(frame_batch, long_texts_are_sent_from_where_they_lie) {
  const auto big = message(outgoing::kind::snap, std::string(10'000, 'y') + "}");
  const std::string tail(10'000, 'y');
  for (int first = 0; first < 2; ++first) {
    frame_batch b;
    if (first == 1) b.add(message(outgoing::kind::reply, "{}"), 0);
    b.add(big, 9);
    if (first == 1) b.add(message(outgoing::kind::reply, "{1}"), 0);
    const std::string head = R"({"op":"snap","id":9,)";
    EXPECT_EQ(sealed(b), first == 1 ? "[{}," + head + tail + "},{1}]" : head + tail + "}");
    bool in_place = false;
    b.for_each_piece([&](std::string_view s) { in_place = in_place || s.data() == big.text->data(); });
    EXPECT_TRUE(in_place);
  }
}

TEST(frame_batch, a_frame_is_full_at_64_kib_but_for_a_first_message) {
  frame_batch b;
  const auto half = message(outgoing::kind::reply, std::string(40'000, 'x'));
  EXPECT_TRUE(b.fits(message(outgoing::kind::reply, std::string(1'000'000, 'x'))));
  b.add(half, 0);
  EXPECT_FALSE(b.fits(half));
  b.clear();
  EXPECT_TRUE(b.fits(half));
  EXPECT_TRUE(b.empty());
}

}  // namespace
}  // namespace twinlane::web
