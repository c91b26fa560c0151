#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace twinlane::ingest {

struct http_request {
  std::string method, url, body;
  std::vector<std::string> headers;  // `Name: value`
};

/// How a request ended.
struct http_reply {
  enum class end : std::uint8_t {
    answered,     // status holds
    silent,       // connected, and no whole answer in time, or none at all
    unreachable,  // no connection: the request was not seen by anyone
    unsendable,   // no server is asked that: the URL is malformed
  };
  std::uint64_t tag{};
  end how{};
  int status{};
  std::string text;  // the answer's first bytes, or what went wrong
  std::optional<std::chrono::seconds> retry_after;
};

/// HTTP and HTTPS requests, several at a time, on the caller's thread; connections are kept. Follows no redirects,
/// keeps no cookies, and takes a proxy from the environment.
///
/// Units    256 bytes of an answer are kept, and 64 KiB read at most
/// Threads  one; wake() from any
/// Errors   the constructor throws std::runtime_error
class http_client {
 public:
  http_client(unsigned connections, std::chrono::milliseconds timeout);
  ~http_client();
  http_client(const http_client&) = delete;
  http_client& operator=(const http_client&) = delete;

  /// Why the text is no http or https URL; nothing when it is one.
  static std::optional<std::string> refusal(const std::string& url);

  void send(const http_request& r, std::uint64_t tag);
  /// Goes on with all requests and answers those that ended; waits at most that long for something to happen.
  std::vector<http_reply> wait(std::chrono::milliseconds at_most);
  /// Lets the wait, or the next one, return.
  void wake();

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace twinlane::ingest
