#include <web/access/mint.hpp>

#include <chrono>
#include <cstdlib>
#include <stdexcept>

#include <cjose/cjose.h>

#include <twinlane/web/access/token_text.hpp>

namespace twinlane::testing {
namespace {

const std::uint8_t* bytes_of(const std::string& text) { return reinterpret_cast<const std::uint8_t*>(text.data()); }

void must(bool done, const cjose_err& why) {
  if (!done) throw std::runtime_error(why.message ? why.message : "cjose failed");
}

}  // namespace

mint::mint(_cjose_jwk_int* key, std::string id) : key_(key, [](auto* k) { cjose_jwk_release(k); }), id_(std::move(id)) {
  if (!key_) throw std::runtime_error("no key was made");
  cjose_err e{};
  if (!id_.empty()) must(cjose_jwk_set_kid(key, id_.data(), id_.size(), &e), e);
}

mint mint::rsa(std::string id, std::size_t bits) {
  cjose_err e{};
  const std::string exponent("\x01\x00\x01", 3);
  return {cjose_jwk_create_RSA_random(bits, bytes_of(exponent), exponent.size(), &e), std::move(id)};
}

mint mint::elliptic(std::string id, const std::string& curve) {
  cjose_err e{};
  const auto c = curve == "P-256" ? CJOSE_JWK_EC_P_256 : curve == "P-384" ? CJOSE_JWK_EC_P_384 : CJOSE_JWK_EC_P_521;
  return {cjose_jwk_create_EC_random(c, &e), std::move(id)};
}

mint mint::secret(std::string id, const std::string& bytes) {
  cjose_err e{};
  return {cjose_jwk_create_oct_spec(bytes_of(bytes), bytes.size(), &e), std::move(id)};
}

nlohmann::json mint::jwk() const {
  cjose_err e{};
  const bool whole = cjose_jwk_get_kty(key_.get(), &e) == CJOSE_JWK_KTY_OCT;
  char* text = cjose_jwk_to_json(key_.get(), whole, &e);
  must(text != nullptr, e);
  auto out = nlohmann::json::parse(text);
  std::free(text);
  return out;
}

std::string mint::token(const nlohmann::json& claims, const std::string& algorithm) const {
  cjose_err e{};
  auto* head = cjose_header_new(&e);
  must(head && cjose_header_set(head, "alg", algorithm.c_str(), &e), e);
  if (!id_.empty()) must(cjose_header_set(head, "kid", id_.c_str(), &e), e);
  const auto text = claims.dump();
  auto* jws = cjose_jws_sign(key_.get(), head, bytes_of(text), text.size(), &e);
  must(jws != nullptr, e);
  const char* compact = nullptr;
  must(cjose_jws_export(jws, &compact, &e), e);
  std::string out(compact);
  cjose_jws_release(jws);
  cjose_header_release(head);
  return out;
}

std::string key_set(std::initializer_list<const mint*> keys) {
  auto list = nlohmann::json::array();
  for (const auto* k : keys) list.push_back(k->jwk());
  return nlohmann::json{{"keys", list}}.dump();
}

std::string unsigned_token(const nlohmann::json& claims) {
  return web::base64url(R"({"alg":"none","typ":"JWT"})") + "." + web::base64url(claims.dump()) + ".";
}

std::int64_t in_seconds(std::int64_t n) {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count() +
         n;
}

}  // namespace twinlane::testing
