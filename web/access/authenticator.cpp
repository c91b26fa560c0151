#include <twinlane/web/access/authenticator.hpp>

#include <algorithm>
#include <chrono>
#include <stdexcept>

#include <twinlane/web/access/jwt_claims.hpp>
#include <twinlane/web/access/token_text.hpp>

namespace twinlane::web {
namespace {

constexpr std::size_t tokens_max = 10'000;

std::int64_t now_s() {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

}  // namespace

authenticator::authenticator(access_spec spec, std::vector<std::string> claims, report_fn report)
    : spec_(std::move(spec)),
      claims_(std::move(claims)),
      report_(std::move(report)),
      keys_file_(spec_.jwt ? spec_.jwt->keys : std::filesystem::path()),
      tokens_file_(spec_.tokens) {
  const auto now = watched_file::clock::now();
  std::string wrong;
  if (spec_.jwt) wrong = take_keys(*keys_file_.changed(now));
  if (wrong.empty() && !spec_.tokens.empty()) wrong = take_tokens(*tokens_file_.changed(now));
  if (!wrong.empty()) throw std::runtime_error("auth: " + wrong);
}

// What is wrong with it; empty when it has been taken.
std::string authenticator::take_keys(const outcome<std::string>& text) const {
  auto wrong = "jwt.keys: '" + keys_file_.file().string() + "' ";
  if (!ok(text)) return wrong + std::get<error>(text).detail + ".";
  auto keys = jwt_keys::read(std::get<std::string>(text));
  if (!ok(keys)) return wrong + "cannot be taken: " + std::get<error>(keys).detail + ".";
  known_.keys = std::get<0>(std::move(keys));
  return {};
}

std::string authenticator::take_tokens(const outcome<std::string>& text) const {
  auto wrong = "tokens: '" + tokens_file_.file().string() + "' ";
  if (!ok(text)) return wrong + std::get<error>(text).detail + ".";
  auto list = spec_.read_tokens(std::get<std::string>(text));
  if (!ok(list)) return wrong + "cannot be taken: " + std::get<error>(list).detail;
  auto& tokens = std::get<0>(list);
  if (tokens.size() > tokens_max) return wrong + "has more than " + std::to_string(tokens_max) + " tokens.";
  for (auto& t : tokens) {
    std::sort(t.roles.begin(), t.roles.end());
    t.roles.erase(std::unique(t.roles.begin(), t.roles.end()), t.roles.end());
  }
  known_.tokens = std::make_shared<const std::vector<api_token>>(std::move(tokens));
  return {};
}

authenticator::known authenticator::refreshed() const {
  const std::lock_guard lock(mutex_);
  const auto now = watched_file::clock::now();
  std::string bad_keys, bad_tokens;
  if (spec_.jwt)
    if (const auto text = keys_file_.changed(now)) bad_keys = take_keys(*text);
  if (!spec_.tokens.empty())
    if (const auto text = tokens_file_.changed(now)) bad_tokens = take_tokens(*text);
  if (!bad_keys.empty()) report_("keys_unreadable", "auth." + bad_keys + " What was known before goes on to count.");
  if (!bad_tokens.empty())
    report_("tokens_unreadable", "auth." + bad_tokens + " What was known before goes on to count.");
  return known_;
}

outcome<principal> authenticator::check(std::string_view token) const {
  const auto now = refreshed();
  if (now.tokens) {
    const auto hash = sha256(token);
    const api_token* found = nullptr;
    for (const auto& t : *now.tokens)
      if (same_hash(t.hash, hash)) found = &t;
    if (found) return principal{found->name, found->roles, {}, {}, true};
  }
  if (!now.keys) return error{problem::unauthorized, "The credentials are no token that is known."};
  const auto payload = now.keys->payload_of(token);
  if (!ok(payload)) return std::get<error>(payload);
  return principal_of(std::get<std::string>(payload), *spec_.jwt, claims_, now_s());
}

bool authenticator::still_holds(const principal& who) const {
  if (!who.listed) return !who.expires_at || *who.expires_at > now_s();
  const auto now = refreshed();
  return now.tokens && std::any_of(now.tokens->begin(), now.tokens->end(),
                                   [&](const auto& t) { return t.name == who.name && t.roles == who.roles; });
}

std::optional<std::string> problem_of(const access_spec& spec) {
  try {
    authenticator(spec, {}, nullptr);
  } catch (const std::runtime_error& e) {
    return e.what();
  }
  return std::nullopt;
}

}  // namespace twinlane::web
