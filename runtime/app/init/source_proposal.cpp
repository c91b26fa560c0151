#include <twinlane/runtime/app/init/source_proposal.hpp>

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include <twinlane/ingest/csv.hpp>
#include <twinlane/ingest/record_router.hpp>
#include <twinlane/runtime/app/init/counted.hpp>
#include <twinlane/runtime/app/init/field_choice.hpp>
#include <twinlane/runtime/app/init/proposed_names.hpp>
#include <twinlane/runtime/app/init/sample_format.hpp>
#include <twinlane/runtime/app/init/time_choice.hpp>

namespace twinlane::app {

namespace {

using ingest::sampled_record;
using ingest::topic_sample;

std::string several(std::uint64_t n, const std::string& what) { return grouped(n) + ' ' + what + (n == 1 ? "" : "s"); }

/// Takes the sample's records apart; the fields are as the server would see them.
sample_facts read_sample(const topic_sample& sample, const sample_format& format) {
  sampled_fields fields;
  ingest::csv_row csv(format.columns);
  std::vector<const sampled_record*> records;
  std::uint32_t unreadable = 0, nulls = 0, with_key = 0, headers = 0;
  for (const auto& r : sample.records) {
    if (!r.value) {
      ++nulls;
      with_key += r.key ? 1 : 0;
      continue;
    }
    const std::string* json = &*r.value;
    if (format.format == ingest::record_format::csv) {
      json = csv.to_json(*r.value);
      if (json && csv.is_header()) {
        ++headers;
        continue;
      }
    }
    if (json && fields.add(*json))
      records.push_back(&r);
    else
      ++unreadable;
  }
  auto facts = facts_of(fields, std::move(records));
  facts.unreadable = unreadable;
  facts.nulls = nulls;
  facts.nulls_with_key = with_key;
  facts.header_lines = headers;
  return facts;
}

/// The names before a row's fields in Debezium's change events; empty when the records are none.
std::vector<std::string> envelope_of(const sample_facts& facts) {
  for (const auto& outer : {std::vector<std::string>{}, std::vector<std::string>{"payload"}}) {
    const auto with = [&](const char* name) {
      auto names = outer;
      names.emplace_back(name);
      return names;
    };
    const auto has = [&](const std::vector<std::string>& names) {
      return std::any_of(facts.fields.begin(), facts.fields.end(), [&](const auto& f) {
        return f.names.size() >= names.size() && std::equal(names.begin(), names.end(), f.names.begin()) &&
               10 * std::size_t{f.present} >= 5 * facts.records.size();
      });
    };
    const auto op =
        std::find_if(facts.fields.begin(), facts.fields.end(), [&](const auto& f) { return f.names == with("op"); });
    if (op != facts.fields.end() && op->longest == 1 && has(with("after")) && has(with("source"))) return with("after");
  }
  return {};
}

class proposer {
 public:
  proposer(const topic_sample& sample, const ingest::kafka_spec& from, sample_format format)
      : sample_(sample),
        format_(std::move(format)),
        facts_(read_sample(sample, format_)),
        envelope_(envelope_of(facts_)) {
    p_.source.from = from;
  }

  source_proposal run() {
    p_.source.name = proposed_source(sample_.topic);
    p_.source.lane = proposed_lane(sample_.topic);
    p_.source.format = format_.format;
    p_.source.columns = format_.columns;
    p_.about_format.push_back(format_.evidence);
    if (!envelope_.empty()) tell_of_envelope();
    choose_names();
    choose_lane();
    choose_event_time();
    tell_of_sample();
    return std::move(p_);
  }

 private:
  void tell_of_envelope();
  void choose_names();
  void choose_lane();
  json_lane_spec lane_of_kind();
  void choose_keep(json_lane_spec& lane);
  void choose_event_time();
  void tell_of_nulls();
  void tell_of_sample();
  void tell_of_headers();
  void tell_of_fit();

  const topic_sample& sample_;
  const sample_format format_;
  const sample_facts facts_;
  const std::vector<std::string> envelope_;
  entity_choice entity_;
  source_proposal p_;
};

void proposer::tell_of_envelope() {
  p_.about_format.emplace_back(
      "The objects are Debezium's change events. This version keeps each as it is, envelope and all; deletes have no "
      "row in 'after' and go to the dead letters.");
  p_.about_format.emplace_back(
      "For the rows alone let the connector unwrap them (transforms: ExtractNewRecordState) and run init again.");
}

void proposer::choose_names() {
  entity_ = choose_entity(facts_, sample_.topic, envelope_);
  p_.sure = entity_.sure;
  p_.agent.name = entity_.type;
  p_.agent.route = '/' + entity_.type + "/:id";
  p_.source.entity = '/' + entity_.type + '/' + entity_.part;
  p_.about_entity = entity_.why;
  if (!entity_.sure) p_.about_entity.insert(p_.about_entity.begin(), "Not sure:");
  for (const auto& other : entity_.considered) p_.about_entity.push_back("Or " + other);
  p_.about_agent.push_back(fmt::format("{} in the sample, the largest with {}.", several(entity_.distinct, "agent"),
                                       several(entity_.most, "record")));
}

json_lane_spec proposer::lane_of_kind() {
  json_lane_spec lane;
  lane.name = p_.source.lane;
  const bool once = facts_.records.size() > 1 && entity_.most == 1;
  const bool own = entity_.field && is_own_identifier(*entity_.field, sample_.topic);
  const bool cleared = entity_.part == "{$key}" && facts_.nulls_with_key > 0;
  if (!envelope_.empty() || cleared || (once && (own || sample_.whole))) {
    lane.kind = lane_kind::value;
    p_.about_lane.push_back(!envelope_.empty() ? "value: what is known of a row is its last change event."
                            : cleared ? fmt::format("value: the last record of an agent counts, and a null value "
                                                    "clears it: {} in the sample.",
                                                    grouped(facts_.nulls_with_key))
                                      : "value: each agent has one record in the sample, and the last counts.");
    p_.about_lane.emplace_back("Or kind: log, which keeps every record.");
  } else if (const auto entry = choose_entry(facts_, sample_.topic, entity_)) {
    lane.kind = lane_kind::map;
    p_.source.key = entry->part;
    p_.about_key.push_back(entry->why);
    p_.about_lane.push_back(
        fmt::format("map: {} names an entry of an agent, and a record of the same name replaces it.", entry->part));
    p_.about_lane.emplace_back(
        "Or kind: log, which keeps every record, or kind: value, the last alone; both without key: below.");
  } else {
    lane.kind = lane_kind::log;
    p_.about_lane.emplace_back(
        "log: no other field names a record of an agent, so each is kept, in the order of arrival.");
    p_.about_lane.emplace_back("Or kind: value, the last alone; or kind: map, with a key: below as in key: \"{id}\".");
  }
  return lane;
}

void proposer::choose_lane() {
  auto lane = lane_of_kind();
  choose_keep(lane);
  p_.agent.lanes.push_back(std::move(lane));
}

// By count: an age counts from the event time, and all records of an old topic would be gone at once.
void proposer::choose_keep(json_lane_spec& lane) {
  constexpr std::size_t bytes_max = 1024 * 1024;
  if (lane.kind == lane_kind::value) return;
  lane.keep.entries_max = 10;
  for (const std::size_t n : {1'000, 500, 200, 100, 50, 20, 10}) {
    if (n > 10 && n * std::max<std::size_t>(facts_.bytes_mean, 1) > bytes_max) continue;
    lane.keep.entries_max = n;
    break;
  }
  p_.about_keep.push_back(fmt::format("At most {} entries an agent, {} KiB of records like these; the oldest go.",
                                      grouped(lane.keep.entries_max),
                                      grouped(lane.keep.entries_max * facts_.bytes_mean / 1024 + 1)));
  p_.about_keep.push_back(
      fmt::format("By age, too: {{ entries: {}, age: 30d }}, counted from the event time.", lane.keep.entries_max));
}

void proposer::choose_event_time() {
  const auto time = choose_time(facts_, records_with(entity_, facts_));
  p_.about_time.push_back(time.why);
  for (const auto& other : time.considered) p_.about_time.push_back("Or " + other);
  if (!time.field) return;
  p_.source.time = time.field->path;
  p_.source.unit = time.field->time->unit;
}

void proposer::tell_of_nulls() {
  if (facts_.nulls == 0) return;
  const bool taken = p_.agent.lanes[0].kind == lane_kind::value && entity_.part == "{$key}";
  if (!taken || facts_.nulls_with_key < facts_.nulls)
    p_.about_sample.push_back(fmt::format(
        "{} values are null, and {} go to the dead letters: a null value has no fields to find its agent by.",
        grouped(facts_.nulls), taken ? "those without a key" : "these"));
}

void proposer::tell_of_headers() {
  std::set<std::string> names;
  for (const auto* r : facts_.records) names.insert(r->headers.begin(), r->headers.end());
  if (names.empty()) return;
  std::string all;
  for (const auto& name : names)
    if (all.size() < 200) all += (all.empty() ? "" : ", ") + name;
  p_.about_sample.push_back(fmt::format("Records have headers, which agents do not see: {}.", all));
}

/// Why records would not be applied, by the server's own router.
void proposer::tell_of_fit() {
  ingest::record_router router(p_.source, {0, p_.agent.lanes[0].kind, 1});
  ingest::text_arena texts;
  std::vector<routed_record> out;
  std::map<std::string_view, std::pair<std::size_t, std::string>> reasons;  // how many, and the first one's detail
  for (const auto* r : facts_.records) {
    ingest::raw_record raw;
    raw.value = *r->value;
    raw.has_key = r->key.has_value();
    if (r->key) raw.key = *r->key;
    raw.offset = r->offset;
    raw.timestamp_ms = r->timestamp_ms;
    if (const auto bad = router.route(raw, {sample_.topic, r->partition}, texts, out)) {
      auto& [count, detail] = reasons[name_of(bad->reason)];
      if (count++ == 0) detail = bad->detail.substr(0, 120);
    }
    out.clear();
    texts.clear();
  }
  const auto say = [&](std::size_t n, const std::string& why) {
    p_.about_sample.push_back(fmt::format("{} would go to the dead letters: {}.", grouped(n), why));
  };
  if (facts_.unreadable > 0)
    say(facts_.unreadable, format_.columns.empty() ? "they are no JSON objects" : "they are no rows of that length");
  for (const auto& [reason, found] : reasons) say(found.first, fmt::format("{} ({})", reason, found.second));
}

void proposer::tell_of_sample() {
  p_.about_sample.push_back(fmt::format(
      "From {} records of topic '{}', which has {}.",
      sample_.whole ? "all " + grouped(sample_.records.size())
                    : fmt::format("{} of about {}", grouped(sample_.records.size()), grouped(sample_.records_held)),
      sample_.topic, several(static_cast<std::uint64_t>(sample_.partitions), "partition")));
  if (!p_.sure) p_.about_sample.emplace_back("The entity below is a guess: look at it first.");
  tell_of_headers();
  tell_of_fit();
  tell_of_nulls();
}

}  // namespace

outcome<source_proposal> propose_source(const topic_sample& sample, const ingest::kafka_spec& from) {
  auto format = find_format(sample);
  if (!format.supported) return error{problem::bad_value, std::move(format.evidence)};
  return proposer(sample, from, std::move(format)).run();
}

}  // namespace twinlane::app
