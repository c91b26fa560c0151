#include "http_receiver.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace twinlane::testing {
namespace {

void require(bool holds, const char* what) {
  if (!holds) throw std::runtime_error(what);
}

/// Reads until the text holds `size` bytes, or the end mark when size is 0; false at the end of the connection.
bool read_until(int fd, std::string& text, std::size_t size, std::string_view mark) {
  char buffer[16 * 1024];
  while (mark.empty() ? text.size() < size : text.find(mark) == std::string::npos) {
    const auto n = ::recv(fd, buffer, sizeof buffer, 0);
    if (n <= 0) return false;
    text.append(buffer, static_cast<std::size_t>(n));
  }
  return true;
}

http_receiver::request parse(std::string_view head) {
  http_receiver::request r;
  const auto line = head.substr(0, head.find("\r\n"));
  const auto space = line.find(' ');
  r.method = line.substr(0, space);
  r.target = line.substr(space + 1, line.rfind(' ') - space - 1);
  head.remove_prefix(line.size() + 2);
  while (!head.empty()) {
    const auto header = head.substr(0, head.find("\r\n"));
    const auto colon = header.find(':');
    std::string name(header.substr(0, colon));
    for (auto& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    const auto value = header.substr(colon + 1);
    const auto from = value.find_first_not_of(' ');
    r.headers[name] = from == std::string_view::npos ? "" : value.substr(from);
    head.remove_prefix(header.size() + 2);
  }
  return r;
}

}  // namespace

http_receiver::http_receiver(answer a) : answer_(std::move(a)) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  require(::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) == 0, "bind");
  require(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0, "getsockname");
  port_ = ntohs(address.sin_port);
}

http_receiver::~http_receiver() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    for (const int fd : sockets_) ::shutdown(fd, SHUT_RDWR);
  }
  ::shutdown(listener_, SHUT_RDWR);
  if (accepting_.joinable()) accepting_.join();
  for (auto& t : threads_) t.join();
  ::close(listener_);
}

void http_receiver::open() {
  require(::listen(listener_, 128) == 0, "listen");
  accepting_ = std::thread([this] { accept_all(); });
}

std::string http_receiver::url() const { return "http://127.0.0.1:" + std::to_string(port_); }

std::vector<http_receiver::request> http_receiver::requests() const {
  std::lock_guard lock(mutex_);
  return requests_;
}

std::size_t http_receiver::connections() const {
  std::lock_guard lock(mutex_);
  return connections_;
}

void http_receiver::accept_all() {
  while (true) {
    const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) return;
    std::lock_guard lock(mutex_);
    if (stopping_) {
      ::close(fd);
      return;
    }
    sockets_.push_back(fd);
    threads_.emplace_back([this, fd, number = connections_++] { serve(fd, number); });
  }
}

void http_receiver::serve(int fd, std::size_t number) {
  constexpr std::string_view end_of_head = "\r\n\r\n";
  for (std::string text; read_until(fd, text, 0, end_of_head);) {
    const auto head = text.find(end_of_head);
    auto r = parse(std::string_view(text).substr(0, head + 2));
    r.connection = number;
    const auto length = r.headers.count("content-length") != 0 ? std::stoull(r.headers["content-length"]) : 0;
    const auto end = head + end_of_head.size() + length;
    if (!read_until(fd, text, end, {})) break;
    r.body = text.substr(head + end_of_head.size(), length);
    text.erase(0, end);
    {
      std::lock_guard lock(mutex_);
      requests_.push_back(r);
    }
    const auto a = answer_(r);
    if (a.cut) break;
    const auto out = "HTTP/1.1 " + std::to_string(a.status) + " Answer\r\n" + a.headers +
                     "Content-Length: " + std::to_string(a.body.size()) + "\r\n\r\n" + a.body;
    if (::send(fd, out.data(), out.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(out.size())) break;
  }
  std::lock_guard lock(mutex_);
  sockets_.remove(fd);
  ::close(fd);
}

}  // namespace twinlane::testing
