#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <twinlane/agents/uri.hpp>
#include <twinlane/runtime/port.hpp>
#include <twinlane/web/access/access_spec.hpp>
#include <twinlane/web/access/principal.hpp>

namespace twinlane::web {

/// What somebody may do with an agent.
struct rights {
  std::shared_ptr<const field_set> read;  // never null
  std::string tag;                        // short, another for another `read`; empty when that is everything
  bool all_commands = false, all_writes = false, remove = false;
  std::vector<std::string> commands, writes;  // lanes

  /// All of it, as without policies.
  static std::shared_ptr<const rights> all();
  bool may_read(std::string_view lane) const { return read->find(lane) != nullptr; }
  bool may_command(std::string_view lane) const;
  bool may_write(std::string_view lane) const;
};

/// The lines of `policies:`, resolved against the agent types. What no line allows is not allowed.
///
/// Cost     a comparison for each line of the agent's type; rights that are the same are the same object, for at most
///          1,000 sets of lines
/// Threads  any
/// Errors   std::invalid_argument from the constructor, see wrong_policy()
class policy_table {
 public:
  policy_table(const std::vector<policy_line>& lines, std::vector<type_description> types);

  /// Nothing at all where no route takes the URI.
  std::shared_ptr<const rights> on(const principal& who, std::string_view uri) const;
  /// May they use this part of the interface? See api_names().
  bool may(const principal& who, std::string_view api) const;
  /// May they read something of some agent of the type; of every one?
  bool reads_some(const principal& who, std::string_view type) const;
  bool reads_every(const principal& who, std::string_view type) const;
  /// The claims that lines name, by their dotted paths.
  const std::vector<std::string>& claims() const noexcept { return claims_; }

 private:
  struct segment {
    enum class kind : std::uint8_t { literal, any, claim } what;
    std::string text;
  };
  struct line {
    std::string role, type;
    std::vector<segment> segments;  // none: it is about the server alone
    bool every = true;              // no claim in it
    rights gives;
    std::vector<std::string> api;
  };
  using line_set = std::vector<std::uint16_t>;

  bool fits(const line& l, const principal& who, const std::vector<std::string_view>& uri) const;
  std::shared_ptr<const rights> merged(const line_set& of) const;

  std::vector<line> lines_;
  std::vector<std::string> claims_;
  mutable std::mutex mutex_;
  mutable std::map<line_set, std::shared_ptr<const rights>> known_;
};

/// What is wrong with a line, and with which of its keys.
struct policy_problem {
  std::string field, text;
};
std::optional<policy_problem> wrong_policy(const policy_line& l, const std::vector<type_description>& types);

/// Has the principal this role? `self` is had by everybody.
bool has_role(const principal& who, std::string_view role);

/// The parts of the interface that `api:` opens: dead, ingest, metrics, query, sources.
const std::vector<std::string>& api_names();

/// The type whose route the pattern is, with a claim or a name of its own in place of each parameter; null: none.
const type_description* type_of_pattern(std::string_view pattern, const std::vector<type_description>& types);
/// The claim's dotted path in `{jwt.PATH}`; nothing for another segment.
std::optional<std::string> claim_of(std::string_view segment);

}  // namespace twinlane::web
