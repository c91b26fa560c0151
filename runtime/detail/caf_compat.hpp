#pragma once

// The one door to the C++ Actor Framework (0.17), so that another version is one file's work.
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/all.hpp>
#include <caf/event_based_actor.hpp>
