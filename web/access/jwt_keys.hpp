#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <twinlane/runtime/errors.hpp>

namespace twinlane::web {

/// The keys that tokens are signed with.
///
/// Shape    RSA from 2,048 bits, EC on P-256, P-384 and P-521, secrets from 32 bytes. Keys of other kinds, and those
///          whose `use` or `key_ops` say that they verify nothing, are left out
/// Threads  any, once read
/// Source   RFC 7515, 7517, 7518, 8725
class jwt_keys {
 public:
  /// Reads a JWK set. bad_value says what is wrong, without a byte of a key.
  static outcome<std::shared_ptr<const jwt_keys>> read(std::string_view jwk_set);
  ~jwt_keys();

  /// The token's payload when one of the keys has signed it; else unauthorized, and why.
  ///
  /// Shape    the algorithm must be that of the key's kind, curve and `alg`, so that nothing that is public serves as a
  ///          secret; `none` is no algorithm. A `kid` names the key; without one all that fit are tried, at most eight
  /// Cost     one signature a key that is tried
  outcome<std::string> payload_of(std::string_view token) const;

  std::size_t size() const noexcept;

 private:
  struct all;
  explicit jwt_keys(std::unique_ptr<all> keys);
  std::unique_ptr<all> keys_;
};

}  // namespace twinlane::web
