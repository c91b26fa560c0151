#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <twinlane/runtime/shard.hpp>

namespace twinlane {

/// What a shard collects from taking its input until the cut is handed to the store. One a thread, reused.
struct shard::cut {
  struct delta_at {
    const entity* of;
    std::uint64_t from, rev;
    std::size_t at, size;  // of the patch within `patches`
  };

  std::int64_t now_ms = 0;
  std::vector<work> works;
  std::vector<entity*> entities;  // with messages in this cut, in order of first arrival
  std::vector<item*> controls;
  std::vector<std::shared_ptr<record_batch>> batches;
  std::vector<std::shared_ptr<record_batch>> causes;  // of messages from agents
  std::vector<record_batch*> applied;                 // a batch once for each of its records that was applied
  std::vector<pending_answer> answers;
  std::vector<std::string> requests;  // that brought records of this cut
  dead_letter_batch dead;
  std::string patches;
  std::vector<delta_at> deltas;
  std::vector<work> chain;
  std::string padded;
  struct change {
    entity* of;
    unsigned lane;
    std::shared_ptr<record_batch> cause;
    unsigned hops;
  };
  std::vector<change> changes;  // of lanes that are followed
  std::vector<mail> mails;      // what leaves once the cut is the store's
  std::vector<join_update> updates;
  std::vector<follow_request> follows;
  std::size_t followers = 0;  // that came or left
  // What those who came by themselves are told, by followed agent and lane.
  std::map<std::pair<std::string, unsigned>, std::shared_ptr<announcement>> said_to_new;
  std::vector<emission> emissions;
  std::vector<std::shared_ptr<parcel>> parcels;  // whose items this cut took, once for each
  answer<std::monostate> removed;                // of the removal that this cut is
  durability sync = durability::soon;
  steady_time last;                  // end of the last turn
  steady_time arrived;               // of the earliest message in the running turn
  bool useful = false;               // has a message of the running turn been applied?
  std::optional<std::size_t> timer;  // that the running turn without messages fires; none: it evicts entries

  void clear() {
    works.clear();
    entities.clear();
    controls.clear();
    batches.clear();
    causes.clear();
    applied.clear();
    answers.clear();
    requests.clear();
    dead.resize(0);
    patches.clear();
    deltas.clear();
    changes.clear();
    mails.clear();
    updates.clear();
    follows.clear();
    followers = 0;
    said_to_new.clear();
    emissions.clear();
    parcels.clear();
    removed = nullptr;
    sync = durability::soon;
  }

  /// A copy of the text with readable bytes behind it; holds until the next call.
  std::string_view pad(std::string_view text) {
    padded.assign(text);
    padded.append(record_batch::padding, '\0');
    return std::string_view(padded).substr(0, text.size());
  }
};

}  // namespace twinlane
