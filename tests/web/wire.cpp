#include <web/wire.hpp>

#include <algorithm>
#include <cerrno>
#include <stdexcept>
#include <system_error>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace twinlane::testing {

wire::wire(std::uint16_t port, int receive_bytes) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  if (receive_bytes > 0) ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_bytes, sizeof receive_bytes);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0)
    throw std::system_error(errno, std::generic_category(), "connect");
}

wire::~wire() {
  if (fd_ >= 0) ::close(fd_);
}

wire::wire(wire&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), tls_(std::move(other.tls_)), buffer_(std::move(other.buffer_)) {}

void wire::start_tls(const std::string& cert_file, std::string_view protocols, int version_max) {
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  SSL_CTX_load_verify_locations(context.get(), cert_file.c_str(), nullptr);
  SSL_CTX_set_min_proto_version(context.get(), 0);
  SSL_CTX_set_max_proto_version(context.get(), version_max);
  SSL_CTX_set_security_level(context.get(), 0);  // so that it may offer what the server must refuse
  SSL_CTX_clear_mode(context.get(), SSL_MODE_AUTO_RETRY);
  tls_.reset(SSL_new(context.get()), SSL_free);
  SSL_set1_host(tls_.get(), "localhost");
  if (!protocols.empty())
    SSL_set_alpn_protos(tls_.get(), reinterpret_cast<const unsigned char*>(protocols.data()),
                        static_cast<unsigned>(protocols.size()));
  SSL_set_fd(tls_.get(), fd_);
  ERR_clear_error();
  if (SSL_connect(tls_.get()) == 1) return;
  const auto* why = ERR_reason_error_string(ERR_get_error());
  throw std::runtime_error(std::string("no handshake: ") + (why ? why : "closed"));
}

void wire::send(std::string_view bytes) {
  if (!try_send(bytes)) throw std::runtime_error("the server closed the connection");
}

bool wire::try_send(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto n = tls_ ? SSL_write(tls_.get(), bytes.data(), static_cast<int>(bytes.size()))
                        : ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (!tls_ && n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

// 0 at the end, and -1 when there was nothing for the application in what came.
long wire::receive(char* to, std::size_t size) {
  if (!tls_) return std::max<long>(0, ::recv(fd_, to, size, 0));
  const int n = SSL_read(tls_.get(), to, static_cast<int>(size));
  if (n > 0) return n;
  return SSL_get_error(tls_.get(), n) == SSL_ERROR_WANT_READ ? -1 : 0;
}

bool wire::fill(std::chrono::steady_clock::time_point deadline) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
  pollfd p{fd_, POLLIN, 0};
  const bool ready = tls_ && SSL_pending(tls_.get()) > 0;
  if (left.count() <= 0 || (!ready && ::poll(&p, 1, static_cast<int>(left.count())) <= 0))
    throw std::runtime_error("nothing more came in time; so far: " + buffer_.substr(0, 500));
  char chunk[65536];
  const auto n = receive(chunk, sizeof chunk);
  if (n <= 0) return n < 0;
  buffer_.append(chunk, static_cast<std::size_t>(n));
  return true;
}

std::string wire::read(std::size_t n) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (buffer_.size() < n)
    if (!fill(deadline)) throw std::runtime_error("the server closed after: " + buffer_.substr(0, 500));
  auto out = buffer_.substr(0, n);
  buffer_.erase(0, n);
  return out;
}

std::string wire::read_until(std::string_view mark) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  std::size_t at;
  while ((at = buffer_.find(mark)) == std::string::npos)
    if (!fill(deadline)) throw std::runtime_error("the server closed after: " + buffer_.substr(0, 500));
  return read(at + mark.size());
}

std::string wire::read_all() {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (fill(deadline)) {}
  return std::exchange(buffer_, {});
}

bool wire::closed_within(std::chrono::milliseconds bound) {
  pollfd p{fd_, POLLIN, 0};
  if (::poll(&p, 1, static_cast<int>(bound.count())) <= 0) return false;
  char c;
  return ::recv(fd_, &c, 1, MSG_PEEK) <= 0;
}

bool wire::readable() const {
  pollfd p{fd_, POLLIN, 0};
  return !buffer_.empty() || ::poll(&p, 1, 0) > 0;
}

void wire::finish_sending() { ::shutdown(fd_, SHUT_WR); }

http_answer read_answer(wire& w, bool has_body) {
  http_answer a;
  const auto head = w.read_until("\r\n\r\n");
  a.status = std::stoi(head.substr(9, 3));
  std::size_t at = head.find("\r\n") + 2;
  while (head.compare(at, 2, "\r\n") != 0) {
    const auto end = head.find("\r\n", at), colon = head.find(": ", at);
    auto name = head.substr(at, colon - at);
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
    a.headers[name] = head.substr(colon + 2, end - colon - 2);
    at = end + 2;
  }
  if (has_body && a.headers.contains("content-length")) a.body = w.read(std::stoul(a.headers["content-length"]));
  return a;
}

http_answer ask(std::uint16_t port, const std::string& method, const std::string& target,
                const std::vector<std::string>& headers, const std::string& body) {
  wire w(port);
  std::string text = method + " " + target + " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port) + "\r\n";
  for (const auto& h : headers) text += h + "\r\n";
  if (!body.empty()) text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  w.send(text + "\r\n" + body);
  return read_answer(w, method != "HEAD");
}

unsigned ws_frame::close_code() const {
  if (payload.size() < 2) return 1005;
  return static_cast<unsigned char>(payload[0]) << 8 | static_cast<unsigned char>(payload[1]);
}

ws_client::ws_client(std::uint16_t port, const std::vector<std::string>& headers, int receive_bytes)
    : ws_client(wire(port, receive_bytes), headers, "127.0.0.1:" + std::to_string(port)) {}

ws_client::ws_client(wire w, const std::vector<std::string>& headers, const std::string& host) : wire_(std::move(w)) {
  std::string text = "GET /ws HTTP/1.1\r\nHost: " + host +
                     "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                     "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";
  for (const auto& h : headers) text += h + "\r\n";
  wire_.send(text + "\r\n");
  handshake_ = wire_.read_until("\r\n\r\n");
  if (handshake_.substr(9, 3) != "101") throw std::runtime_error("no upgrade: " + handshake_);
}

void ws_client::send(std::string_view text) {
  if (handshake_.find("twinlane.v1.cbor") == std::string::npos) return send_frame(1, text);
  std::string bytes;
  nlohmann::json::to_cbor(nlohmann::json::parse(text), bytes);
  send_frame(2, bytes);
}

void ws_client::send_frame(unsigned opcode, std::string_view payload, bool last) {
  std::string f;
  f += static_cast<char>((last ? 0x80u : 0u) | opcode);
  if (payload.size() < 126) {
    f += static_cast<char>(0x80u | payload.size());
  } else if (payload.size() < 65536) {
    f += static_cast<char>(0x80u | 126u);
    f += static_cast<char>(payload.size() >> 8);
    f += static_cast<char>(payload.size() & 0xff);
  } else {
    f += static_cast<char>(0x80u | 127u);
    for (int shift = 56; shift >= 0; shift -= 8) f += static_cast<char>(payload.size() >> shift & 0xff);
  }
  const char mask[] = {1, 2, 3, 4};
  f.append(mask, 4);
  for (std::size_t i = 0; i < payload.size(); ++i) f += static_cast<char>(payload[i] ^ mask[i % 4]);
  wire_.send(f);
}

ws_frame ws_client::frame() {
  ws_frame f;
  for (bool last = false; !last;) {
    const auto head = wire_.read(2);
    last = (head[0] & 0x80) != 0;
    if (const unsigned op = head[0] & 0x0f; op != 0) {
      f.opcode = op;
      f.compressed = (head[0] & 0x40) != 0;
    }
    std::uint64_t size = static_cast<unsigned char>(head[1]);
    if (size >= 126) {
      const auto more = wire_.read(size == 126 ? 2 : 8);
      size = 0;
      for (const char c : more) size = size << 8 | static_cast<unsigned char>(c);
    }
    f.payload += wire_.read(size);
  }
  return f;
}

nlohmann::ordered_json ws_client::next() {
  while (messages_.empty()) {
    const auto f = frame();
    if (f.opcode == 9) send_frame(10, f.payload);
    if (f.opcode == 8) throw std::runtime_error("closed with " + std::to_string(f.close_code()));
    if (f.opcode != 1 && f.opcode != 2) continue;
    auto root = f.opcode == 2 ? nlohmann::ordered_json::from_cbor(f.payload) : nlohmann::ordered_json::parse(f.payload);
    if (root.is_array()) {
      most_ = std::max(most_, root.size());
      for (auto& m : root) messages_.push_back(std::move(m));
    } else {
      most_ = std::max<std::size_t>(most_, 1);
      messages_.push_back(std::move(root));
    }
  }
  auto m = std::move(messages_.front());
  messages_.pop_front();
  return m;
}

unsigned ws_client::close_code() {
  for (;;) {
    const auto f = frame();
    if (f.opcode == 8) return f.close_code();
  }
}

}  // namespace twinlane::testing
