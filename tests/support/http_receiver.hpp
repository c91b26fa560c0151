#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace twinlane::testing {

/// An HTTP/1.1 server on loopback for which a test answers. Connections are refused until open().
///
/// Threads  one a connection, on which the test's function is called
class http_receiver {
 public:
  struct request {
    std::string method, target, body;
    std::map<std::string, std::string> headers;  // names in lower case
    std::size_t connection{};                    // counted from 0
  };
  struct reply {
    int status = 200;
    std::string headers;  // whole lines, as "Retry-After: 1\r\n"
    std::string body;
    bool cut = false;  // the connection is closed instead
  };
  using answer = std::function<reply(const request&)>;

  explicit http_receiver(answer a);
  ~http_receiver();
  http_receiver(const http_receiver&) = delete;
  http_receiver& operator=(const http_receiver&) = delete;

  void open();
  /// `http://127.0.0.1:PORT`
  std::string url() const;
  /// In the order in which they came.
  std::vector<request> requests() const;
  std::size_t connections() const;

 private:
  void accept_all();
  void serve(int fd, std::size_t number);

  const answer answer_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  mutable std::mutex mutex_;
  std::vector<request> requests_;
  std::list<int> sockets_;
  std::list<std::thread> threads_;
  std::size_t connections_ = 0;
  bool stopping_ = false;
  std::thread accepting_;
};

}  // namespace twinlane::testing
