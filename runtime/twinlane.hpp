#pragma once

/// Everything that a service needs which embeds twinlane's core: agents, a runtime that hosts them, and from the
/// service's own threads records to feed, commands to call, agents to follow. No port is opened. See docs/embed.md.

#include <twinlane/agents/agent.hpp>
#include <twinlane/agents/json_agent.hpp>
#include <twinlane/runtime/call.hpp>
#include <twinlane/runtime/feed.hpp>
#include <twinlane/runtime/follow.hpp>
#include <twinlane/runtime/replica.hpp>
#include <twinlane/runtime/runtime.hpp>
