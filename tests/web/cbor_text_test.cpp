#include <random>

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include <twinlane/web/cbor_text.hpp>
#include <twinlane/web/ws_message.hpp>

namespace twinlane::web {
namespace {

using nlohmann::json;
using namespace std::string_literals;

json random_document(std::mt19937& random, int depth) {
  static const json leaves[] = {nullptr,
                                true,
                                0,
                                -1,
                                23,
                                24,
                                255,
                                256,
                                65'535,
                                65'536,
                                4'294'967'295,
                                4'294'967'296,
                                18'446'744'073'709'551'615u,
                                std::numeric_limits<std::int64_t>::min(),
                                0.1,
                                -2.5,
                                1e300,
                                "",
                                "Zoë \"quoted\" \n \U0001F600",
                                std::string(300, 'x')};
  if (depth == 0 || random() % 3 == 0) return leaves[random() % std::size(leaves)];
  json out = random() % 2 ? json::object() : json::array();
  for (auto n = random() % 5; n > 0; --n) {
    auto below = random_document(random, depth - 1);
    if (out.is_object())
      out[std::string(random() % 40, static_cast<char>('a' + n))] = std::move(below);
    else
      out.push_back(std::move(below));
  }
  return out;
}

TEST(cbor_text, random_documents_are_the_same_in_both) {
  for (unsigned seed = 1; seed <= 2'000; ++seed) {
    std::mt19937 random(seed);
    const auto text = random_document(random, 5).dump();
    ASSERT_EQ(json_of_cbor(cbor_of(text)), text) << "seed " << seed;
  }
}

TEST(cbor_text, a_head_and_the_shared_rest_are_one_map) {
  for (const auto rest : {R"("rev":19,"patch":{"a":{"b":null},"c":[1,-2.5]}})", "}"}) {
    std::string message(1, cbor_map);
    append_cbor_text(message, "op");
    append_cbor_text(message, "diff");
    append_cbor_text(message, "from");
    append_cbor_number(message, 70'000);
    message += cbor_rest(rest);
    const auto wanted = R"({"op":"diff","from":70000)" + (rest == "}"s ? ""s : ","s) + rest;
    EXPECT_EQ(json::parse(json_of_cbor(message).value()), json::parse(wanted));
  }
}

TEST(cbor_text, an_open_rest_takes_more_members) {
  const auto message =
      cbor_map + cbor_open_rest(R"("lane":"alerts","value":{"n":1})") + "\x67" + "dropped" + "\x03" + cbor_end;
  EXPECT_EQ(json_of_cbor(message), R"({"dropped":3,"lane":"alerts","value":{"n":1}})");
}

TEST(cbor_text, messages_of_unknown_length_are_one_array) {
  EXPECT_EQ(json_of_cbor(cbor_array + cbor_of("{}") + cbor_of("[1]") + cbor_end), "[{},[1]]");
}

TEST(cbor_text, members_keep_their_order) {
  EXPECT_EQ(cbor_of(R"({"b":1,"a":2})"),
            "\xa2\x61"
            "b\x01\x61"
            "a\x02");
}

TEST(cbor_text, what_json_cannot_say_is_nothing) {
  EXPECT_EQ(json_of_cbor("\x7f\x61"
                         "a\x61"
                         "b\xff"),
            "\"ab\"")
      << "a text in pieces is a text";
  EXPECT_EQ(json_of_cbor("\xf9\x7e\x00"s), "null") << "not a number";
  const std::string wrong[] = {"",
                               "\x41x",      // bytes
                               "\xc0\x61x",  // a tag
                               "\x62"
                               "a",                 // cut off
                               "\x61\xff",          // no UTF-8
                               "\x01\x01",          // two
                               "\xa1\x01\x01",      // a number as a name
                               "\x9f\x01",          // no end
                               "\xff",              // an end of nothing
                               "\x7f\x7f\xff\xff",  // pieces of pieces
                               "\x7f\x41"
                               "a\xff",                                 // bytes as a piece of a text
                               "\x3b\xff\xff\xff\xff\xff\xff\xff\xff",  // below 64 bits
                               "\x9b\x7f\xff\xff\xff\xff\xff\xff\xff",  // longer than it is
                               "\xbb\xff\xff\xff\xff\xff\xff\xff\xff",  // a map of that many
                               "\xbf\x61"
                               "a\xff",  // a name without a value
                               "\xf7",
                               "\xf8\x20",
                               "\x1c"};
  for (const auto& bytes : wrong) EXPECT_FALSE(json_of_cbor(bytes)) << json::parse("[]").dump() << bytes.size();
}

TEST(cbor_text, nesting_is_bounded_before_anything_is_built) {
  const auto nested = [](std::size_t n, char open, std::string end) { return std::string(n, open) + std::move(end); };
  EXPECT_TRUE(json_of_cbor(nested(63, '\x81', "\x80")));
  EXPECT_FALSE(json_of_cbor(nested(65, '\x81', "\x80")));
  EXPECT_FALSE(json_of_cbor(nested(60'000, '\x81', "\x80")));
  EXPECT_FALSE(json_of_cbor(nested(60'000, '\x9f', "")));
  EXPECT_FALSE(json_of_cbor(nested(60'000, '\x7f', "")));
  EXPECT_FALSE(json_of_cbor(nested(60'000, '\xc6', "\x01")));
}

TEST(cbor_text, a_frame_is_read_as_the_same_messages) {
  const auto frame = parse_cbor_frame(
      cbor_of(R"([{"op":"ping","id":1},{"op":"cmd","id":2,"uri":"/c/1","lane":"l","value":{"n":1.5}}])"));
  ASSERT_EQ(frame.error, "");
  ASSERT_EQ(frame.messages.size(), 2u);
  EXPECT_EQ(std::get<ping_message>(frame.messages[0]).id, 1u);
  EXPECT_EQ(std::get<cmd_message>(frame.messages[1]).value, R"({"n":1.5})");
  EXPECT_FALSE(parse_cbor_frame(R"({"op":"ping","id":1})").error.empty());
  EXPECT_FALSE(parse_cbor_frame(cbor_of(R"({"op":"fly","id":1})")).error.empty());
}

}  // namespace
}  // namespace twinlane::web
