#pragma once

#include <twinlane/web/detail/request_check.hpp>
#include <twinlane/web/message.hpp>

namespace twinlane::web::detail {

/// The request as the site sees it, without its body. An absolute target names the host, whatever the header says.
request request_of(const request_header& h);

}  // namespace twinlane::web::detail
