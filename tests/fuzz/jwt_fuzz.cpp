// What proves who somebody is: bytes as a key set, a token, claims, a list of API tokens, headers. Whatever they are,
// reading ends; nobody is let in by what no key has signed.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include <twinlane/runtime/app/token_file.hpp>
#include <twinlane/web/access/credentials.hpp>
#include <twinlane/web/access/jwt_claims.hpp>
#include <twinlane/web/access/jwt_keys.hpp>
#include <twinlane/web/access/token_text.hpp>

using namespace twinlane;

namespace {

void check(bool holds) {
  if (!holds) std::abort();
}

std::shared_ptr<const web::jwt_keys> known_keys() {
  static const auto keys = std::get<0>(web::jwt_keys::read(
      R"({"keys":[{"kty":"oct","kid":"h","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"},
                  {"kty":"EC","kid":"e","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
                   "y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]})"));
  return keys;
}

void read_claims(std::string_view text) {
  web::jwt_rules rules;
  rules.audience = "twinlane";
  const auto who = web::principal_of(text, rules, {"sub", "a.b"}, 1'000);
  if (!ok(who)) return check(!std::get<error>(who).detail.empty());
  const auto& p = std::get<web::principal>(who);
  check(p.expires_at && *p.expires_at > 1'000);
  for (std::size_t i = 1; i < p.roles.size(); ++i) check(p.roles[i - 1] < p.roles[i]);
}

void read_credentials(std::string_view text) {
  web::request r;
  r.authorization = std::string(text);
  const auto shown = web::credentials_of(r, "session");
  if (ok(shown)) check(std::get<0>(shown) && !std::get<0>(shown)->token.empty());
  r.authorization.reset();
  r.cookie = std::string(text);
  check(ok(web::credentials_of(r, "session")));
  web::offered_credentials(text);
  if (const auto bytes = web::base64url_decoded(text)) check(web::base64url(*bytes) == text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 5) {
    case 0: {
      const auto keys = web::jwt_keys::read(text);
      check(ok(keys) ? std::get<0>(keys)->size() > 0 : !std::get<error>(keys).detail.empty());
      return 0;
    }
    case 1: {
      // The secret stands in a published example, so only the absence of crashes is checked for what it has signed.
      const auto payload = known_keys()->payload_of(text);
      if (!ok(payload)) check(std::get<error>(payload).code == problem::unauthorized);
      return 0;
    }
    case 2:
      read_claims(text);
      return 0;
    case 3: {
      const auto tokens = app::read_token_file(text);
      if (!ok(tokens)) check(std::get<error>(tokens).detail.starts_with("line "));
      return 0;
    }
    default:
      read_credentials(text);
      return 0;
  }
}
