#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include <twinlane/ingest/source_spec.hpp>
#include <twinlane/runtime/port.hpp>

namespace twinlane::ingest {

/// What became of a dead letter that was to be applied after all.
struct replay_fate {
  enum class kind : std::uint8_t {
    applied,
    dead_again,  // as a new letter of topic `(replay)`
    refused      // it could not be handed over
  };
  kind what = kind::refused;
  std::string why;  // unless applied
};

/// Hands dead letters over again. A record that no agent was found for goes through its source's router as that is now;
/// one that its agent refused goes to that agent; a message between agents to the lane it was sent to.
///
/// Shape    each source has one more partition for this, of topic `(replay)`, which begins anew at each start, so that
///          no watermark drops what comes again
/// Threads  one
/// Errors   by letter, as its fate
class replayer {
 public:
  /// Takes a letter of a sink, as sinks::replay() does.
  using sink_handler = std::function<outcome<std::monostate>(const dead_letter& letter, std::function<void()> arrived)>;

  replayer(std::vector<source_spec> specs, port& p, sink_handler to_sink = {});
  ~replayer();

  /// Returns when all that was handed over is durable, here or as a new letter; nothing when that has not come in time,
  /// or stop was asked for: the letters may be applied then or not.
  std::optional<std::vector<replay_fate>> replay(std::span<const dead_letter> letters, std::stop_token stop,
                                                 std::chrono::milliseconds at_most);

 private:
  class lane;
  class sink_items;
  replay_fate add(const dead_letter& letter, std::size_t index);
  replay_fate add_record(const dead_letter& letter, std::size_t index);
  replay_fate add_message(const dead_letter& letter, std::size_t index);
  replay_fate give_to_sink(const dead_letter& letter, std::size_t index);
  lane& lane_of(const std::string& source);

  const std::vector<source_spec> specs_;
  port& port_;
  const sink_handler to_sink_;
  std::map<std::string, std::unique_ptr<lane>> lanes_;  // by source
  std::shared_ptr<sink_items> items_;                   // of the running replay
};

}  // namespace twinlane::ingest
