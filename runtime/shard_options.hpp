#pragma once

#include <cstddef>
#include <cstdint>

namespace twinlane {

struct shard_options {
  std::uint32_t cut_records = 256;                      // records and messages in one cut
  std::uint32_t run_budget_ms = 5;                      // then other shards get the thread
  std::uint32_t fan_out_step = 1000;                    // followers of a lane that are told at a time
  std::uint32_t inbox_messages_max = 65536;             // requests waiting; more are refused as too_busy
  std::uint32_t answers_max = 1000;                     // idempotency keys remembered
  std::uint32_t history_bytes_max = 64 * 1024;          // an agent's, for subscribers that missed something
  std::int64_t history_age_ms = 60'000;                 // and how far back it goes
  std::uint64_t document_bytes_max = 16 * 1024 * 1024;  // an entity's state on its way out
  std::size_t active_max = 0;  // agents in memory, where the store keeps the others; 0: no bound
  std::int64_t idle_ms = 0;    // an agent leaves memory after that long without a message; 0: never
};

}  // namespace twinlane
