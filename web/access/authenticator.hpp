#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <twinlane/runtime/errors.hpp>
#include <twinlane/web/access/access_spec.hpp>
#include <twinlane/web/access/jwt_keys.hpp>
#include <twinlane/web/access/principal.hpp>
#include <twinlane/web/access/watched_file.hpp>

namespace twinlane::web {

/// Counts what went wrong under `what`, and logs it now and then.
using report_fn = std::function<void(std::string_view what, const std::string& detail)>;

/// Tells from a token who shows it: an API token of the list, or a JSON Web Token.
///
/// Shape    both files are read again when they change; one that cannot be taken is reported (`keys_unreadable`,
///          `tokens_unreadable`), and what was known before goes on to count
/// Cost     a hash, then a signature; a look at the files once a second
/// Threads  any
/// Errors   the constructor throws std::runtime_error when a file cannot be taken
class authenticator {
 public:
  /// claims: dotted paths of those that are wanted of a token.
  authenticator(access_spec spec, std::vector<std::string> claims, report_fn report);

  /// unauthorized says why not, without a word of the token.
  outcome<principal> check(std::string_view token) const;
  /// Do the credentials that proved this still hold: not expired, and still in the list with these roles?
  bool still_holds(const principal& who) const;

 private:
  struct known {
    std::shared_ptr<const jwt_keys> keys;
    std::shared_ptr<const std::vector<api_token>> tokens;
  };
  known refreshed() const;
  std::string take_keys(const outcome<std::string>& text) const;
  std::string take_tokens(const outcome<std::string>& text) const;

  const access_spec spec_;
  const std::vector<std::string> claims_;
  const report_fn report_;
  mutable std::mutex mutex_;
  mutable watched_file keys_file_, tokens_file_;
  mutable known known_;
};

/// What is wrong with the files of keys and tokens; nothing when they can be taken.
std::optional<std::string> problem_of(const access_spec& spec);

}  // namespace twinlane::web
