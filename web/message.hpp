#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <twinlane/runtime/errors.hpp>

namespace twinlane::web {

class caller;

/// An HTTP request as the site sees it: no socket, no parser.
struct request {
  std::string method, target, body;
  std::string accept, content_type, content_encoding, host;
  std::optional<std::string> if_match, if_none_match, idempotency_key, last_event_id, origin;
  std::optional<std::string> authorization, cookie;
  std::shared_ptr<const caller> who;  // once they have been let in
};

struct response {
  int status = 200;
  std::string content_type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};

/// Takes the answer, once, on any thread.
using respond = std::function<void(response)>;

/// Appends text as a JSON string, quotes included; bytes that are not UTF-8 become U+FFFD.
void append_json(std::string& out, std::string_view text);

/// An RFC 9457 problem document.
response problem_response(int status, std::string_view code, std::string_view title, std::string_view detail);
response problem_response(problem p, std::string_view detail);
response problem_response(const error& e);

/// The ETag of an entity at a rev, in its quotes.
std::string tag_of(const std::string& lineage, std::uint64_t rev);
/// 200 with that tag, or 304.
response tagged(std::string body, const std::string& tag);
response unchanged(const std::string& tag);

/// The reason phrase of a status line.
std::string_view reason_of(int status) noexcept;

/// Status line and headers, ready to send in front of the body. Header values are stripped of control characters.
std::string head_of(const response& r, bool keep_alive);

}  // namespace twinlane::web
