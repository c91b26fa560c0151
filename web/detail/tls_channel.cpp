#include <twinlane/web/detail/tls_channel.hpp>

#include <cerrno>
#include <cstdint>
#include <new>
#include <stdexcept>
#include <string_view>
#include <system_error>

#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

namespace twinlane::web::detail {
namespace {

// A sentence about the first thing that went wrong in OpenSSL's last call.
std::string last_error() {
  const auto code = ERR_get_error();
  ERR_clear_error();
  if (ERR_SYSTEM_ERROR(code)) return std::generic_category().message(ERR_GET_REASON(code));
  const char* reason = code != 0 ? ERR_reason_error_string(code) : nullptr;
  return reason ? reason : "unknown error";
}

int descriptor_of(BIO* b) { return static_cast<int>(reinterpret_cast<std::intptr_t>(BIO_get_data(b))); }

// OpenSSL's own sockets raise SIGPIPE when the peer has gone.
int send_bytes(BIO* b, const char* from, std::size_t size, std::size_t* put) {
  BIO_clear_retry_flags(b);
  const auto n = ::send(descriptor_of(b), from, size, MSG_NOSIGNAL);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_write(b);
  *put = n > 0 ? static_cast<std::size_t>(n) : 0;
  return n > 0 ? 1 : 0;
}

int receive_bytes(BIO* b, char* to, std::size_t size, std::size_t* got) {
  BIO_clear_retry_flags(b);
  const auto n = ::recv(descriptor_of(b), to, size, 0);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_read(b);
  if (n == 0) BIO_set_flags(b, BIO_FLAGS_IN_EOF);
  *got = n > 0 ? static_cast<std::size_t>(n) : 0;
  return n > 0 ? 1 : 0;
}

long control(BIO* b, int what, long, void*) {
  if (what == BIO_CTRL_EOF) return BIO_test_flags(b, BIO_FLAGS_IN_EOF) != 0 ? 1 : 0;
  return what == BIO_CTRL_FLUSH ? 1 : 0;
}

int created(BIO* b) {
  BIO_set_init(b, 1);
  return 1;
}

const BIO_METHOD* socket_method() {
  static const std::unique_ptr<BIO_METHOD, decltype(&BIO_meth_free)> method(
      [] {
        auto* m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket");
        if (!m) throw std::bad_alloc();
        BIO_meth_set_write_ex(m, send_bytes);
        BIO_meth_set_read_ex(m, receive_bytes);
        BIO_meth_set_ctrl(m, control);
        BIO_meth_set_create(m, created);
        return m;
      }(),
      BIO_meth_free);
  return method.get();
}

// A client that offers protocols and not ours is told so; one that offers none speaks HTTP/1.1 anyway.
int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* size, const unsigned char* offered,
                    unsigned offered_size, void*) {
  static constexpr std::string_view ours = "http/1.1";
  for (unsigned at = 0; at < offered_size; at += offered[at] + 1u) {
    if (at + 1u + offered[at] > offered_size) break;
    const std::string_view name(reinterpret_cast<const char*>(offered + at + 1), offered[at]);
    if (name != ours) continue;
    *chosen = offered + at + 1;
    *size = offered[at];
    return SSL_TLSEXT_ERR_OK;
  }
  return SSL_TLSEXT_ERR_ALERT_FATAL;
}

[[noreturn]] void fail(const std::string& what, const std::string& file, const std::string& hint) {
  throw std::runtime_error(what + ": '" + file + "' cannot be used: " + last_error() + ". " + hint);
}

}  // namespace

tls_context::tls_context(const tls_files& files) : context_(SSL_CTX_new(TLS_server_method()), SSL_CTX_free) {
  auto* c = context_.get();
  if (!c) throw std::bad_alloc();
  ERR_clear_error();
  SSL_CTX_set_min_proto_version(c, TLS1_2_VERSION);
  SSL_CTX_set_cipher_list(c, "ECDHE+AESGCM:ECDHE+CHACHA20");
  SSL_CTX_set_options(c, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                             SSL_OP_PRIORITIZE_CHACHA | SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_mode(c, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  // A flood of records without data must not hold the thread within one call.
  SSL_CTX_clear_mode(c, SSL_MODE_AUTO_RETRY);
  // Tickets resume sessions; nothing of them is kept here.
  SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_alpn_select_cb(c, choose_protocol, nullptr);
  // No question on a terminal when a key has a passphrase.
  SSL_CTX_set_default_passwd_cb(c, [](char*, int, int, void*) { return 0; });
  if (SSL_CTX_use_certificate_chain_file(c, files.cert.c_str()) != 1)
    fail("tls.cert", files.cert, "Name a PEM file with the server's certificate, and then those of its issuers.");
  if (SSL_CTX_use_PrivateKey_file(c, files.key.c_str(), SSL_FILETYPE_PEM) != 1)
    fail("tls.key", files.key, "Name a PEM file with the certificate's own private key, without a passphrase.");
}

void tls_channel::freed::operator()(SSL* s) const noexcept { SSL_free(s); }

tls_channel::tls_channel(const tls_context& context, int socket) : ssl_(SSL_new(context.native())) {
  auto* bio = ssl_ ? BIO_new(socket_method()) : nullptr;
  if (!bio) throw std::bad_alloc();
  BIO_set_data(bio, reinterpret_cast<void*>(static_cast<std::intptr_t>(socket)));
  SSL_set_bio(ssl_.get(), bio, bio);
  SSL_set_accept_state(ssl_.get());
  ::fcntl(socket, F_SETFL, ::fcntl(socket, F_GETFL) | O_NONBLOCK);
}

tls_channel::state tls_channel::outcome_of(int result) {
  if (result > 0) return state::done;
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      return state::want_read;
    case SSL_ERROR_WANT_WRITE:
      return state::want_write;
    case SSL_ERROR_ZERO_RETURN:
      return state::closed;
    default:
      broken_ = true;
      why_ = ERR_peek_error() != 0 ? last_error() : "the connection was reset";
      return state::failed;
  }
}

tls_channel::state tls_channel::handshake() {
  ERR_clear_error();
  return outcome_of(SSL_do_handshake(ssl_.get()));
}

tls_channel::state tls_channel::read(void* to, std::size_t size, std::size_t& got) {
  ERR_clear_error();
  got = 0;
  return size == 0 ? state::done : outcome_of(SSL_read_ex(ssl_.get(), to, size, &got));
}

tls_channel::state tls_channel::write(const void* from, std::size_t size, std::size_t& put) {
  ERR_clear_error();
  put = 0;
  return size == 0 ? state::done : outcome_of(SSL_write_ex(ssl_.get(), from, size, &put));
}

bool tls_channel::pending() const noexcept { return SSL_pending(ssl_.get()) > 0; }

void tls_channel::say_goodbye() noexcept {
  if (broken_ || SSL_is_init_finished(ssl_.get()) != 1) return;
  ERR_clear_error();
  SSL_shutdown(ssl_.get());
  ERR_clear_error();
}

}  // namespace twinlane::web::detail
