#include <twinlane/runtime/app/init/time_choice.hpp>

#include <algorithm>
#include <array>
#include <cstdlib>

#include <fmt/format.h>

#include <twinlane/runtime/app/init/counted.hpp>
#include <twinlane/runtime/app/init/proposed_names.hpp>

namespace twinlane::app {

namespace {

template <std::size_t N>
bool is_one_of(std::string_view word, const std::array<std::string_view, N>& words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

constexpr std::array<std::string_view, 9> time_words = {"time",     "timestamp", "ts",       "date", "at",
                                                        "datetime", "when",      "occurred", "epoch"};
constexpr std::array<std::string_view, 11> time_units = {"ms",      "us",     "ns",     "s",     "sec", "secs",
                                                         "seconds", "millis", "micros", "nanos", "utc"};
constexpr std::array<std::string_view, 17> other_times = {
    "birth", "born", "dob", "expiry", "expires",   "expiration", "due",     "until",   "deadline",
    "valid", "next", "eta", "end",    "scheduled", "delivery",   "planned", "birthday"};
constexpr std::array<std::string_view, 5> later_times = {"updated", "modified", "processed", "ingested", "changed"};

double time_name_score(const field_facts& f) {
  auto words = words_of(f.names.back());
  const auto any = [&](const auto& of) {
    return std::any_of(words.begin(), words.end(), [&](const auto& w) { return is_one_of(w, of); });
  };
  if (any(other_times)) return -50;
  while (words.size() > 1 && is_one_of(words.back(), time_units)) words.pop_back();
  if (words.empty() || !any(time_words)) return any(later_times) ? 15 : 0;
  if (any(later_times)) return 18;
  const bool plain = words.size() == 1 || words[0] == "event" || words[0] == "occurred";
  return plain ? 30 : 25;
}

double time_score(const field_facts& f) {
  constexpr std::int64_t hour = 3'600'000, day = 24 * hour;
  const auto& t = *f.time;
  const double name = time_name_score(f);
  const auto lag = std::abs(t.lag_median_ms);
  // Without a time's name, numbers of seconds are as likely to be anything else.
  if (name == 0 && (lag > day || t.in_order < 0.9 || t.dates_only || (!t.text && t.unit == ingest::time_unit::seconds)))
    return 0;
  double score = name + 10 * t.in_order - (t.dates_only ? 5 : 0);
  score += lag <= hour ? 10 : lag <= day ? 6 : lag <= 31 * day ? 3 : 0;
  return t.lag_median_ms < -hour ? score - 30 : score;
}

std::string lag_text(std::int64_t ms) {
  const auto lag = std::abs(ms);
  const auto text = lag < 1'000         ? fmt::format("{} ms", lag)
                    : lag < 120'000     ? fmt::format("{} s", lag / 1'000)
                    : lag < 7'200'000   ? fmt::format("{} min", lag / 60'000)
                    : lag < 172'800'000 ? fmt::format("{} h", lag / 3'600'000)
                                        : fmt::format("{} days", grouped(static_cast<std::uint64_t>(lag / 86'400'000)));
  return fmt::format("{} {} the record's own timestamp", text, ms < 0 ? "after" : "before");
}

std::string evidence_of_time(const field_facts& f, const sample_facts& facts) {
  const auto& t = *f.time;
  return fmt::format("'{}' is in {} records, {}, in the median {}, {:.0f} % in order", f.path,
                     part_of(f.present, facts.records.size()),
                     t.dates_only ? std::string("dates without a time of day")
                     : t.text     ? std::string("RFC 3339 text")
                                  : fmt::format("epoch {}", name_of(t.unit)),
                     lag_text(t.lag_median_ms), 100 * t.in_order);
}

}  // namespace

time_choice choose_time(const sample_facts& facts, std::size_t needed) {
  constexpr double enough = 20;
  time_choice c;
  double best = 0;
  for (const auto& f : facts.fields) {
    if (!f.time || !f.in_template) continue;
    const auto score = time_score(f);
    if (score >= enough && f.present >= needed && score > best) {
      best = score;
      c.field = &f;
    }
  }
  for (const auto& f : facts.fields)
    if (f.time && f.in_template && &f != c.field && c.considered.size() < 3 && time_score(f) > 0)
      c.considered.push_back(fmt::format("time: {} ({})", f.path, evidence_of_time(f, facts)));
  c.why = c.field ? evidence_of_time(*c.field, facts) + '.'
                  : "No field is an event time in every record, so the record's own timestamp counts.";
  return c;
}

}  // namespace twinlane::app
