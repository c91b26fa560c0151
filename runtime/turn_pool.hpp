#pragma once

#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include <twinlane/agents/turn.hpp>

namespace twinlane {

/// The scratch of turns, a few for each agent type instead of one for each shard: a shard borrows it while it runs.
///
/// Threads  any
class turn_pool {
 public:
  std::unique_ptr<turn> take(const agent_type& type) {
    {
      std::lock_guard lock(mutex_);
      auto& list = free_[&type];
      if (!list.empty()) {
        auto t = std::move(list.back());
        list.pop_back();
        return t;
      }
    }
    return std::make_unique<turn>(type);
  }
  void give_back(const agent_type& type, std::unique_ptr<turn> t) {
    std::lock_guard lock(mutex_);
    free_[&type].push_back(std::move(t));
  }

 private:
  std::mutex mutex_;
  std::unordered_map<const agent_type*, std::vector<std::unique_ptr<turn>>> free_;
};

}  // namespace twinlane
