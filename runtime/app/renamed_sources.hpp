#pragma once

#include <string>
#include <vector>

#include <twinlane/runtime/app/config.hpp>

namespace twinlane::app {

/// A sentence for each source of which the store has read nothing, while it knows sources that the configuration does
/// not have any more: it may be one of them under a new name, and would be read from its beginning.
///
/// Cost     reads the store's file, beside a server that may be running
/// Errors   a store that cannot be read is one sentence, too
std::vector<std::string> renamed_sources(const config& c);

}  // namespace twinlane::app
