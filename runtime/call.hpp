#pragma once

#include <chrono>
#include <string>
#include <utility>

#include <twinlane/lanes/codec.hpp>
#include <twinlane/runtime/port.hpp>

namespace twinlane {

/// Sends a command and waits for its answer, which comes when the command is applied and durable.
///
/// Threads  the host's own. Agents, answers and subscribers run on shards and must not wait: std::logic_error there
/// Errors   what the port answers; not_ready when no answer came in time, and then it may yet be carried out
outcome<command_result> call(port& p, command_request r, std::chrono::milliseconds deadline = std::chrono::seconds{10});
/// The same with a record: `call(host, "/customer/42", "issue_voucher", voucher{10})`.
template <class T>
outcome<command_result> call(port& p, std::string uri, std::string lane, const T& value,
                             std::chrono::milliseconds deadline = std::chrono::seconds{10}) {
  command_request r{std::move(uri), std::move(lane), {}, {}, {}, {}};
  encode(r.value, value);
  return call(p, std::move(r), deadline);
}

/// The state of an agent, waited for in the same way.
outcome<snapshot> snapshot_of(port& p, const std::string& uri, const view& what = {},
                              std::chrono::milliseconds deadline = std::chrono::seconds{10});

}  // namespace twinlane
