#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>
#include <caf/allowed_unsafe_message_type.hpp>
#include <twinlane/runtime/follow.hpp>
#include <twinlane/runtime/runtime.hpp>

/// For hosts that are applications of the C++ Actor Framework: shards on the host's own workers, agents that actors
/// follow and send commands to. Component `caf`. `scheduler.policy` should be `sharing`, `scheduler.max-throughput`
/// small.
namespace twinlane {

/// What an actor hears of an agent that it follows.
struct agent_update {
  std::string uri, lineage;  // lineage: of a whole
  bool whole{}, exists{};    // whole: json is the document; else a merge patch over it
  std::uint64_t from{}, rev{};
  std::string json;
  std::string lane;            // of a supply lane's event: its name, and json is what it emitted; else empty
  std::string done;            // why nothing more comes, as `too_slow`; else empty
  std::shared_ptr<void> slot;  // counts what waits in the actor's mailbox
};

/// What an actor hears of a command that it sent, under the number that it gave.
struct agent_answer {
  std::uint64_t number{};
  outcome<command_result> result{};
};

/// Options for a runtime whose shards are actors of this system, which must outlive it. The runtime's actors are
/// hidden: the system does not wait for them.
runtime_options hosted_by(caf::actor_system& system, runtime_options o = {});

/// Sends agent_update to the actor: the whole at first, then each change. Ends when the returned value goes.
///
/// Units    waiting_max updates in the actor's mailbox; with one more, `too_slow` is the last that it hears: to follow
///          again begins with the whole
/// Threads  any; the actor is held weakly
/// Errors   no_such_route, no_such_lane
[[nodiscard]] outcome<following> follow(port& p, const std::string& uri, const caf::actor& who, const view& what = {},
                                        std::size_t waiting_max = 10'000);

/// Sends a command; the actor hears an agent_answer.
void command(port& p, command_request r, const caf::actor& who, std::uint64_t number = 0);

}  // namespace twinlane

// They travel within the process only.
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(twinlane::agent_update)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(twinlane::agent_answer)
