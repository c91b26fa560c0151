#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <twinlane/lanes/errors.hpp>

namespace twinlane {

class agent;

/// What is kept of an agent beside the rows of its lanes, as one short text.
///
/// Shape    `1 birth rev`, then ` v` with the type's version when it is not 1, ` t` with name and due time of each
///          timer that is set, and ` l` with name and note of each lane that has one; names and notes as
///          `length:bytes`. The 1 in front is the header's own version
/// Units    due times in milliseconds since the epoch, UTC
/// Errors   bad_value from parse(); the header is unspecified then
struct agent_header {
  struct timer {
    std::string_view name;
    std::int64_t due_ms = 0;
  };
  struct note {
    std::string_view lane, text;
  };
  std::uint64_t birth = 0, rev = 0;
  std::uint32_t type_version = 1;  // of the agent's type, when the rows were written
  std::vector<timer> timers;       // views into the text that was parsed
  std::vector<note> notes;

  void append(std::string& out) const;
  decode_status parse(std::string_view text);
};

/// Appends the header of an agent as it is now.
void append_header(std::string& out, const agent& a, std::uint64_t birth, std::uint64_t rev);

}  // namespace twinlane
