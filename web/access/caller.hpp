#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <twinlane/runtime/port.hpp>
#include <twinlane/web/access/policy_table.hpp>
#include <twinlane/web/access/principal.hpp>

namespace twinlane::web {

/// Somebody who asks: who they are, and what they may do.
///
/// Threads  any; it does not change
class caller {
 public:
  /// Whoever asks a server without `auth:`; may do everything.
  caller() = default;
  caller(principal who, std::shared_ptr<const policy_table> policies)
      : who_(std::move(who)), policies_(std::move(policies)) {}

  const principal& who() const noexcept { return who_; }
  bool unlimited() const noexcept { return !policies_; }
  /// Their name as a log line has it.
  std::string name() const { return unlimited() ? "anybody" : "'" + who_.name.substr(0, 100) + "'"; }

  std::shared_ptr<const rights> on(std::string_view uri) const {
    return policies_ ? policies_->on(who_, uri) : rights::all();
  }
  bool may(std::string_view api) const { return !policies_ || policies_->may(who_, api); }
  bool reads_some(std::string_view type) const { return !policies_ || policies_->reads_some(who_, type); }
  bool reads_every(std::string_view type) const { return !policies_ || policies_->reads_every(who_, type); }

 private:
  principal who_;
  std::shared_ptr<const policy_table> policies_;
};

/// What of the lanes that are asked for may be read of an agent of the type; nothing when that is none of them.
///
/// Shape    lanes that the type does not have stay, for the runtime to say so. No lanes at all, as for life alone, need
///          a right to read something
std::optional<view> narrowed(view asked, const rights& r, const type_description& type);

/// What may be read of a lane's value, or of an entry's when key is given; nothing when that is nothing of it.
std::optional<std::string> readable(std::string json, const rights& r, std::string_view lane,
                                    const std::optional<std::string>& key);

/// The lineage as somebody with these rights sees it, and back; what is of other rights is left as it is.
std::string with_rights(const std::string& lineage, const rights& r);
std::string without_rights(const std::string& tag, const rights& r);

}  // namespace twinlane::web
