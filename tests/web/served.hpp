#pragma once

#include <chrono>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include <support/fake_port.hpp>
#include <twinlane/web/server.hpp>
#include <web/wire.hpp>

namespace twinlane::testing {

/// True as soon as the condition holds; false at the deadline.
inline bool eventually(const std::function<bool()>& condition,
                       std::chrono::milliseconds bound = std::chrono::seconds{20}) {
  const auto deadline = std::chrono::steady_clock::now() + bound;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds{2});
  }
  return true;
}

/// A server over a fake port, on a free port number.
class served {
 public:
  explicit served(const std::function<void(web::options&)>& tune = {},
                  std::shared_ptr<fake_port> p = std::make_shared<fake_port>())
      : port(std::move(p)) {
    web::options o;
    o.port = 0;
    if (tune) tune(o);
    web::figures f;
    f.counted = [this](std::string_view what) { count(std::string(what), 1); };
    f.diffs = [this](std::string_view kind, std::uint64_t n) { count("diffs_" + std::string(kind), n); };
    f.events = [this](std::string_view kind, std::uint64_t n) { count("events_" + std::string(kind), n); };
    f.event_to_push = [this](double seconds) {
      std::lock_guard lock(mutex_);
      ++counts_["pushed"];
      slowest_push_ = std::max(slowest_push_, seconds);
    };
    server = std::make_unique<web::server>(std::move(o), port, std::move(f));
    server->start();
  }

  /// The port's thread may be in a call that holds the last reference to the port, and cannot wait for itself.
  ~served() {
    server.reset();
    port->release_answers();
    const auto idle = std::make_shared<std::promise<void>>();
    port->get("/customer/0", {}, [idle](const outcome<snapshot>&) { idle->set_value(); });
    idle->get_future().wait();
  }

  http_answer ask(const std::string& method, const std::string& target, const std::vector<std::string>& headers = {},
                  const std::string& body = {}) const {
    return testing::ask(server->port(), method, target, headers, body);
  }
  http_answer get(const std::string& target, const std::vector<std::string>& headers = {}) const {
    return ask("GET", target, headers);
  }
  ws_client ws(const std::vector<std::string>& headers = {}) const { return ws_client(server->port(), headers); }
  /// The answer to exactly these bytes; everything until the server closes.
  std::string raw(std::string_view bytes) const {
    wire w(server->port());
    w.send(bytes);
    return w.read_all();
  }

  std::uint64_t counted(const std::string& what) const {
    std::lock_guard lock(mutex_);
    const auto found = counts_.find(what);
    return found == counts_.end() ? 0 : found->second;
  }
  double slowest_push_s() const {
    std::lock_guard lock(mutex_);
    return slowest_push_;
  }

 private:
  void count(const std::string& what, std::uint64_t n) {
    std::lock_guard lock(mutex_);
    counts_[what] += n;
  }
  mutable std::mutex mutex_;
  std::map<std::string, std::uint64_t> counts_;
  double slowest_push_ = 0;

 public:
  std::shared_ptr<fake_port> port;
  std::unique_ptr<web::server> server;
};

inline void expect_problem(const http_answer& a, int status, const std::string& code) {
  EXPECT_EQ(a.status, status) << a.body;
  EXPECT_EQ(a.headers.at("content-type"), "application/problem+json");
  const auto p = a.json();
  EXPECT_EQ(p.at("status"), status);
  EXPECT_EQ(p.at("code"), code);
  EXPECT_FALSE(p.at("title").get<std::string>().empty());
  EXPECT_FALSE(p.at("detail").get<std::string>().empty());
}

}  // namespace twinlane::testing
