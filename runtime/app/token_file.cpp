#include <twinlane/runtime/app/token_file.hpp>

#include <charconv>
#include <set>

#include <fmt/format.h>

#include <twinlane/runtime/app/detail/config_reader.hpp>
#include <twinlane/web/access/token_text.hpp>

namespace twinlane::app {

namespace {

constexpr std::string_view hash_kind = "sha256:";

bool read_hash(std::string_view text, web::sha256_hash& to) {
  if (!text.starts_with(hash_kind) || text.size() != hash_kind.size() + 2 * to.size()) return false;
  text.remove_prefix(hash_kind.size());
  for (auto& byte : to) {
    const auto [rest, wrong] = std::from_chars(text.data(), text.data() + 2, byte, 16);
    if (wrong != std::errc{} || rest != text.data() + 2) return false;
    text.remove_prefix(2);
  }
  return true;
}

web::api_token read_token(const yaml_node& node, const std::string& path, detail::problem_list& problems) {
  detail::map_reader from(node, path, problems);
  web::api_token t;
  std::string hash;
  if (from.text("name", t.name) && !detail::is_name(t.name))
    from.problem("name", "it is not a name. Use letters, digits, '_', '-' and '.', at most 100.");
  if (!node.find("name")) from.missing("name", "Write name: ci.");
  if (from.text("hash", hash) && !read_hash(hash, t.hash))
    from.problem("hash", "it is not sha256: and 64 hexadecimal digits. The verb token makes one.");
  if (!node.find("hash")) from.missing("hash", "The verb token makes one.");
  from.texts("roles", t.roles);
  if (!node.find("roles")) from.missing("roles", "Write roles: [operator].");
  from.finish();
  return t;
}

std::vector<web::api_token> read_list(const yaml_node& root, detail::problem_list& problems) {
  std::vector<web::api_token> all;
  if (root.what == yaml_node::kind::null) return all;
  if (root.what != yaml_node::kind::sequence) {
    problems.add(root.at, "it is not a list. Begin each token with '- { name: …'.");
    return all;
  }
  std::set<std::string> names;
  for (const auto& node : root.items) {
    auto t = read_token(node, fmt::format("[{}]", all.size()), problems);
    if (!t.name.empty() && !names.insert(t.name).second)
      problems.add(node.at, fmt::format("another token is called '{}'. Choose another name.", t.name));
    all.push_back(std::move(t));
  }
  return all;
}

}  // namespace

outcome<std::vector<web::api_token>> read_token_file(std::string_view text) {
  detail::problem_list problems(text);
  try {
    auto all = read_list(parse_yaml(text, "tokens"), problems);
    if (problems.empty()) return all;
  } catch (const yaml_error& e) {
    problems.add(e.at(), e.what());
  }
  const auto first = problems.take().front();
  return error{problem::bad_value, fmt::format("line {}: {}", first.at.line, first.text)};
}

std::string token_line(const std::string& name, const std::vector<std::string>& roles, std::string_view token) {
  std::string quoted;
  for (const auto& role : roles) {
    quoted += quoted.empty() ? "'" : ", '";
    for (const char c : role) quoted += c == '\'' ? "''" : std::string(1, c);
    quoted += '\'';
  }
  return fmt::format("- {{ name: {}, hash: \"{}{}\", roles: [{}] }}", name, hash_kind, web::hex(web::sha256(token)),
                     quoted);
}

}  // namespace twinlane::app
