#include <twinlane/runtime/app/sink_report.hpp>

#include <nlohmann/json.hpp>

#include <twinlane/ingest/sinks.hpp>

namespace twinlane::app {

std::string sinks_document(const ingest::sinks& all) {
  auto items = nlohmann::json::array();
  for (const auto& s : all.status())
    items.push_back({{"sink", s.name},
                     {"kind", s.kind},
                     {"state", name_of(s.state)},
                     {"problem", s.problem},
                     {"waiting", s.waiting},
                     {"sent", s.sent},
                     {"retried", s.retried},
                     {"dead", s.dead}});
  return nlohmann::json{{"items", std::move(items)}}.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

void emit_sinks(const ingest::sinks& all, const metrics::emit& emit) {
  for (const auto& s : all.status()) {
    const auto count = [&](const char* outcome, std::uint64_t n) {
      emit("twinlane_sink_items_total", {{"sink", s.name}, {"outcome", outcome}}, static_cast<double>(n));
    };
    count("sent", s.sent);
    count("retried", s.retried);
    count("dead", s.dead);
    emit("twinlane_sink_waiting", {{"sink", s.name}}, static_cast<double>(s.waiting));
  }
}

}  // namespace twinlane::app
