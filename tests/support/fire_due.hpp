#pragma once

#include <twinlane/agents/agent.hpp>
#include <twinlane/agents/turn.hpp>

/// Within a turn: fires the timers that are due and evicts what is of age, as a shard does in turns of their own.
inline void fire_due(twinlane::agent& a, twinlane::turn& t) {
  for (std::size_t i = 0; i < a.type().timers().size(); ++i)
    if (a.timer_at(i).due_ms() <= t.now_ms) t.fire_timer(i);
  t.evict();
}
