#include "desk.hpp"

#include <algorithm>
#include <iterator>

namespace ratings {
namespace {

constexpr number minute_ms = 60'000, recent_ms = 15 * minute_ms;
constexpr std::size_t places = 5;

/// The windows of the last fifteen minutes as one. Idle minutes have none, so starts are compared.
template <class Lane>
auto recent(const Lane& windows) {
  typename Lane::accumulator_type all;
  if (windows.empty()) return all;
  const auto from = std::prev(windows.end())->key + minute_ms - recent_ms;
  for (const auto& w : windows)
    if (w.key >= from) all.merge(w.value.value);
  return all;
}

}  // namespace

desk::desk(twinlane::construction c) : agent(std::move(c)) {}
desk::~desk() = default;

void desk::did_rate(std::uint64_t, const enriched_rating& now) {
  if (is_unhappy_vip(now)) unhappy.append({now.full_name, now.stars, now.message, now.channel, now.at});
  by_channel.add_at(now.at, now);
  by_status.add_at(now.at, now);
  by_person.add_at(now.at, now);
}

void desk::add_up(const tally& more) {
  totals.update([&](tally& t) {
    t.ratings += more.ratings;
    t.live += more.live;
    t.test += more.test;
    t.enriched += more.enriched;
    t.unhappy += more.unhappy;
  });
}

void desk::find_medians() {
  std::map<std::string, double> found;
  const auto all = recent(by_status);
  for (const auto& [status, median] : all.shown()) found[status] = median.shown().value_or(0);
  medians.set(std::move(found));
}

void desk::find_top() {
  std::vector<busy_person> ranking;
  const auto all = recent(by_person);
  for (const auto& [name, n] : all.shown())
    if (name != person_counts::rest_key) ranking.push_back({name, static_cast<number>(n.shown())});
  const auto first = std::min(places, ranking.size());
  std::partial_sort(ranking.begin(), ranking.begin() + static_cast<std::ptrdiff_t>(first), ranking.end(),
                    [](const busy_person& a, const busy_person& b) {
                      return a.ratings != b.ratings ? a.ratings > b.ratings : a.full_name < b.full_name;
                    });
  ranking.resize(first);
  top.set(std::move(ranking));
}

}  // namespace ratings
