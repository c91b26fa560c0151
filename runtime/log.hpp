#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace twinlane {

enum class log_level : std::uint8_t { trace, debug, info, warn, error, off };
enum class log_format : std::uint8_t { text, json };

/// False, and `to` unchanged, when the name is none of trace, debug, info, warn, error, off.
bool parse_log_level(std::string_view name, log_level& to);

/// Sends spdlog's default logger to standard error, one line a message, flushed at once.
///
/// Shape    text: `2026-01-31T12:00:00.000Z warn  message`; json: `{"at":"…","level":"warn","message":"…"}`.
///          Control characters of a message are escaped in both, so that outside data cannot forge a line
/// Threads  once, before others log; logging itself from any thread
void set_up_log(log_level level, log_format format);

/// Writes the line unless one with the same key was written less than `interval` ago; says then, with the next one,
/// how many were held back. For lines that outside data or load can cause at will.
///
/// Cost     one lookup under a mutex
/// Errors   at most 1,000 keys are remembered; the rest share one
/// Threads  any
void log_limited(log_level level, std::string_view key, std::string_view message,
                 std::chrono::milliseconds interval = std::chrono::seconds{10});

/// Lines that log_limited held back so far.
std::uint64_t log_lines_dropped() noexcept;

}  // namespace twinlane
