#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <openssl/types.h>
#include <nlohmann/json.hpp>

namespace twinlane::testing {

/// A blocking TCP client that says exactly the bytes it is given. Every wait ends with an exception at its deadline.
class wire {
 public:
  /// receive_bytes: the socket's receive buffer; 0 leaves the system's.
  explicit wire(std::uint16_t port, int receive_bytes = 0);
  ~wire();
  wire(wire&& other) noexcept;
  wire& operator=(wire&&) = delete;

  /// Speaks TLS from now on, with a server that has that certificate for localhost. Throws when it has another one, or
  /// refuses the protocols offered (ALPN's form) or the version.
  void start_tls(const std::string& cert_file, std::string_view protocols = "\x08http/1.1", int version_max = 0);
  void send(std::string_view bytes);
  /// True when the peer takes the bytes; false when it has closed.
  bool try_send(std::string_view bytes);
  /// Bytes read so far and not taken; reads until there are n of them.
  std::string read(std::size_t n);
  /// Up to and with the mark.
  std::string read_until(std::string_view mark);
  /// Everything until the peer closes.
  std::string read_all();
  /// True when the peer has closed, and nothing was left to read.
  bool closed_within(std::chrono::milliseconds bound);
  /// Is there something to read?
  bool readable() const;
  void finish_sending();
  int handle() const noexcept { return fd_; }

  static constexpr std::chrono::seconds patience{20};

 private:
  bool fill(std::chrono::steady_clock::time_point deadline);

  long receive(char* to, std::size_t size);

  int fd_ = -1;
  std::shared_ptr<SSL> tls_;
  std::string buffer_;
};

struct http_answer {
  int status = 0;
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
  nlohmann::json json() const { return nlohmann::json::parse(body); }
};

/// Reads one response; has_body is false after HEAD.
http_answer read_answer(wire& w, bool has_body = true);

/// One request on a connection of its own.
http_answer ask(std::uint16_t port, const std::string& method, const std::string& target,
                const std::vector<std::string>& headers = {}, const std::string& body = {});

struct ws_frame {
  unsigned opcode = 0;
  bool compressed = false;
  std::string payload;
  /// The close frame's code; 1005 when it has none.
  unsigned close_code() const;
};

/// A WebSocket client of the protocol.
class ws_client {
 public:
  explicit ws_client(std::uint16_t port, const std::vector<std::string>& headers = {}, int receive_bytes = 0);
  ws_client(wire w, const std::vector<std::string>& headers, const std::string& host = "127.0.0.1");

  /// JSON text, sent as the subprotocol has it.
  void send(std::string_view text);
  void send_frame(unsigned opcode, std::string_view payload, bool last = true);
  ws_frame frame();
  /// The next message; frames with several are taken apart. Pings are answered.
  nlohmann::ordered_json next();
  /// Would next() find something?
  bool readable() const { return !messages_.empty() || wire_.readable(); }
  /// Reads on until the close frame, and returns its code.
  unsigned close_code();
  /// The largest number of messages that came in one frame.
  std::size_t most_in_a_frame() const noexcept { return most_; }
  wire& socket() noexcept { return wire_; }
  const std::string& handshake() const noexcept { return handshake_; }

 private:
  wire wire_;
  std::string handshake_;
  std::deque<nlohmann::ordered_json> messages_;
  std::size_t most_ = 0;
};

}  // namespace twinlane::testing
