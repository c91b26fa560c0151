#include <twinlane/runtime/errors.hpp>

#include <array>

namespace twinlane {
namespace {

struct row {
  std::string_view code;
  int status;
  std::string_view title;
};

constexpr std::array<row, 16> table{{
    {"bad_request", 400, "The request is malformed"},
    {"unauthorized", 401, "Credentials are missing or invalid"},
    {"forbidden", 403, "Not allowed"},
    {"no_such_route", 404, "No agent type has this route"},
    {"no_such_entity", 404, "The entity does not exist"},
    {"no_such_lane", 404, "The agent has no such lane"},
    {"no_such_key", 404, "The lane has no such entry"},
    {"not_writable", 405, "The lane takes no writes"},
    {"conflict", 409, "The request conflicts with another"},
    {"rev_mismatch", 412, "The entity is at another rev"},
    {"too_large", 413, "Too large"},
    {"bad_value", 422, "The value does not fit the lane"},
    {"too_busy", 429, "Too busy, try again later"},
    {"handler_failed", 500, "The agent's logic failed"},
    {"not_ready", 503, "Not ready"},
    {"store_full", 507, "The store is full"},
}};

constexpr std::array<std::string_view, 14> reasons{
    "bad_json", "empty",        "too_deep",       "too_large",     "bad_utf8",       "bad_value", "missing_field",
    "null_key", "no_such_lane", "no_such_entity", "bad_tombstone", "handler_failed", "sink_full", "undeliverable",
};

const row& at(problem p) noexcept { return table[static_cast<std::size_t>(p)]; }

}  // namespace

std::string_view code_of(problem p) noexcept { return at(p).code; }
int http_status_of(problem p) noexcept { return at(p).status; }
std::string_view title_of(problem p) noexcept { return at(p).title; }
std::string_view name_of(dead_reason r) noexcept { return reasons[static_cast<std::size_t>(r)]; }

}  // namespace twinlane
