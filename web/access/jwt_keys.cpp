// The one place that checks signatures.
#include <twinlane/web/access/jwt_keys.hpp>

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include <cjose/cjose.h>
#include <nlohmann/json.hpp>

#include <twinlane/web/access/token_text.hpp>

namespace twinlane::web {
namespace {

using nlohmann::json;

constexpr std::size_t set_bytes_max = 1024 * 1024, keys_max = 100, token_bytes_max = 16 * 1024, tried_max = 8;
constexpr std::size_t rsa_bits_min = 2'048, rsa_bits_max = 16'384, secret_bits_min = 256;

struct algorithm {
  std::string_view name, kind, curve;
};

constexpr std::array<algorithm, 12> algorithms{{{"HS256", "oct", ""},
                                                {"HS384", "oct", ""},
                                                {"HS512", "oct", ""},
                                                {"RS256", "RSA", ""},
                                                {"RS384", "RSA", ""},
                                                {"RS512", "RSA", ""},
                                                {"PS256", "RSA", ""},
                                                {"PS384", "RSA", ""},
                                                {"PS512", "RSA", ""},
                                                {"ES256", "EC", "P-256"},
                                                {"ES384", "EC", "P-384"},
                                                {"ES512", "EC", "P-521"}}};

struct release {
  void operator()(cjose_jwk_t* k) const { cjose_jwk_release(k); }
  void operator()(cjose_jws_t* s) const { cjose_jws_release(s); }
};

struct key {
  std::string kind, curve, algorithm, id;
  std::unique_ptr<cjose_jwk_t, release> value;
};

std::string text_of(const json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

bool known(std::string_view kind, std::string_view curve) {
  return std::any_of(algorithms.begin(), algorithms.end(),
                     [&](const algorithm& a) { return a.kind == kind && a.curve == curve; });
}

bool verifies(const json& k) {
  if (k.contains("use") && text_of(k, "use") != "sig") return false;
  const auto operations = k.find("key_ops");
  if (operations == k.end()) return true;
  return operations->is_array() && std::find(operations->begin(), operations->end(), "verify") != operations->end();
}

std::string weakness(const key& k) {
  cjose_err ignored{};
  const auto bits = cjose_jwk_get_keysize(k.value.get(), &ignored);
  if (k.kind == "RSA" && bits < rsa_bits_min) return "is an RSA key of fewer than 2048 bits";
  if (k.kind == "RSA" && bits > rsa_bits_max) return "is an RSA key of more than 16384 bits";
  if (k.kind == "oct" && bits < secret_bits_min) return "is a secret of fewer than 32 bytes";
  return {};
}

error bad_set(std::string what) { return {problem::bad_value, std::move(what)}; }

// cjose asserts that what it decodes is base64url, and these are all that it decodes: RFC 7518, section 6.
bool has_decodable_members(const json& key) {
  for (const char* name : {"k", "n", "e", "d", "p", "q", "dp", "dq", "qi", "x", "y"}) {
    const auto found = key.find(name);
    if (found != key.end() && (!found->is_string() || !base64url_decoded(found->get_ref<const std::string&>())))
      return false;
  }
  return true;
}

// The same of a token: three parts.
bool has_decodable_parts(std::string_view token) {
  for (int part = 0; part < 3; ++part) {
    const auto dot = std::min(token.find('.'), token.size());
    if (!base64url_decoded(token.substr(0, dot))) return false;
    if (dot == token.size()) return part == 2;
    token.remove_prefix(dot + 1);
  }
  return false;
}

// Nothing for a key that is left out.
outcome<std::optional<key>> read_key(const json& from, std::size_t number) {
  if (!from.is_object()) return bad_set("key " + std::to_string(number) + " is not an object");
  key k;
  k.kind = text_of(from, "kty");
  k.curve = k.kind == "EC" ? text_of(from, "crv") : std::string();
  k.algorithm = text_of(from, "alg");
  k.id = text_of(from, "kid");
  if (!known(k.kind, k.curve) || !verifies(from)) return std::optional<key>();
  const auto text = from.dump(-1, ' ', false, json::error_handler_t::replace);
  cjose_err why{};
  if (has_decodable_members(from)) k.value.reset(cjose_jwk_import(text.data(), text.size(), &why));
  if (!k.value) return bad_set("key " + std::to_string(number) + " is not a sound " + k.kind + " key");
  if (auto weak = weakness(k); !weak.empty()) return bad_set("key " + std::to_string(number) + " " + weak);
  return std::optional(std::move(k));
}

error refused(std::string why) { return {problem::unauthorized, std::move(why)}; }

struct signature_head {
  const algorithm* how = nullptr;
  std::string key_id;
};

outcome<signature_head> head_of(std::string_view token) {
  if (token.size() > token_bytes_max) return refused("The token is longer than 16384 bytes.");
  if (std::count(token.begin(), token.end(), '.') != 2) return refused("The credentials are no token that is known.");
  const auto bytes = base64url_decoded(token.substr(0, token.find('.')));
  const auto head = bytes ? json::parse(*bytes, nullptr, false) : json(json::value_t::discarded);
  if (!head.is_object()) return refused("The token's header is not JSON.");
  if (head.contains("crit")) return refused("The token asks for extensions that are not known.");
  signature_head out;
  const auto name = text_of(head, "alg");
  for (const auto& a : algorithms)
    if (a.name == name) out.how = &a;
  if (!out.how) return refused("The token's algorithm is not taken.");
  out.key_id = text_of(head, "kid");
  return out;
}

bool fits(const key& k, const signature_head& h) {
  return k.kind == h.how->kind && k.curve == h.how->curve && (k.algorithm.empty() || k.algorithm == h.how->name) &&
         (k.id.empty() || h.key_id.empty() || k.id == h.key_id);
}

std::optional<std::string> signed_payload(std::string_view token, const key& k) {
  if (!has_decodable_parts(token)) return std::nullopt;
  cjose_err ignored{};
  const std::unique_ptr<cjose_jws_t, release> jws(cjose_jws_import(token.data(), token.size(), &ignored));
  if (!jws || !cjose_jws_verify(jws.get(), k.value.get(), &ignored)) return std::nullopt;
  std::uint8_t* text = nullptr;
  std::size_t length = 0;
  if (!cjose_jws_get_plaintext(jws.get(), &text, &length, &ignored)) return std::nullopt;
  return std::string(reinterpret_cast<const char*>(text), length);
}

}  // namespace

struct jwt_keys::all {
  std::vector<key> keys;
};

jwt_keys::jwt_keys(std::unique_ptr<all> keys) : keys_(std::move(keys)) {}
jwt_keys::~jwt_keys() = default;
std::size_t jwt_keys::size() const noexcept { return keys_->keys.size(); }

outcome<std::shared_ptr<const jwt_keys>> jwt_keys::read(std::string_view jwk_set) {
  if (jwk_set.size() > set_bytes_max) return bad_set("it is larger than 1 MiB");
  const auto root = json::parse(jwk_set, nullptr, false);
  const auto list = root.is_object() ? root.find("keys") : root.end();
  if (!root.is_object() || list == root.end() || !list->is_array())
    return bad_set("it is no JWK set, as in {\"keys\":[…]}");
  if (list->size() > keys_max) return bad_set("it has more than 100 keys");
  auto read = std::make_unique<all>();
  std::size_t number = 0;
  for (const auto& item : *list) {
    auto k = read_key(item, ++number);
    if (!ok(k)) return std::get<error>(k);
    if (auto& usable = std::get<0>(k)) read->keys.push_back(std::move(*usable));
  }
  if (read->keys.empty()) return bad_set("it has no key that verifies signatures");
  return std::shared_ptr<const jwt_keys>(new jwt_keys(std::move(read)));
}

outcome<std::string> jwt_keys::payload_of(std::string_view token) const {
  const auto head = head_of(token);
  if (!ok(head)) return std::get<error>(head);
  std::size_t tried = 0;
  for (const auto& k : keys_->keys) {
    if (!fits(k, std::get<signature_head>(head))) continue;
    if (++tried > tried_max) break;
    if (auto payload = signed_payload(token, k)) return std::move(*payload);
  }
  return refused(tried == 0 ? "No key fits the token's algorithm and key id." : "The token's signature is wrong.");
}

}  // namespace twinlane::web
