#include <web/served.hpp>

#include <zlib.h>

namespace twinlane::testing {
namespace {

using nlohmann::json;

constexpr auto offer = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits";
constexpr unsigned compressed_text = 0x41;  // text, with the extension's bit

/// One message as the extension has it.
/// Source   RFC 7692, 7.2.1
std::string deflated(const std::string& text) {
  z_stream z{};
  if (deflateInit2(&z, 9, Z_DEFLATED, -12, 8, Z_DEFAULT_STRATEGY) != Z_OK) throw std::runtime_error("deflateInit2");
  std::string out(deflateBound(&z, text.size()) + 16, '\0');
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  z.avail_in = static_cast<uInt>(text.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  deflate(&z, Z_SYNC_FLUSH);
  out.resize(out.size() - z.avail_out - 4);
  deflateEnd(&z);
  return out;
}

/// The messages of one connection, one by one, as they share their window.
class inflater {
 public:
  inflater() {
    if (inflateInit2(&z_, -12) != Z_OK) throw std::runtime_error("inflateInit2");
  }
  ~inflater() { inflateEnd(&z_); }
  inflater(const inflater&) = delete;
  inflater& operator=(const inflater&) = delete;

  std::string operator()(std::string in) {
    in += std::string("\0\0\xff\xff", 4);
    std::string out(1 << 20, '\0');
    z_.next_in = reinterpret_cast<Bytef*>(in.data());
    z_.avail_in = static_cast<uInt>(in.size());
    z_.next_out = reinterpret_cast<Bytef*>(out.data());
    z_.avail_out = static_cast<uInt>(out.size());
    if (inflate(&z_, Z_SYNC_FLUSH) != Z_OK) throw std::runtime_error("this does not inflate within 4 KiB of window");
    out.resize(out.size() - z_.avail_out);
    return out;
  }

 private:
  z_stream z_{};
};

void compress(web::options& o) { o.compression = true; }

bool has_extension(const ws_client& c) { return c.handshake().find("Sec-WebSocket-Extensions") != std::string::npos; }

TEST(deflate, it_is_off_unless_it_is_configured_and_offered) {
  served without, with(compress);
  EXPECT_FALSE(has_extension(without.ws({offer})));
  EXPECT_FALSE(has_extension(with.ws()));
  const auto agreed = with.ws({offer}).handshake();
  EXPECT_NE(agreed.find("permessage-deflate"), std::string::npos);
  EXPECT_NE(agreed.find("server_max_window_bits=12"), std::string::npos) << agreed;
  EXPECT_NE(agreed.find("client_max_window_bits=12"), std::string::npos) << agreed;
}

TEST(deflate, a_compressed_frame_without_an_agreement_is_an_error_of_the_protocol) {
  served s;
  auto client = s.ws({offer});
  client.send_frame(compressed_text, deflated(R"({"op":"ping","id":1})"));
  EXPECT_EQ(client.close_code(), 1002u);
}

TEST(deflate, long_messages_are_compressed_and_short_ones_are_not) {
  served s(compress);
  json prefs;
  for (int i = 0; i < 500; ++i) prefs["key" + std::to_string(i)] = {{"name", "somebody"}, {"n", i}};
  s.port->set("/customer/1", "prefs", prefs);
  auto client = s.ws({offer});
  inflater inflate;
  client.send_frame(compressed_text, deflated(R"({"op":"sub","id":1,"uri":"/customer/1"})"));
  const auto snap = client.frame();
  EXPECT_TRUE(snap.compressed);
  const auto text = inflate(snap.payload);
  EXPECT_EQ(json::parse(text).at("lanes").at("prefs"), prefs);
  EXPECT_LT(snap.payload.size(), text.size() / 4);
  prefs["key7"]["n"] = 700;
  s.port->set("/customer/1", "prefs", prefs);
  EXPECT_TRUE(eventually([&] { return s.counted("diffs_sent") == 1; }));
  const auto diff = client.frame();
  EXPECT_FALSE(diff.compressed);
  EXPECT_EQ(json::parse(diff.payload).at("op"), "diff");
  client.send(R"({"op":"ping","id":2})");
  EXPECT_EQ(json::parse(client.frame().payload).at("op"), "pong") << "uncompressed messages are as good";
}

TEST(deflate, a_frame_that_inflates_over_the_inbound_bound_is_1009) {
  served s(compress);
  auto client = s.ws({offer});
  const auto fits = deflated(R"({"op":"ping","id":1,"pad":")" + std::string(60'000, 'x') + "\"}");
  client.send_frame(compressed_text, fits);
  EXPECT_EQ(client.next().at("op"), "pong");
  const auto bomb = deflated(std::string(20'000'000, ' '));
  ASSERT_LT(bomb.size(), 64u * 1024u) << "its own length is within the bound";
  client.send_frame(compressed_text, bomb);
  EXPECT_EQ(client.close_code(), 1009u);
  EXPECT_TRUE(eventually([&] { return s.counted("closed_too_large") == 1; }));
}

TEST(deflate, what_does_not_inflate_ends_the_connection) {
  served s(compress);
  auto client = s.ws({offer});
  client.send_frame(compressed_text, std::string(1000, '\xff'));
  EXPECT_TRUE(eventually([&] { return s.server->connections() == 0; }));
}

}  // namespace
}  // namespace twinlane::testing
