#pragma once

#include <initializer_list>
#include <memory>
#include <string>

#include <nlohmann/json.hpp>

struct _cjose_jwk_int;

namespace twinlane::testing {

/// A key that signs tokens, as an identity provider has it.
class mint {
 public:
  static mint rsa(std::string id, std::size_t bits = 2'048);
  /// curve: P-256, P-384, P-521
  static mint elliptic(std::string id, const std::string& curve = "P-256");
  static mint secret(std::string id, const std::string& bytes);

  /// As a JWK; without what signs, when the key has a public half.
  nlohmann::json jwk() const;
  /// A signed token; `kid` is the key's own id unless it is empty.
  std::string token(const nlohmann::json& claims, const std::string& algorithm) const;

 private:
  mint(_cjose_jwk_int* key, std::string id);
  std::shared_ptr<_cjose_jwk_int> key_;
  std::string id_;
};

/// The JWK set of these keys, as text.
std::string key_set(std::initializer_list<const mint*> keys);

/// `alg: none`, with no signature.
std::string unsigned_token(const nlohmann::json& claims);

/// Seconds since the epoch, so many from now.
std::int64_t in_seconds(std::int64_t n);

}  // namespace twinlane::testing
