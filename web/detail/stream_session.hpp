#pragma once

#include <optional>
#include <string>

#include <twinlane/web/detail/byte_stream.hpp>
#include <twinlane/web/detail/core.hpp>
#include <twinlane/web/query_spec.hpp>

namespace twinlane::web::detail {

/// What an HTTP stream carries: an entity's snapshots and diffs, or the rows of a query that follows a lane.
struct stream_request {
  subscribe_request what;
  std::shared_ptr<const caller> who;  // the stream ends with their credentials
  std::optional<double> max_rate;  // diffs a second
  std::optional<query_spec> query;
  lane_kind kind{};     // of the query's lane
  bool ndjson = false;  // rows as lines; else server-sent events
};

/// Streams until the peer goes, or a query is over.
///
/// Shape    `head` is the response's status line and headers
/// Errors   a subscription that the runtime refuses is answered with a problem document instead
void start_stream(std::shared_ptr<core> c, core::ticket t, byte_stream socket, const stream_request& what,
                  std::string head);

}  // namespace twinlane::web::detail
