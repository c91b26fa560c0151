#pragma once

#include <optional>

#include <twinlane/runtime/port.hpp>
#include <twinlane/web/access/policy_table.hpp>
#include <twinlane/web/message.hpp>
#include <twinlane/web/query_spec.hpp>
#include <twinlane/web/resource.hpp>

namespace twinlane::web {

/// The query that a lane's URL asks by `limit`, `order`, `follow` and `from`; nothing when it has none of them.
outcome<std::optional<query_spec>> wanted_query(const resource& where);

/// Answers a GET of a lane or an entry: the value, or, when the URL or the Accept header asks for them, its rows. Of
/// either what these rights show.
void answer_lane(twinlane::port& port, const request& r, const resource& where, std::shared_ptr<const rights> given,
                 respond done);

}  // namespace twinlane::web
