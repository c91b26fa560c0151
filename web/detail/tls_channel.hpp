#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include <openssl/types.h>

#include <twinlane/web/tls_files.hpp>

namespace twinlane::web::detail {

/// A certificate and its key, ready for connections: TLS 1.2 and 1.3, forward secrecy and AEAD alone, ALPN http/1.1.
///
/// Threads  any
/// Errors   std::runtime_error, as problem_of() says it
class tls_context {
 public:
  explicit tls_context(const tls_files& files);
  SSL_CTX* native() const noexcept { return context_.get(); }

 private:
  std::shared_ptr<SSL_CTX> context_;
};

/// The server's side of TLS on a non-blocking socket, with nothing asynchronous in it.
///
/// Shape    each call does what can be done at once, or says what the socket must be waited for; then it is called
/// again
///          with the same bytes
/// Cost     about 14 KB while nothing moves: the buffers of records go back when they are empty
/// Threads  one at a time
/// Errors   failed: the connection is of no more use; why() says what the peer did
class tls_channel {
 public:
  enum class state : unsigned char { done, want_read, want_write, closed, failed };
  static constexpr std::size_t record_bytes_max = 16 * 1024;

  /// The socket must outlive it and becomes non-blocking.
  tls_channel(const tls_context& context, int socket);

  state handshake();
  state read(void* to, std::size_t size, std::size_t& got);
  /// At most one record of it.
  state write(const void* from, std::size_t size, std::size_t& put);
  /// Is something decrypted that read() gives without the socket?
  bool pending() const noexcept;
  /// Tells the peer that nothing more comes, if that can be said at once.
  void say_goodbye() noexcept;
  const std::string& why() const noexcept { return why_; }

 private:
  struct freed {
    void operator()(SSL* s) const noexcept;
  };
  state outcome_of(int result);

  std::unique_ptr<SSL, freed> ssl_;
  std::string why_;
  bool broken_ = false;
};

}  // namespace twinlane::web::detail
