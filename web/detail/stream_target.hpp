#pragma once

#include <twinlane/web/detail/stream_session.hpp>
#include <twinlane/web/resource.hpp>
#include <twinlane/web/site.hpp>

namespace twinlane::web::detail {

/// Does this request ask for a stream: an entity as events, or a lane that is followed?
bool names_stream(const request& r, const resource& where);

/// What the URL asks to be streamed, of it what the one who asks may see.
outcome<stream_request> stream_of(const site& s, const request& r, const resource& where);

}  // namespace twinlane::web::detail
