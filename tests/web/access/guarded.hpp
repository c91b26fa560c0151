#pragma once

#include <functional>
#include <string>
#include <vector>

#include <runtime_app/temp_dir.hpp>
#include <twinlane/web/access/token_text.hpp>
#include <web/access/mint.hpp>
#include <web/served.hpp>

namespace twinlane::testing {

/// Lines that the tests' roles live by: marketing, desk, chief, operator, loader and self.
inline std::vector<web::policy_line> retail_policies() {
  std::vector<web::policy_line> all(6);
  all[0] = {"marketing", "/customer/:id", {"profile.name", "orders.1", "clicks"}, {}, {}, false, {}};
  all[1] = {"desk", "/customer/:id", {"*"}, {"issue_voucher"}, {"prefs"}, false, {}};
  all[2] = {"chief", "/customer/:id", {"profile"}, {}, {"*"}, true, {}};
  all[3] = {"operator", "", {}, {}, {}, false, {"sources", "dead", "metrics"}};
  all[4] = {"loader", "", {}, {}, {}, false, {"ingest"}};
  all[5] = {"self", "/customer/{jwt.sub}", {"profile"}, {}, {}, false, {}};
  return all;
}

/// A server that asks who is there: JSON Web Tokens of one key, and the API token `abc`, which is a loader's.
class guarded {
 public:
  explicit guarded(const std::function<void(web::options&)>& tune = {})
      : served_([&](web::options& o) {
          dir_.write("jwks.json", key_set({&key()}));
          dir_.write("tokens", "");
          auto& a = o.access.emplace();
          a.jwt.emplace();
          a.jwt->keys = dir_.path() / "jwks.json";
          a.jwt->issuer = "https://id.example";
          a.jwt->audience = "twinlane";
          a.tokens = dir_.path() / "tokens";
          a.read_tokens = [](std::string_view) {
            return std::vector<web::api_token>{{"ci", web::sha256("abc"), {"loader"}}};
          };
          a.cookie = "session";
          a.policies = retail_policies();
          if (tune) tune(o);
        }) {}

  served* operator->() noexcept { return &served_; }
  served& operator*() noexcept { return served_; }

  /// Made once: it takes a while.
  static const mint& key() {
    static const auto k = mint::rsa("r1");
    return k;
  }
  static nlohmann::json claims(const std::string& roles, const std::string& sub = "ann", std::int64_t seconds = 600) {
    return {{"iss", "https://id.example"},
            {"aud", "twinlane"},
            {"sub", sub},
            {"roles", roles},
            {"exp", in_seconds(seconds)}};
  }
  static std::string token(const std::string& roles, const std::string& sub = "ann", std::int64_t seconds = 600) {
    return key().token(claims(roles, sub, seconds), "RS256");
  }
  static std::string bearer(const std::string& roles, const std::string& sub = "ann") {
    return "Authorization: Bearer " + token(roles, sub);
  }

 private:
  test::temp_dir dir_;
  served served_;
};

}  // namespace twinlane::testing
