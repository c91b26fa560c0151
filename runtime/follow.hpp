#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <twinlane/runtime/port.hpp>

namespace twinlane {

/// What happened to an agent that is followed: its state as a whole, first and when its lineage changes, else a diff,
/// or what a supply lane emitted.
/// Views hold during the call only.
struct followed {
  bool whole{};                // json is the document; else an RFC 7396 merge patch over it
  bool exists{};               // false: no such agent yet, or it was removed
  std::string_view lineage{};  // of a whole
  std::uint64_t from{}, rev{};
  std::string_view json{};
  std::string_view lane{};  // of a supply lane's event: its name, and json is what it emitted; else empty
  std::string_view done{};  // why nothing more comes, as `error`; else empty
};

/// A subscription that ends when this goes. It may outlive the port, but not go while that goes.
class following {
 public:
  following() = default;
  following(following&& other) noexcept;
  following& operator=(following&& other) noexcept;
  ~following() { end(); }
  /// Nothing is told any more when this returns; not to be called by what it tells.
  void end();

 private:
  friend outcome<following> follow(port&, const std::string&, std::function<void(const followed&)>, const view&);
  class teller;
  port* port_ = nullptr;
  subscription where_;
  std::weak_ptr<teller> teller_;  // the port's; gone with it
};

/// Calls f for the agent as it is now and for each change. The agent need not exist.
///
/// Threads  f on shard threads, one call at a time and in order; it must not block or call the port
/// Errors   no_such_route, no_such_lane
[[nodiscard]] outcome<following> follow(port& p, const std::string& uri, std::function<void(const followed&)> f,
                                        const view& what = {});

}  // namespace twinlane
