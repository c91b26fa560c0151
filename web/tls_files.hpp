#pragma once

#include <optional>
#include <string>

namespace twinlane::web {

/// Where a certificate and its private key are: PEM, the server's own certificate first and then its issuers', the key
/// without a passphrase.
struct tls_files {
  std::string cert, key;
};

/// What keeps a server from using them, as `tls.cert: what is wrong. Hint.`; nothing when they are fine.
std::optional<std::string> problem_of(const tls_files& files);

}  // namespace twinlane::web
