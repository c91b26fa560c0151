#pragma once

#include <string>

#include <twinlane/runtime/metrics.hpp>

namespace twinlane::ingest {
class sinks;
}

namespace twinlane::app {

/// The body of GET /api/sinks:
/// `{"items":[{"sink","kind","state","problem","waiting","sent","retried","dead"}]}`
std::string sinks_document(const ingest::sinks& all);

/// twinlane_sink_items_total{sink,outcome} with outcome sent | retried | dead, and twinlane_sink_waiting{sink}.
void emit_sinks(const ingest::sinks& all, const metrics::emit& emit);

}  // namespace twinlane::app
