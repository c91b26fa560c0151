#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace twinlane {

/// What went wrong with a request. HTTP status, wire code and title come from one table.
enum class problem : std::uint8_t {
  bad_request,     // the request itself is malformed
  unauthorized,    // no or invalid credentials
  forbidden,       // the caller may not do this
  no_such_route,   // no agent type has a route that matches the URI
  no_such_entity,  // the route matches, the entity does not exist
  no_such_lane,    // the agent type has no such lane
  no_such_key,     // the map or log lane has no such entry
  not_writable,    // the lane takes no writes from outside
  conflict,        // the request contradicts another one, as a reused idempotency key
  rev_mismatch,    // If-Match or if_rev names another rev
  too_large,       // a body, frame or document over its bound
  bad_value,       // the value does not decode into the lane's record
  too_busy,        // a queue is at its bound; try again later
  handler_failed,  // the agent's own logic threw; nothing was changed
  not_ready,       // starting or draining
  store_full,      // the store takes no more writes
};

/// The code on the wire, as `no_such_lane`.
std::string_view code_of(problem p) noexcept;
/// The HTTP status that goes with it.
int http_status_of(problem p) noexcept;
/// A short sentence for people.
std::string_view title_of(problem p) noexcept;

/// A problem and its detail: what, where, and a hint.
struct error {
  problem code{};
  std::string detail;
};

/// A value or the error instead of it. Plain standard C++, so that every module can hold one.
template <class T>
using outcome = std::variant<T, error>;

template <class T>
bool ok(const outcome<T>& o) noexcept {
  return o.index() == 0;
}

/// Why a record became a dead letter; the text form is the metric label and the file's `reason`.
enum class dead_reason : std::uint8_t {
  bad_json,        // not JSON (or CSV), or cut off
  empty,           // no bytes where a value is needed
  too_deep,        // nesting over the bound
  too_large,       // record over the bound
  bad_utf8,        // invalid UTF-8
  bad_value,       // a field has the wrong type or does not fit
  missing_field,   // a field that the route, key or time needs is absent
  null_key,        // the record's key is needed and null
  no_such_lane,    // the record names a lane that the type does not have
  no_such_entity,  // the entity does not exist and records may not create it
  bad_tombstone,   // a null value on a lane that cannot take one
  handler_failed,  // the agent's logic threw on it twice
  sink_full,       // as many items wait for the sink as may
  undeliverable,   // a sink's receiver refused it for good
};

std::string_view name_of(dead_reason r) noexcept;

}  // namespace twinlane
