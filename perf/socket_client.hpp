#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

namespace twinlane::perf {

/// A WebSocket client of the barest kind, so that a benchmark measures the server and not its client.
///
/// Threads  one
/// Errors   std::runtime_error when the connection fails or ends
class socket_client {
 public:
  explicit socket_client(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int one = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    timeval limit{30, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    if (::connect(fd_, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) throw std::runtime_error("connect failed");
    write("GET /ws HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port) +
          "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
          "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
    while (received_.find("\r\n\r\n") == std::string::npos) fill();
    if (received_.compare(0, 12, "HTTP/1.1 101") != 0) throw std::runtime_error("no upgrade: " + received_);
    received_.erase(0, received_.find("\r\n\r\n") + 4);
  }
  ~socket_client() { ::close(fd_); }
  socket_client(const socket_client&) = delete;
  socket_client& operator=(const socket_client&) = delete;

  void send(std::string_view text) {
    std::string frame("\x81", 1);
    if (text.size() < 126) {
      frame += static_cast<char>(0x80 | text.size());
    } else {
      frame += static_cast<char>(0x80 | 126);
      frame += static_cast<char>(text.size() >> 8);
      frame += static_cast<char>(text.size() & 0xff);
    }
    frame.append(4, '\0');  // a mask of zeros
    frame += text;
    write(frame);
  }

  int handle() const noexcept { return fd_; }

  /// Reads once, which waits unless something has come, and calls f with each message that is whole then.
  template <class F>
  void receive_all(F&& f) {
    received_.erase(0, used_);
    used_ = 0;
    fill();
    for (std::string_view rest = received_; const auto size = frame_size(rest);) {
      const auto opcode = rest[0] & 0x0f;
      if (opcode == 8) throw std::runtime_error("closed by the server");
      if (opcode == 1) f(rest.substr(head_, *size - head_));
      rest.remove_prefix(*size);
      used_ += *size;
    }
  }

  /// The next message; holds until the next call.
  std::string_view receive() {
    received_.erase(0, used_);
    used_ = 0;
    for (;;) {
      if (const auto size = frame_size(received_)) {
        used_ = *size;
        const auto opcode = received_[0] & 0x0f;
        if (opcode == 8) throw std::runtime_error("closed by the server");
        if (opcode == 1) return std::string_view(received_).substr(head_, *size - head_);
        received_.erase(0, used_);
        used_ = 0;
        continue;
      }
      fill();
    }
  }

 private:
  std::optional<std::size_t> frame_size(std::string_view from) {
    if (from.size() < 2) return std::nullopt;
    std::uint64_t size = from[1] & 0x7f;
    head_ = 2;
    const int more = size == 126 ? 2 : size == 127 ? 8 : 0;
    if (more) {
      if (from.size() < head_ + static_cast<std::size_t>(more)) return std::nullopt;
      size = 0;
      for (int i = 0; i < more; ++i) size = size << 8 | static_cast<unsigned char>(from[head_++]);
    }
    if (from.size() < head_ + size) return std::nullopt;
    return head_ + size;
  }
  void fill() {
    char bytes[65536];
    const auto n = ::recv(fd_, bytes, sizeof bytes, 0);
    if (n <= 0) throw std::runtime_error("the connection ended");
    received_.append(bytes, static_cast<std::size_t>(n));
  }
  void write(std::string_view text) {
    while (!text.empty()) {
      const auto n = ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
      if (n <= 0) throw std::runtime_error("the connection ended");
      text.remove_prefix(static_cast<std::size_t>(n));
    }
  }

  int fd_;
  std::string received_;
  std::size_t used_ = 0, head_ = 0;
};

}  // namespace twinlane::perf
