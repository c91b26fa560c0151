#pragma once

/// Everything that a service which embeds twinlane's core needs.

#include <twinlane/agents/agent.hpp>
#include <twinlane/agents/json_agent.hpp>
#include <twinlane/runtime/runtime.hpp>
