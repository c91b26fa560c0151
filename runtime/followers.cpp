#include <twinlane/runtime/followers.hpp>

#include <algorithm>
#include <utility>

namespace twinlane {

bool lane_followers::add(follower f) {
  const bool comes = will_come_to(f);
  all_.insert(std::move(f));
  return !comes;
}

bool lane_followers::will_come_to(const follower& f) const {
  if (!is_telling()) return false;
  const auto is_before = [&](place p) { return p == all_.end() || f < *p; };
  return (!is_before(at_) && is_before(end_)) || (again_ && is_before(again_end_));
}

void lane_followers::remove(const follower& f) {
  const auto found = all_.find(f);
  if (found == all_.end()) return;
  for (auto* p : {&at_, &end_, &again_end_})
    if (*p == found) ++*p;
  all_.erase(found);
  if (at_ == end_) end_pass();
}

void lane_followers::note_change(const std::shared_ptr<record_batch>& cause, unsigned hops) {
  if (all_.empty()) return;
  hops_ = is_telling() ? std::min(hops_, hops) : hops;
  if (!is_telling()) at_ = all_.begin();
  const bool fresh = at_ == all_.begin();
  end_ = all_.end();
  again_ = !fresh;
  again_end_ = at_;
  auto& to = fresh ? causes_ : causes_again_;
  if (cause && (to.empty() || to.back() != cause)) to.push_back(cause);
}

void lane_followers::append_causes(std::vector<std::shared_ptr<record_batch>>& to) const {
  for (const auto* some : {&causes_, &causes_again_}) to.insert(to.end(), some->begin(), some->end());
}

void lane_followers::end_pass() {
  causes_ = std::exchange(causes_again_, {});
  if (!std::exchange(again_, false) || again_end_ == all_.begin()) return rest();
  at_ = all_.begin();
  end_ = std::exchange(again_end_, all_.end());
}

void lane_followers::rest() {
  at_ = end_ = again_end_ = all_.end();
  causes_.clear();
}

}  // namespace twinlane
