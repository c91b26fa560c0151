#include "customer.hpp"

#include <string>

#include <twinlane/agents/uri.hpp>

namespace ratings {
namespace {

constexpr number patience_ms = 10 * 60'000;

}  // namespace

customer::customer(twinlane::construction c) : agent(std::move(c)) {}
customer::~customer() = default;

// The table has the names apart. Setting the lane again calls this again, with the whole name.
void customer::did_change_profile(const member& now, const member*) {
  if (now.full_name.empty()) {
    member whole = now;
    whole.full_name = now.first_name + ' ' + now.last_name;
    profile.set(std::move(whole));
  } else {
    enrich_waiting();
  }
}

void customer::did_rate(const rating& now) {
  const bool test = is_test(now.channel);
  counts.update([&](tally& t) {
    ++t.ratings;
    ++(test ? t.test : t.live);
  });
  if (test) return;
  if (profile)
    enrich(now, event_ms());
  else
    wait_for_profile(now);
}

void customer::wait_for_profile(const rating& r) {
  const number arrival = waiting.empty() ? 1 : std::prev(waiting.end())->key + 1;
  waiting.put(arrival, {r, event_ms(), now_ms()});
  if (!patience_.is_set()) patience_.set_at(now_ms() + patience_ms);
}

void customer::enrich_waiting() {
  for (const auto& early : waiting) enrich(early.value.what, early.value.at);
  waiting.clear();
  patience_.cancel();
}

void customer::enrich(const rating& r, number at) {
  const auto& who = *profile;
  const enriched_rating e{r.rating_id, r.stars, r.channel, r.message, who.full_name, who.club_status, who.email, at};
  const bool vip = is_unhappy_vip(e);
  ratings.append(e);
  per_15m.add_at(at, e);
  sessions.add_at(at, e);
  emit("enriched", {}, e);
  if (vip) {
    unhappy.append(e);
    emit("unhappy", e.full_name, e);
  }
  counts.update([&](tally& t) {
    ++t.enriched;
    t.unhappy += vip;
  });
  send("/desk/main", "latest", e);
  std::string segment = "/segment/";
  if (twinlane::append_segment(segment, e.club_status)) send(std::move(segment), "latest", e);
}

// Who never comes is forgotten by the clock: the times of ratings that are read again lie long ago.
void customer::give_up_waiting() {
  while (!waiting.empty()) {
    const auto oldest = waiting.begin()->key;
    const auto until = waiting.begin()->value.came_at + patience_ms;
    if (until > now_ms()) return patience_.set_at(until);
    waiting.remove(oldest);
  }
}

// One message a turn, however many ratings it had.
void customer::report_counts() {
  const tally now = *counts, before = counts.before().value_or(tally{});
  send("/desk/main", "counted",
       tally{now.ratings - before.ratings, now.live - before.live, now.test - before.test,
             now.enriched - before.enriched, now.unhappy - before.unhappy});
}

}  // namespace ratings
