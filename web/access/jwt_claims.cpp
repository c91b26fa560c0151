#include <twinlane/web/access/jwt_claims.hpp>

#include <algorithm>
#include <optional>

#include <nlohmann/json.hpp>

#include <twinlane/web/fields.hpp>
#include <twinlane/web/header_values.hpp>

namespace twinlane::web {
namespace {

using nlohmann::json;

constexpr std::size_t roles_max = 1'000, claim_bytes_max = 1'024;

error refused(std::string why) { return {problem::unauthorized, std::move(why)}; }

const json* at_path(const json& from, std::string_view dotted) {
  const auto path = split_field(dotted);
  if (!path) return nullptr;
  const json* here = &from;
  for (const auto& part : *path) {
    if (!here->is_object()) return nullptr;
    const auto found = here->find(part);
    if (found == here->end()) return nullptr;
    here = &*found;
  }
  return here;
}

// Seconds since the epoch; fractions are allowed, and cut off.
std::optional<std::int64_t> time_of(const json& from, const char* name) {
  constexpr double far = 1e15;
  const auto found = from.find(name);
  if (found == from.end() || !found->is_number()) return std::nullopt;
  const auto value = found->get<double>();
  return value >= 0 && value < far ? std::optional(static_cast<std::int64_t>(value)) : std::nullopt;
}

bool names_audience(const json& from, const std::string& wanted) {
  const auto found = from.find("aud");
  if (found == from.end()) return false;
  if (found->is_array()) return std::find(found->begin(), found->end(), wanted) != found->end();
  return *found == wanted;
}

std::optional<std::string> claim_text(const json* value) {
  if (!value) return std::nullopt;
  std::string text = value->is_string() ? value->get<std::string>() : std::string();
  if (value->is_number_integer()) text = value->dump();
  return text.empty() || text.size() > claim_bytes_max ? std::nullopt : std::optional(std::move(text));
}

std::vector<std::string> roles_of(const json* value) {
  std::vector<std::string> roles;
  if (!value) return roles;
  if (value->is_string()) {
    const auto text = value->get<std::string>();
    for (const auto role : split_list(text, ' ')) roles.emplace_back(role);
  } else if (value->is_array()) {
    for (const auto& role : *value)
      if (role.is_string()) roles.push_back(role.get<std::string>());
  }
  std::sort(roles.begin(), roles.end());
  roles.erase(std::unique(roles.begin(), roles.end()), roles.end());
  return roles;
}

}  // namespace

outcome<principal> principal_of(std::string_view payload, const jwt_rules& rules,
                                const std::vector<std::string>& claims, std::int64_t now_s) {
  const auto all = json::parse(payload, nullptr, false);
  if (!all.is_object()) return refused("The token's payload is not a JSON object.");
  const auto expires = time_of(all, "exp");
  if (!expires) return refused("The token has no 'exp'.");
  if (*expires <= now_s) return refused("The token has expired.");
  if (all.contains("nbf")) {
    const auto from = time_of(all, "nbf");
    if (!from || *from > now_s + rules.leeway.count()) return refused("The token is not valid yet.");
  }
  if (!rules.issuer.empty() && (!all.contains("iss") || all.at("iss") != rules.issuer))
    return refused("The token is of another issuer.");
  if (!rules.audience.empty() && !names_audience(all, rules.audience))
    return refused("The token is for another audience.");
  principal who;
  who.name = claim_text(at_path(all, "sub")).value_or(std::string());
  who.expires_at = expires;
  who.roles = roles_of(at_path(all, rules.roles));
  if (who.roles.size() > roles_max) return refused("The token has more than 1000 roles.");
  for (const auto& name : claims)
    if (auto text = claim_text(at_path(all, name))) who.claims.emplace(name, std::move(*text));
  return who;
}

}  // namespace twinlane::web
