#include <twinlane/web/access/jwt_keys.hpp>

#include <gmock/gmock.h>

#include <twinlane/web/access/token_text.hpp>
#include <web/access/mint.hpp>

namespace twinlane::web {
namespace {

using nlohmann::json;
using testing::key_set;
using testing::mint;

const std::string secret_bytes = "a secret of thirty-two bytes, 32";
const json claims{{"sub", "ann"}};

// Made once: a key takes a while.
const mint& rsa() {
  static const auto key = mint::rsa("r1");
  return key;
}

std::shared_ptr<const jwt_keys> keys_of(const std::string& set) {
  auto read = jwt_keys::read(set);
  if (!ok(read)) throw std::runtime_error(std::get<error>(read).detail);
  return std::get<0>(read);
}

std::string why_not(const outcome<std::string>& o) {
  return ok(o) ? "taken: " + std::get<std::string>(o) : std::get<error>(o).detail;
}

std::string why_no_set(const std::string& set) {
  const auto read = jwt_keys::read(set);
  return ok(read) ? "taken" : std::get<error>(read).detail;
}

TEST(jwt_keys, a_token_of_each_algorithm_is_taken_with_its_key) {
  const auto hs = mint::secret("h1", secret_bytes);
  const auto e256 = mint::elliptic("e1"), e384 = mint::elliptic("e2", "P-384"), e512 = mint::elliptic("e3", "P-521");
  const auto keys = keys_of(key_set({&hs, &rsa(), &e256, &e384, &e512}));
  EXPECT_EQ(keys->size(), 5u);
  const std::pair<const mint*, const char*> all[] = {
      {&hs, "HS256"},    {&hs, "HS384"},    {&hs, "HS512"},   {&rsa(), "RS256"}, {&rsa(), "RS384"},
      {&rsa(), "RS512"}, {&rsa(), "PS256"}, {&e256, "ES256"}, {&e384, "ES384"},  {&e512, "ES512"}};
  for (const auto& [key, algorithm] : all) {
    const auto payload = keys->payload_of(key->token(claims, algorithm));
    ASSERT_TRUE(ok(payload)) << algorithm << ": " << why_not(payload);
    EXPECT_EQ(json::parse(std::get<std::string>(payload)), claims) << algorithm;
  }
}

TEST(jwt_keys, a_token_without_a_signature_is_refused) {
  const auto keys = keys_of(key_set({&rsa()}));
  EXPECT_EQ(why_not(keys->payload_of(testing::unsigned_token(claims))), "The token's algorithm is not taken.");
  auto stripped = rsa().token(claims, "RS256");
  stripped.erase(stripped.rfind('.') + 1);
  EXPECT_EQ(why_not(keys->payload_of(stripped)), "The token's signature is wrong.");
}

TEST(jwt_keys, a_public_key_serves_as_no_secret) {
  const auto keys = keys_of(key_set({&rsa()}));
  for (const auto& known : {rsa().jwk().dump(), rsa().jwk().at("n").get<std::string>()}) {
    const auto forged = mint::secret("r1", known).token(claims, "HS256");
    EXPECT_EQ(why_not(keys->payload_of(forged)), "No key fits the token's algorithm and key id.");
  }
}

TEST(jwt_keys, another_key_of_the_same_id_is_refused) {
  const auto mine = mint::elliptic("e1"), theirs = mint::elliptic("e1");
  EXPECT_EQ(why_not(keys_of(key_set({&mine}))->payload_of(theirs.token(claims, "ES256"))),
            "The token's signature is wrong.");
}

TEST(jwt_keys, the_key_id_names_the_key_and_without_one_all_that_fit_are_tried) {
  const auto first = mint::elliptic("e1"), second = mint::elliptic("e2"), unnamed = mint::elliptic("");
  const auto keys = keys_of(key_set({&first, &second, &unnamed}));
  EXPECT_TRUE(ok(keys->payload_of(second.token(claims, "ES256"))));
  EXPECT_TRUE(ok(keys->payload_of(unnamed.token(claims, "ES256"))));
  const auto unknown = mint::elliptic("e9");
  EXPECT_FALSE(ok(keys->payload_of(unknown.token(claims, "ES256"))));
}

TEST(jwt_keys, a_key_that_names_its_algorithm_serves_no_other) {
  auto named = rsa().jwk();
  named["alg"] = "RS512";
  const auto keys = keys_of(json{{"keys", {named}}}.dump());
  EXPECT_TRUE(ok(keys->payload_of(rsa().token(claims, "RS512"))));
  EXPECT_EQ(why_not(keys->payload_of(rsa().token(claims, "RS256"))), "No key fits the token's algorithm and key id.");
}

TEST(jwt_keys, a_changed_payload_or_header_is_refused) {
  const auto keys = keys_of(key_set({&rsa()}));
  const auto token = rsa().token(claims, "RS256");
  const auto first = token.find('.'), last = token.rfind('.');
  const auto other = base64url(R"({"sub":"bob"})");
  EXPECT_FALSE(ok(keys->payload_of(token.substr(0, first + 1) + other + token.substr(last))));
  const auto critical = base64url(R"({"alg":"RS256","crit":["x"],"x":1})");
  EXPECT_EQ(why_not(keys->payload_of(critical + token.substr(first))),
            "The token asks for extensions that are not known.");
}

TEST(jwt_keys, what_is_no_token_is_refused) {
  const auto keys = keys_of(key_set({&rsa()}));
  for (const std::string text : {"", ".", "..", "...", "a.b.c", "e30.e30.", "bnVsbA.e30.e30", "W10.e30.e30"})
    EXPECT_FALSE(ok(keys->payload_of(text))) << text;
  EXPECT_EQ(why_not(keys->payload_of(std::string(16'385, 'a'))), "The token is longer than 16384 bytes.");
  // A part of 4n + 1 letters is no base64url, which cjose asserts.
  const auto head = rsa().token(claims, "RS256");
  for (const std::string rest : {".e30x0.e30", ".e30.e30x0", ".e30.e", ".e30=.e30", ".e 30.e30", ".e30.e30.e30"})
    EXPECT_FALSE(ok(keys->payload_of(head.substr(0, head.find('.')) + rest))) << rest;
}

TEST(jwt_keys, a_set_says_what_is_wrong_with_it) {
  EXPECT_EQ(why_no_set("nonsense"), "it is no JWK set, as in {\"keys\":[…]}");
  EXPECT_EQ(why_no_set("[]"), "it is no JWK set, as in {\"keys\":[…]}");
  EXPECT_EQ(why_no_set(R"({"keys":{}})"), "it is no JWK set, as in {\"keys\":[…]}");
  EXPECT_EQ(why_no_set(R"({"keys":[]})"), "it has no key that verifies signatures");
  EXPECT_EQ(why_no_set(R"({"keys":[7]})"), "key 1 is not an object");
  EXPECT_EQ(why_no_set(R"({"keys":[{"kty":"RSA","n":"!","e":"AQAB"}]})"), "key 1 is not a sound RSA key");
  EXPECT_EQ(why_no_set(R"({"keys":[{"kty":"RSA","n":"AAAAA","e":"AQAB"}]})"), "key 1 is not a sound RSA key");
  EXPECT_EQ(why_no_set(R"({"keys":[{"kty":"oct","k":"AAAAA"}]})"), "key 1 is not a sound oct key");
  EXPECT_EQ(why_no_set(json{{"keys", {mint::secret("h", "short").jwk()}}}.dump()),
            "key 1 is a secret of fewer than 32 bytes");
  EXPECT_EQ(why_no_set(json{{"keys", {mint::rsa("r", 1'024).jwk()}}}.dump()),
            "key 1 is an RSA key of fewer than 2048 bits");
}

TEST(jwt_keys, keys_that_verify_nothing_are_left_out) {
  auto encrypts = rsa().jwk(), signs_only = rsa().jwk();
  encrypts["use"] = "enc";
  signs_only["key_ops"] = {"sign"};
  const json unknown{{"kty", "OKP"}, {"crv", "Ed25519"}, {"x", "AAAA"}};
  EXPECT_EQ(keys_of(json{{"keys", {encrypts, signs_only, unknown, rsa().jwk()}}}.dump())->size(), 1u);
}

}  // namespace
}  // namespace twinlane::web
