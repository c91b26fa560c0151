#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <vector>

#include <twinlane/lanes/by_key.hpp>
#include <twinlane/lanes/reduce.hpp>

#include "twin.hpp"

// Windows as a plain reading of their rules has them, beside an agent with windows of all shapes.
namespace twin_test {

struct sample {
  std::int64_t time_ms = 0;
  int number = 0;
  double weight = 0;  // of which any sums are exact
  std::string who;
};

struct sample_stats {
  reduce::count n;
  reduce::sum<int> total;
  reduce::sum<double> weight;
  reduce::min<int> least;
  reduce::max<int> most;
  reduce::mean mean;
  reduce::median middle;
  reduce::distinct<std::string> people;
  reduce::by_key<reduce::sum<int>> by_person;
  reduce::collect<int> list;
  void add(const sample& s) {
    n.add();
    total.add(s.number);
    weight.add(s.weight);
    least.add(s.number);
    most.add(s.number);
    mean.add(s.weight);
    middle.add(s.number);
    people.add(s.who);
    by_person.add(s.who, s.number);
    list.add(s.number);
  }
};
BOOST_DESCRIBE_STRUCT(sample_stats, (), (n, total, weight, least, most, mean, middle, people, by_person, list))

inline constexpr std::int64_t model_grace_ms = 200, model_size_ms = 100, model_wide_ms = 250, model_gap_ms = 30;

/// All shapes over the same samples.
struct sampled final : agent {
  using agent::agent;
  using milliseconds = std::chrono::milliseconds;
  using stats = window<sample_stats>;
  window_lane<sample_stats> tumbling_lane{*this,
                                          "tumbling",
                                          tumbling(milliseconds{model_size_ms}),
                                          grace(milliseconds{model_grace_ms}),
                                          keep_last(1000),
                                          did_close<&sampled::tumbled>,
                                          roll_up_into<&sampled::coarse_lane>};
  window_lane<sample_stats> hopping_lane{*this, "hopping",
                                         hopping(milliseconds{model_wide_ms}, milliseconds{model_size_ms}),
                                         grace(milliseconds{model_grace_ms}), did_close<&sampled::hopped>};
  window_lane<sample_stats> session_lane{*this,
                                         "session",
                                         twinlane::session(milliseconds{model_gap_ms}),
                                         grace(milliseconds{model_grace_ms}),
                                         did_close<&sampled::ended>,
                                         roll_up_into<&sampled::session_total>};
  window_lane<sample_stats> coarse_lane{*this, "coarse", tumbling(milliseconds{10 * model_size_ms})};
  window_lane<sample_stats> session_total{*this, "session_total", tumbling(milliseconds{10 * model_size_ms})};
  window_lane<sample_stats> last_lane{*this, "last", tumbling(milliseconds{model_size_ms}),
                                      grace(milliseconds{model_grace_ms}), keep_last(3)};
  /// What closed, by lane: start, end and how many.
  std::map<std::string, std::vector<std::array<std::int64_t, 3>>> told;

  void feed(const sample& s) {
    tumbling_lane.add_at(s.time_ms, s);
    hopping_lane.add_at(s.time_ms, s);
    session_lane.add_at(s.time_ms, s);
    last_lane.add_at(s.time_ms, s);
  }
  void close_all(std::int64_t to_ms) {
    tumbling_lane.advance(to_ms);
    hopping_lane.advance(to_ms);
    session_lane.advance(to_ms);
  }

 private:
  void tumbled(std::int64_t start, const stats& w) { tell("tumbling", start, w); }
  void hopped(std::int64_t start, const stats& w) { tell("hopping", start, w); }
  void ended(std::int64_t start, const stats& w) { tell("session", start, w); }
  void tell(const char* lane, std::int64_t start, const stats& w) {
    told[lane].push_back({start, w.end_ms, static_cast<std::int64_t>(w.value.n.shown())});
  }
};

/// The samples of each window by its start, and its end.
struct model_window {
  std::int64_t end_ms = 0;
  std::vector<sample> samples;
};
using model_windows = std::map<std::int64_t, model_window>;

inline model_windows cut(const std::vector<sample>& all, std::int64_t size_ms, std::int64_t advance_ms) {
  model_windows windows;
  for (const auto& s : all)
    for (std::int64_t start = -10'000; start <= s.time_ms; start += advance_ms) {
      if (s.time_ms >= start + size_ms) continue;
      windows[start].end_ms = start + size_ms;
      windows[start].samples.push_back(s);
    }
  return windows;
}

inline model_windows sessions(std::vector<sample> all, std::int64_t gap_ms) {
  std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.time_ms < b.time_ms; });
  model_windows windows;
  auto last = windows.end();
  for (const auto& s : all) {
    if (last == windows.end() || s.time_ms - last->second.end_ms > gap_ms) last = windows.try_emplace(s.time_ms).first;
    last->second.end_ms = s.time_ms;
    last->second.samples.push_back(s);
  }
  return windows;
}

/// What the lane should show, lists sorted.
inline json expected(const model_windows& windows, bool closed) {
  json all = json::object();
  for (const auto& [start, w] : windows) {
    std::vector<int> numbers;
    double weight = 0;
    int total = 0;
    std::map<std::string, int> people;
    for (const auto& s : w.samples) {
      numbers.push_back(s.number);
      total += s.number;
      weight += s.weight;
      people[s.who] += s.number;
    }
    std::sort(numbers.begin(), numbers.end());
    const auto n = numbers.size();
    all[std::to_string(start)] = {{"end", w.end_ms},
                                  {"closed", closed},
                                  {"value",
                                   {{"n", n},
                                    {"total", total},
                                    {"weight", weight},
                                    {"least", numbers.front()},
                                    {"most", numbers.back()},
                                    {"mean", weight / static_cast<double>(n)},
                                    {"middle", (numbers[(n - 1) / 2] + numbers[n / 2]) / 2.0},
                                    {"people", people.size()},
                                    {"by_person", people},
                                    {"list", numbers}}}};
  }
  return all;
}

/// A lane as it shows, lists sorted.
inline json with_sorted_lists(json lane) {
  for (auto& [start, w] : lane.items()) {
    auto& list = w["value"]["list"];
    std::sort(list.begin(), list.end());
  }
  return lane;
}

/// Samples in order of time, with pauses that end sessions.
inline std::vector<sample> random_samples(std::mt19937& random, std::size_t n) {
  const auto below = [&](unsigned bound) { return static_cast<int>(random() % bound); };
  std::vector<sample> all(n);
  std::int64_t now = below(300) - 150;
  for (auto& s : all) {
    now += below(8) == 0 ? below(90) : below(12);
    s = {now, below(5) + 1, below(64) / 8.0, std::string(1, static_cast<char>('a' + below(4)))};
  }
  return all;
}

/// The same samples, none later than `late_ms` after one of a later time.
inline std::vector<sample> shuffled(const std::vector<sample>& all, std::mt19937& random, std::int64_t late_ms) {
  std::vector<std::pair<std::int64_t, sample>> order;
  for (const auto& s : all)
    order.emplace_back(s.time_ms + static_cast<std::int64_t>(random() % static_cast<unsigned>(late_ms + 1)), s);
  std::shuffle(order.begin(), order.end(), random);
  std::stable_sort(order.begin(), order.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<sample> late;
  for (auto& [at, s] : order) late.push_back(std::move(s));
  return late;
}

}  // namespace twin_test
