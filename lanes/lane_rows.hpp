#pragma once

#include <string>
#include <string_view>

namespace twinlane {

/// Takes what a turn changed as rows: the last row of each lane and key is the lane's durable state.
///
/// Shape    key: the entry's key as its URL has it, empty for a value lane. value: `time json` for value and log
///          lanes, `time number json` for map and window lanes (number: order of writing; json of a
///          window: what its reducers keep), and for join lanes
///          `rev length:lineage length:uri length:lane json`, where json is empty while the followed lane is absent
/// Units    time: the entry's event time, milliseconds since the epoch, UTC
/// Threads  inside the turn; the views hold during the call
class row_sink {
 public:
  virtual ~row_sink() = default;
  virtual void put(std::string_view lane, std::string_view key, std::string_view value) = 0;
  virtual void remove(std::string_view lane, std::string_view key) = 0;
};

/// One row as text, written in place and reused, so that saving allocates nothing.
struct row_text {
  std::string key, value;
};

}  // namespace twinlane
