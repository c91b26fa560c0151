#include <fmt/format.h>

#include <twinlane/runtime/app/detail/config_reader.hpp>
#include <twinlane/runtime/app/detail/program.hpp>
#include <twinlane/runtime/app/token_file.hpp>
#include <twinlane/web/access/token_text.hpp>

namespace twinlane::app {

int make_token(const program& p, const call& c) {
  if (!detail::is_name(c.token_name)) {
    complain(p, fmt::format("'{}' is not a name. Use letters, digits, '_', '-' and '.', at most 100.", c.token_name));
    return exit_wrong;
  }
  const auto token = web::random_token();
  fmt::print("{}\n{}\n", token, token_line(c.token_name, c.roles, token));
  fmt::print(stderr,
             "The first line is the token, which is kept nowhere. Append the second to the file of auth.tokens.\n");
  return exit_fine;
}

}  // namespace twinlane::app
