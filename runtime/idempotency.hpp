#pragma once

#include <cstdint>

#include <twinlane/runtime/port.hpp>
#include <twinlane/runtime/recent_keys.hpp>

namespace twinlane {

/// A first answer, so that a repeated request gets the same one and changes nothing.
struct kept_answer {
  std::uint64_t request_hash;
  std::int64_t at_ms;
  outcome<command_result> result;
};
using idempotency = recent_keys<kept_answer>;

/// How far the records of a request have been taken that may come again.
struct taken_request {
  std::int64_t next = 0;  // number within the request
  std::int64_t at_ms = 0;
};
using ingest_requests = recent_keys<taken_request>;

}  // namespace twinlane
