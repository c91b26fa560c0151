#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <twinlane/web/access/access_spec.hpp>
#include <twinlane/web/access/authenticator.hpp>
#include <twinlane/web/access/caller.hpp>
#include <twinlane/web/access/credentials.hpp>

namespace twinlane::web {

/// Who gets in, and as whom. Without an access_spec everybody, as one who may do everything.
///
/// Threads  any
/// Errors   the constructor throws std::runtime_error or std::invalid_argument when keys, tokens or policies are wrong
class gate {
 public:
  gate(const std::optional<access_spec>& spec, std::vector<type_description> types, report_fn report);

  /// Are there no credentials to be shown?
  bool open() const noexcept { return !authenticator_; }

  /// unauthorized without good credentials; forbidden for a cookie that any page may have made a browser send.
  outcome<std::shared_ptr<const caller>> admit(const request& r) const;
  outcome<std::shared_ptr<const caller>> admit(std::string_view token) const;
  /// The same of a WebSocket, which may show nothing yet: null. So does one with a cookie that does not count.
  outcome<std::shared_ptr<const caller>> admit_websocket(const request& r, std::string_view subprotocols) const;
  /// Do the credentials of a caller that got in still hold?
  bool still_admits(const caller& c) const;
  /// How long the caller's token lasts yet; nothing when it says no end.
  static std::optional<std::chrono::milliseconds> time_left(const caller& c);

  /// Counts and logs that somebody was not let do something.
  void refused(const caller& c, std::string_view what, std::string_view where) const;

 private:
  outcome<std::optional<credentials>> shown_by(const request& r) const;
  error turned_away(const request& r, error why) const;

  report_fn report_;
  std::string cookie_;
  std::shared_ptr<const policy_table> policies_;
  std::unique_ptr<const authenticator> authenticator_;
  std::shared_ptr<const caller> anybody_ = std::make_shared<const caller>();
};

}  // namespace twinlane::web
