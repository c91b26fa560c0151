#include <random>
#include <sstream>

#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <web/access/guarded.hpp>

namespace twinlane::testing {
namespace {

using nlohmann::json;

// What the process logs while this lives.
class heard_log {
 public:
  heard_log() : before_(spdlog::default_logger()) {
    spdlog::set_default_logger(
        std::make_shared<spdlog::logger>("heard", std::make_shared<spdlog::sinks::ostream_sink_mt>(text_)));
  }
  ~heard_log() { spdlog::set_default_logger(before_); }
  std::string text() const { return text_.str(); }

 private:
  std::shared_ptr<spdlog::logger> before_;
  std::ostringstream text_;
};

/// Random work on one customer, every value of which says whether marketing may see it.
class leak_run {
 public:
  explicit leak_run(unsigned seed) : random_(seed), live_(s_->ws({guarded::bearer("marketing")})) {
    live_.send(R"([{"op":"sub","id":1,"uri":"/customer/1","life":true},)"
               R"({"op":"sub","id":2,"uri":"/customer/1","lanes":["profile","alerts"],"fields":["profile"]}])");
  }

  std::string run(int steps) {
    for (int i = 0; i < steps; ++i) {
      change();
      ask();
      listen();
    }
    heard_ += log_.text();
    return heard_;
  }
  /// Values that marketing may not see, and those it may.
  static constexpr const char *hidden = "HIDDEN", *shown = "SHOWN";

 private:
  std::size_t one_of(std::size_t n) { return random_() % n; }
  std::string value(const char* kind) { return kind + std::to_string(++made_); }

  void change() {
    auto& p = *s_->port;
    switch (one_of(7)) {
      case 0:
        p.set("/customer/1", "profile", {{"name", value(shown)}, {"income", value(hidden)}});
        break;
      case 1:
        p.set("/customer/1", "profile", one_of(2) ? json(value(hidden)) : json{{"name", {{"deep", value(shown)}}}});
        break;
      case 2: {
        const auto now = p.document("/customer/1");
        const bool there = now.contains("orders") && now["orders"].contains("1");
        p.set_entry("/customer/1", "orders", "1", there && one_of(3) == 0 ? json() : json{{"item", value(shown)}});
        break;
      }
      case 3:
        p.set_entry("/customer/1", "orders", std::to_string(2 + one_of(3)), {{value(hidden), value(hidden)}});
        break;
      case 4:
        p.set("/customer/1", "prefs", {{"note", value(hidden)}});
        break;
      case 5:
        p.emit("/customer/1", "alerts", {{"text", value(hidden)}});
        break;
      default:
        if (one_of(8) == 0) p.erase("/customer/1");
    }
  }

  void ask() {
    static const char* const targets[] = {"GET /customer/1",
                                          "GET /customer/1?fields=profile,orders",
                                          "GET /customer/1?fields=prefs",
                                          "GET /customer/1/orders",
                                          "GET /customer/1/orders?limit=5",
                                          "GET /customer/1/orders/2",
                                          "GET /customer/1/prefs",
                                          "GET /customer/1/profile",
                                          "GET /customer/1/summary",
                                          "PUT /customer/1/prefs",
                                          "POST /customer/1/issue_voucher",
                                          "DELETE /customer/1",
                                          "GET /api/types",
                                          "GET /api/entities/customer",
                                          "GET /customer/1?fields=profile.income",
                                          "GET /metrics",
                                          "PATCH /customer/1/orders/1",
                                          "GET /customer/1/orders?follow=false&order=newest"};
    const auto* target = targets[one_of(std::size(targets))];
    std::string text = std::string(target) + " HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n" +
                       guarded::bearer("marketing") + "\r\n";
    if (one_of(4) == 0) text += "Accept: text/html\r\n";
    if (one_of(4) == 0) text += "If-Match: \"l1:1\"\r\n";
    heard_ += s_->raw(text + "Content-Length: 2\r\n\r\n{}");
    if (one_of(10) == 0) live_.send(R"({"op":"cmd","id":9,"uri":"/customer/1","lane":"issue_voucher","value":{}})");
    if (one_of(10) == 0) live_.send(R"({"op":"query","id":8,"uri":"/customer/1","lane":"orders"})");
    if (one_of(10) == 0) live_.send(R"({"op":"sub","id":7,"uri":"/customer/1","lanes":["prefs"]})");
  }

  // All that the WebSocket said before the answer to a ping.
  void listen() {
    live_.send(R"({"op":"ping","id":99})");
    for (std::string text; text.find(R"("op":"pong")") == std::string::npos; heard_ += text)
      text = live_.frame().payload;
  }

  heard_log log_;
  std::mt19937 random_;
  guarded s_;
  ws_client live_;
  std::string heard_;
  int made_ = 0;
};

TEST(leak, no_byte_of_what_a_role_may_not_read_is_said_or_logged) {
  for (unsigned seed = 1; seed <= 3; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const auto heard = leak_run(seed).run(150);
    EXPECT_NE(heard.find(leak_run::shown), std::string::npos);
    const auto at = heard.find(leak_run::hidden);
    EXPECT_EQ(at, std::string::npos) << heard.substr(at - std::min<std::size_t>(at, 300), 400);
  }
}

}  // namespace
}  // namespace twinlane::testing
