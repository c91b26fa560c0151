#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <twinlane/runtime/entity.hpp>
#include <twinlane/runtime/parcel.hpp>

namespace twinlane::detail {

/// A message as the store keeps it until it has arrived.
///
/// Shape    the kind, a number, five counted texts, and the event time, if there is one; views into the text that was
///          parsed
struct outbox_item {
  enum class kind : char { message = 'm', join = 'j', leave = 'l', sink = 's', dead = 'd' };
  kind what{};
  std::int64_t number = 0;     // message: hops. sink: time in milliseconds since the epoch
  std::string_view uri, lane;  // whereto; sink: the sending agent and the sink's name
  std::string_view key, value;
  std::string_view by;  // joins: the joining agent, its lane is the value. sink: begins the item's id
  std::optional<std::int64_t> event_ms{};  // message: the sender's

  void append(std::string& out) const;
  bool parse(std::string_view text) noexcept;
};

/// The key of an item's row: its number, so that rows come in order.
std::string outbox_key(std::uint64_t number);

/// What a shard has sent and does not know to have arrived, and how far it has heard others. Only where a store keeps
/// it.
struct outbox {
  template <class T>
  using by_name = std::unordered_map<std::string, T, uri_hash, std::equal_to<>>;
  struct mark {
    std::uint64_t next = 0;  // below it, all from that shard has been taken
    bool changed = false;    // since it was saved
  };
  struct keeping_back {
    sink_queue* sink;
    std::uint64_t from;   // number of the first item that found no room
    bool failed = false;  // to be read
  };

  std::shared_ptr<const std::string> name;
  std::uint64_t next = 1;            // number of the next item
  std::uint64_t offered_to = 0;      // below it, items for sinks have been offered or kept back
  std::uint64_t travelling = 0;      // parcels that have not arrived
  by_name<std::uint32_t> owed;       // parcels and fan-outs that tell followers of an agent
  std::vector<mark> shared_senders;  // by shard number, for all may send to all
  by_name<mark> dedicated_senders;   // by URI
  std::vector<std::shared_ptr<const std::string>> changed;
  std::vector<keeping_back> kept_back;
  bool listed = false;  // among the dedicated shards that have something to do at a start

  mark& sender(const std::string& shard_name);
  /// Has the item not been taken before? Then it is now.
  bool take(const parcel_item& sent);
  keeping_back* find_kept_back(const sink_queue& s) {
    for (auto& k : kept_back)
      if (k.sink == &s) return &k;
    return nullptr;
  }
};

}  // namespace twinlane::detail
