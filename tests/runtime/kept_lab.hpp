#pragma once

#include "cast.hpp"
#include "lab.hpp"

namespace runtime_test {

/// A lab whose rows outlive it.
struct kept_lab {
  std::unique_ptr<lab> now;
  shard_options options;
  std::uint32_t shards = 4;
  std::int64_t offset = 0;

  explicit kept_lab(shard_options o = {}) : options(o) { restart(); }
  lab* operator->() { return now.get(); }
  void restart() { restart(now ? now->kept.rows : lab_store::rows_type()); }
  /// With what of the rows has survived.
  void restart(lab_store::rows_type rows) {
    const auto source = now ? now->source : nullptr;
    const auto at = now ? now->now : 1'000'000;
    const auto births = now ? now->births : 0;
    now = std::make_unique<lab>(
        std::vector{accounts(), make_agent_type<fan>("fan", "/fan/:id"),
                    make_agent_type<product>("product", "/product/:id"), make_agent_type<relay>("relay", "/relay/:id"),
                    make_agent_type<clerk>("clerk", "/clerk/:id"), make_agent_type<siren>("siren", "/siren/:id"),
                    make_agent_type<meter>("meter", "/meter/:id"), make_agent_type<chest>("chest", "/chest/:id")},
        shards, options, true);
    now->kept.rows = std::move(rows);
    now->now = at;
    now->births = births;
    if (source) now->source = source;
  }
  void post(const std::vector<event>& events) {
    now->post(now->source, events, offset);
    ASSERT_TRUE(now->settle());
  }
};

}  // namespace runtime_test
