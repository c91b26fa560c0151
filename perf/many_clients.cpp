#include "many_clients.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <optional>
#include <stdexcept>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace twinlane::perf {
namespace {

constexpr int patience_ms = 60'000;

std::int64_t now_ns() { return clock::now().time_since_epoch().count(); }

std::optional<std::uint64_t> number_after(std::string_view text, std::string_view name) {
  const auto at = text.find(name);
  if (at == std::string_view::npos) return std::nullopt;
  std::uint64_t n = 0;
  std::from_chars(text.data() + at + name.size(), text.data() + text.size(), n);
  return n;
}

std::string_view text_after(std::string_view text, std::string_view name) {
  const auto at = text.find(name);
  if (at == std::string_view::npos) return {};
  text.remove_prefix(at + name.size());
  return text.substr(0, text.find('"'));
}

// Masked with zeros.
std::string frame_of(std::string_view text) {
  std::string f("\x81", 1);
  if (text.size() < 126) {
    f += static_cast<char>(0x80 | text.size());
  } else {
    f += static_cast<char>(0x80 | 126);
    f += static_cast<char>(text.size() >> 8);
    f += static_cast<char>(text.size() & 0xff);
  }
  return f.append(4, '\0').append(text);
}

}  // namespace

many_clients::many_clients(std::uint16_t port, unsigned count, std::string extra_header)
    : port_(port), extra_header_(std::move(extra_header)), epoll_(::epoll_create1(EPOLL_CLOEXEC)), all_(count) {}

many_clients::~many_clients() {
  for (const auto& c : all_)
    if (c.fd >= 0) ::close(c.fd);
  ::close(epoll_);
}

void many_clients::fail(const std::string& what) const { throw std::runtime_error("clients: " + what); }

void many_clients::begin(std::size_t n) {
  auto& c = all_[n];
  c.fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (c.fd < 0) fail(std::string("no socket: ") + std::strerror(errno));
  const int one = 1;
  ::setsockopt(c.fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  ::setsockopt(c.fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
  sockaddr_in from{}, to{};
  from.sin_family = to.sin_family = AF_INET;
  from.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1 + static_cast<std::uint32_t>(n % 8));
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  to.sin_port = htons(port_);
  if (::bind(c.fd, reinterpret_cast<const sockaddr*>(&from), sizeof from) != 0 ||
      (::connect(c.fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0 && errno != EINPROGRESS))
    fail(std::string("no connection: ") + std::strerror(errno));
  c.at = phase::connecting;
  c.received.clear();
  epoll_event e{};
  e.events = EPOLLIN | EPOLLOUT | EPOLLET;
  e.data.u64 = n;
  ::epoll_ctl(epoll_, EPOLL_CTL_ADD, c.fd, &e);
}

void many_clients::advance(unsigned at_a_time) {
  const auto done = [this] { return subscribing_ ? with_state_ : open_; };
  while (done() < all_.size()) {
    while (begun_ < all_.size() && begun_ - done() < at_a_time) begin(begun_++);
    poll(-1, patience_ms);
  }
}

void many_clients::connect(unsigned at_a_time) { advance(at_a_time); }

void many_clients::subscribe() {
  subscribing_ = true;
  for (std::size_t n = 0; n < all_.size(); ++n) send_sub(n);
  advance(0);
}

void many_clients::come_back(unsigned at_a_time) {
  for (auto& c : all_) {
    ::close(c.fd);
    c.at = phase::none;
    c.has_state = false;
  }
  begun_ = open_ = with_state_ = 0;
  advance(at_a_time);
}

void many_clients::listen(int until_readable) {
  while (!poll(until_readable, patience_ms)) {}
}

bool many_clients::reach(const std::uint64_t* counts, double seconds_max) {
  const auto start = clock::now();
  for (std::size_t n = 0; n < all_.size() && seconds_since(start) < seconds_max;) {
    if (all_[n].count == counts[n])
      ++n;
    else
      poll(-1, 100);
  }
  return std::equal(all_.begin(), all_.end(), counts, [](const client& c, std::uint64_t n) { return c.count == n; });
}

many_clients::tally many_clients::take_tally() { return std::exchange(tally_, {}); }

// One round of what has come. True when `more` can be read.
bool many_clients::poll(int more, int wait_ms) {
  std::array<epoll_event, 512> events;
  if (more >= 0) {
    epoll_event e{};
    e.events = EPOLLIN;
    e.data.u64 = all_.size();
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, more, &e);
  }
  const int n = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), wait_ms);
  if (more >= 0) ::epoll_ctl(epoll_, EPOLL_CTL_DEL, more, nullptr);
  if (n < 0 && errno != EINTR) fail(std::strerror(errno));
  if (n == 0 && wait_ms == patience_ms) fail("nothing has happened for a minute");
  bool found = false;
  for (int i = 0; i < n; ++i) {
    const auto which = events[static_cast<std::size_t>(i)].data.u64;
    if (which == all_.size())
      found = true;
    else
      ready(which);
  }
  return found;
}

void many_clients::ready(std::size_t n) {
  auto& c = all_[n];
  if (c.at == phase::connecting) {
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(c.fd, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) fail(std::string("no connection: ") + std::strerror(error));
    const auto text = "GET /ws HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port_) +
                      "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
                      extra_header_ + "\r\n";
    if (::send(c.fd, text.data(), text.size(), MSG_NOSIGNAL) < 0) return;  // not connected yet
    c.at = phase::upgrading;
  }
  for (;;) {
    char bytes[16 * 1024];
    const auto got = ::recv(c.fd, bytes, sizeof bytes, 0);
    if (got == 0) fail("the server closed a connection");
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) break;
    if (got < 0) fail(std::strerror(errno));
    c.received.append(bytes, static_cast<std::size_t>(got));
  }
  if (c.at == phase::upgrading) upgraded(n);
  if (c.at == phase::open) take_frames(c);
  if (c.received.empty() && c.received.capacity() > 1024) c.received.shrink_to_fit();
}

void many_clients::upgraded(std::size_t n) {
  auto& c = all_[n];
  const auto end = c.received.find("\r\n\r\n");
  if (end == std::string::npos) return;
  if (c.received.compare(9, 3, "101") != 0) fail("no upgrade: " + c.received);
  c.received.erase(0, end + 4);
  c.at = phase::open;
  ++open_;
  if (subscribing_) send_sub(n);
}

void many_clients::send_sub(std::size_t n) {
  auto& c = all_[n];
  std::string text = "{\"op\":\"sub\",\"id\":1,\"uri\":\"/device/" + std::to_string(n) + "\"";
  if (!c.lineage.empty())
    text += ",\"resume\":{\"lineage\":\"" + c.lineage + "\",\"rev\":" + std::to_string(c.rev) + "}";
  const auto frame = frame_of(text + "}");
  if (::send(c.fd, frame.data(), frame.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(frame.size()))
    fail("a subscription cannot be sent");
}

void many_clients::take_frames(client& c) {
  std::size_t at = 0;
  const std::string_view all = c.received;
  while (all.size() - at >= 2) {
    std::uint64_t size = all[at + 1] & 0x7f;
    const std::size_t more = size == 126 ? 2 : size == 127 ? 8 : 0;
    if (all.size() - at < 2 + more) break;
    if (more > 0) size = 0;
    for (std::size_t i = 0; i < more; ++i) size = size << 8 | static_cast<unsigned char>(all[at + 2 + i]);
    if (all.size() - at - 2 - more < size) break;
    const int opcode = all[at] & 0x0f;
    const auto payload = all.substr(at + 2 + more, size);
    at += 2 + more + size;
    if (opcode == 8) fail("the server closed a WebSocket");
    if (opcode == 9) ::send(c.fd, "\x8a\x80\0\0\0\0", 6, MSG_NOSIGNAL);
    for (auto m = payload.find("{\"op\":"); opcode == 1 && m != std::string_view::npos;) {
      const auto next = payload.find("{\"op\":", m + 1);
      take_message(c, payload.substr(m, next == std::string_view::npos ? next : next - m));
      m = next;
    }
  }
  c.received.erase(0, at);
}

void many_clients::take_message(client& c, std::string_view m) {
  const auto rev = number_after(m, "\"rev\":").value_or(0);
  const auto count = number_after(m, "\"count\":");
  if (m.starts_with("{\"op\":\"snap\"")) {
    ++tally_.snapshots;
    const auto lineage = text_after(m, "\"lineage\":\"");
    if (m.find("\"resumed\":true") != std::string_view::npos) {
      ++tally_.resumed;
      if (rev != c.rev || lineage != c.lineage) ++tally_.wrong;
    } else {
      c.count = count.value_or(0);
    }
    c.rev = rev;
    c.lineage = lineage;
    if (!std::exchange(c.has_state, true)) {
      ++with_state_;
      c.since_ns = now_ns();
    }
  } else if (m.starts_with("{\"op\":\"diff\"")) {
    ++tally_.diffs;
    if (number_after(m, "\"from\":") != c.rev) ++tally_.wrong;
    c.rev = rev;
    if (count) c.count = *count;
    // What it missed came later than at once, and was not late.
    const auto sent = static_cast<std::int64_t>(number_after(m, "\"sent\":").value_or(0));
    if (sent >= c.since_ns) tally_.late_ms = std::max(tally_.late_ms, static_cast<double>(now_ns() - sent) * 1e-6);
  } else {
    fail("an answer that was not expected: " + std::string(m.substr(0, 200)));
  }
}

}  // namespace twinlane::perf
