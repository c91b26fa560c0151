#include <filesystem>

#include <fmt/format.h>

#include <twinlane/runtime/app/detail/config_reader.hpp>
#include <twinlane/runtime/app/token_file.hpp>
#include <twinlane/web/access/policy_table.hpp>
#include <twinlane/web/fields.hpp>

// `auth:` and `policies:`.
namespace twinlane::app::detail {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t policies_max = 10'000;

std::filesystem::path found_file(const std::filesystem::path& folder, const std::string& path) {
  std::error_code ignored;
  const auto beside = folder / path;
  return std::filesystem::exists(path, ignored) && !std::filesystem::exists(beside, ignored)
             ? std::filesystem::path(path)
             : beside;
}

void read_jwt(const yaml_node& node, const config& c, web::access_spec& spec, problem_list& problems) {
  map_reader from(node, "auth.jwt", problems);
  auto& rules = spec.jwt.emplace();
  std::string keys;
  if (from.text("keys", keys)) rules.keys = found_file(c.folder, keys);
  if (!node.find("keys")) from.missing("keys", "Name the file of the JWK set whose keys sign the tokens.");
  from.text("issuer", rules.issuer);
  from.text("audience", rules.audience);
  if (from.text("roles", rules.roles) && !web::split_field(rules.roles))
    from.problem("roles", fmt::format("'{}' is not a dotted path, as in realm.roles.", rules.roles));
  std::chrono::milliseconds leeway = rules.leeway;
  if (from.duration("leeway", leeway, 0s, 60s)) rules.leeway = std::chrono::duration_cast<std::chrono::seconds>(leeway);
  from.finish();
}

bool is_cookie_name(std::string_view text) {
  return !text.empty() && text.find_first_of("()<>@,;:\\\"/[]?={} \t") == std::string_view::npos;
}

void read_auth(const yaml_node& node, const config& c, web::access_spec& spec, problem_list& problems) {
  map_reader from(node, "auth", problems);
  const auto* jwt = from.take("jwt");
  if (jwt) read_jwt(*jwt, c, spec, problems);
  std::string tokens;
  if (from.text("tokens", tokens)) spec.tokens = found_file(c.folder, tokens);
  if (!jwt && !node.find("tokens"))
    problems.add(node.at, "auth: nobody can prove who they are. Give it jwt, tokens, or both.");
  if (from.text("cookie", spec.cookie) && !is_cookie_name(spec.cookie))
    from.problem("cookie", fmt::format("'{}' is not the name of a cookie.", spec.cookie));
  from.finish();
  spec.read_tokens = read_token_file;
}

template <class Lanes>
type_description described(std::string name, std::string route, const Lanes& lanes) {
  type_description t;
  t.name = std::move(name);
  t.route = std::move(route);
  for (const auto& l : lanes) {
    if constexpr (requires { l.is_writable; })
      t.lanes.push_back({l.name, l.kind, l.is_writable, l.is_transient});
    else
      t.lanes.push_back({l.name, l.kind, l.writable, l.transient});
  }
  return t;
}

std::vector<type_description> all_types(const config& c, const known_parts& known) {
  std::vector<type_description> all;
  for (const auto& t : known.types) all.push_back(described(t->name(), t->path().pattern(), t->lanes()));
  for (const auto& t : c.agents) all.push_back(described(t.name, t.route, t.lanes));
  return all;
}

void read_line(const yaml_node& node, const std::string& path, const std::vector<type_description>& types,
               web::access_spec& spec, problem_list& problems) {
  map_reader from(node, path, problems);
  web::policy_line line;
  from.text("role", line.role);
  from.text("on", line.on);
  from.texts("read", line.read);
  from.texts("command", line.command);
  from.texts("write", line.write);
  from.flag("delete", line.remove);
  from.texts("api", line.api);
  from.finish();
  if (problems.mentions(path)) return;
  if (const auto wrong = web::wrong_policy(line, types)) from.problem(wrong->field, wrong->text);
  spec.policies.push_back(std::move(line));
}

void read_policies(const yaml_node& list, const std::vector<type_description>& types, web::access_spec& spec,
                   problem_list& problems) {
  if (list.what != yaml_node::kind::sequence) {
    problems.add(list.at, "policies: is not a list. Begin each line with '- { role: …'.");
    return;
  }
  if (list.items.size() > policies_max) {
    problems.add(list.at, fmt::format("policies: {} lines are more than the {} that one server takes.",
                                      list.items.size(), policies_max));
    return;
  }
  for (std::size_t i = 0; i < list.items.size(); ++i)
    read_line(list.items[i], fmt::format("policies[{}]", i), types, spec, problems);
}

}  // namespace

void read_access(map_reader& top, config_result& result, const known_parts& known, problem_list& problems) {
  const auto *auth = top.take("auth"), *policies = top.take("policies");
  if (!auth && policies)
    top.problem("policies", "there is no auth, so nobody can be told apart. Add auth: { jwt: …, tokens: … }.");
  if (!auth) return;
  auto& to = result.settings;
  web::access_spec spec;
  read_auth(*auth, to, spec, problems);
  if (policies)
    read_policies(*policies, all_types(to, known), spec, problems);
  else
    top.problem("auth", "there are no policies, so nothing would be allowed. Add policies: with a line for each role.");
  // No source can be called that.
  result.places.emplace("(auth)", auth->at);
  to.web.access = std::move(spec);
}

}  // namespace twinlane::app::detail
