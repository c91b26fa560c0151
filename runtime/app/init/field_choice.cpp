#include <twinlane/runtime/app/init/field_choice.hpp>

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include <twinlane/runtime/app/init/counted.hpp>
#include <twinlane/runtime/app/init/proposed_names.hpp>

namespace twinlane::app {

namespace {

template <std::size_t N>
bool is_one_of(std::string_view word, const std::array<std::string_view, N>& words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

constexpr std::array<std::string_view, 3> identifiers = {"id", "uuid", "guid"};
constexpr std::array<std::string_view, 12> codes = {"sku",  "email", "vin",   "imei",     "iban",   "ean",
                                                    "isin", "mac",   "login", "username", "handle", "serial"};
constexpr std::array<std::string_view, 26> nouns = {
    "customer", "user",   "account", "device",  "sensor", "vehicle", "order",   "product", "session",
    "visitor",  "client", "member",  "patient", "driver", "machine", "station", "store",   "player",
    "employee", "meter",  "asset",   "tenant",  "host",   "courier", "symbol",  "key"};
constexpr std::array<std::string_view, 5> numbers = {"no", "nr", "number", "code", "ref"};
// Numbers and codes that name no record.
constexpr std::array<std::string_view, 11> no_numbers = {"postal", "zip",  "country",  "phone",  "error", "status",
                                                         "line",   "http", "response", "street", "house"};
constexpr std::array<std::string_view, 10> messages = {"event", "message", "msg",         "record",      "request",
                                                       "trace", "span",    "correlation", "transaction", "entry"};

/// A CSV column that no header line named.
bool is_unnamed(const field_facts& f) { return f.names.back().starts_with("column_"); }

/// May it be an entity's name at all?
bool is_candidate(const field_facts& f, const sample_facts& facts) {
  if (!f.may_name() || 2 * f.present < facts.records.size()) return false;
  return !f.time || identifier_strength(f) >= 2 || f.equals_key > 0;
}

struct scored {
  const field_facts* field;
  double score;
};

bool repeats(const field_facts& f) { return f.distinct > 1 && 10 * f.distinct <= 9 * f.present; }
bool is_unique(const field_facts& f) {
  return f.present > 1 && 100 * std::size_t{f.distinct} >= 99 * std::size_t{f.present};
}
bool is_key(const field_facts& f, const sample_facts& facts) {
  return facts.key.distinct > 1 && 10 * std::size_t{f.equals_key} >= 9 * std::size_t{f.present};
}

double entity_score(const field_facts& f, const sample_facts& facts, std::string_view topic, std::size_t levels) {
  double score = 10 * identifier_strength(f);
  const bool key = is_key(f, facts);
  // A number without a name is a measure rather than an identifier.
  if (score == 0 && !key && f.texts == 0 && !is_unnamed(f)) return 0;
  if (key) score += 50;
  if (repeats(f)) score += 20;
  if (f.distinct == 1 && f.present > 1) score -= 30;
  if (f.distinct <= 10 && f.present >= 200) score -= 10;
  if (is_own_identifier(f, topic)) score += is_unique(f) ? -5 : 5;
  score -= 3.0 * static_cast<double>(levels);
  return score * f.present / static_cast<double>(facts.records.size());
}

bool is_within(const field_facts& f, const std::vector<std::string>& within) {
  return f.names.size() > within.size() && std::equal(within.begin(), within.end(), f.names.begin());
}

std::string evidence_of(const field_facts& f, const sample_facts& facts) {
  auto text = fmt::format("'{}' is in {} records, {} distinct", f.path, part_of(f.present, facts.records.size()),
                          grouped(f.distinct));
  if (is_key(f, facts))
    text += f.equals_key == f.present ? ", and equals the Kafka key"
                                      : fmt::format(", and equals the Kafka key in {}", grouped(f.equals_key));
  return text;
}

entity_choice of_field(const field_facts& f, const sample_facts& facts, const std::string& topic) {
  entity_choice c;
  c.field = &f;
  c.part = '{' + f.path + '}';
  c.type = proposed_type(is_unnamed(f) ? std::vector<std::string>() : f.names, topic);
  c.distinct = f.distinct;
  c.most = f.most;
  c.why.push_back(evidence_of(f, facts) + '.');
  return c;
}

/// Where no field will do.
entity_choice without_field(const sample_facts& facts, const std::string& topic) {
  entity_choice c;
  c.type = proposed_type({}, topic);
  c.sure = false;
  if (facts.key.text && facts.key.distinct > 1 && 2 * std::size_t{facts.key.present} >= facts.records.size()) {
    c.part = "{$key}";
    c.distinct = facts.key.distinct;
    c.most = facts.key.most;
    c.why.push_back(fmt::format("No field looks like an identifier. The Kafka key is there in {} records, {} distinct.",
                                part_of(facts.key.present, facts.records.size()), grouped(facts.key.distinct)));
  } else {
    c.part = "{$topic}";
    c.distinct = 1;
    c.most = static_cast<std::uint32_t>(facts.records.size());
    c.why.emplace_back(
        "No field looks like an identifier, and the Kafka keys name nothing: one agent takes all records.");
    c.why.emplace_back("Write the field that names your entities in place of {$topic}.");
  }
  return c;
}

/// The key says the same as the field, and is there where the field is not.
bool key_is_better(const field_facts& f, const sample_facts& facts) {
  return facts.key.plain && f.equals_key == f.present && facts.key.present == facts.records.size() &&
         (f.present < facts.records.size() || facts.nulls_with_key > 0);
}

}  // namespace

int identifier_strength(const field_facts& field) {
  const auto words = words_of(field.names.back());
  if (words.empty()) return 0;
  const auto& last = words.back();
  if (is_one_of(last, identifiers)) return words.size() > 1 || field.names.size() > 1 ? 3 : 2;
  if (is_one_of(last, codes)) return 2;
  if (words.size() > 1 && is_one_of(last, numbers)) return is_one_of(words[words.size() - 2], no_numbers) ? 0 : 1;
  return words.size() == 1 && is_one_of(last, nouns) ? 1 : 0;
}

bool is_own_identifier(const field_facts& field, std::string_view topic) {
  if (identifier_strength(field) == 0) return false;
  auto words = words_of(field.names.back());
  words.pop_back();
  if (words.empty()) return field.names.size() == 1 || proposed_type(field.names, topic) == proposed_type({}, topic);
  if (is_one_of(words.back(), messages)) return true;
  const auto of_topic = words_of(topic_word(topic));
  return std::any_of(of_topic.begin(), of_topic.end(), [&](const auto& w) { return singular(w) == words.back(); });
}

std::size_t records_with(const entity_choice& entity, const sample_facts& facts) {
  return entity.field && entity.part != "{$key}" ? entity.field->present : facts.records.size();
}

entity_choice choose_entity(const sample_facts& facts, const std::string& topic,
                            const std::vector<std::string>& within) {
  constexpr double enough = 15, clear_lead = 8, of_key = 25;
  std::vector<scored> all;
  for (const auto& f : facts.fields)
    if (is_candidate(f, facts) && is_within(f, within))
      if (const auto score = entity_score(f, facts, topic, f.names.size() - within.size() - 1); score >= enough)
        all.push_back({&f, score});
  std::stable_sort(all.begin(), all.end(), [](const scored& a, const scored& b) { return a.score > b.score; });
  const bool key_usable = facts.key.plain && facts.key.distinct > 1 && facts.key.present == facts.records.size();
  if (all.empty() || (key_usable && all[0].score < of_key && !is_key(*all[0].field, facts)))
    return without_field(facts, topic);
  // What names each record is no rival of what names its entity.
  const auto is_rival = [&](const scored& s) { return !is_own_identifier(*s.field, topic) || !is_unique(*s.field); };
  const auto& best = *all[0].field;
  auto c = of_field(best, facts, topic);
  if (identifier_strength(best) == 0 && !is_key(best, facts)) {
    c.sure = false;
    c.why.emplace_back("Its name does not say that it is an identifier: look whether it names your entities.");
  } else if (const auto rival = std::find_if(all.begin() + 1, all.end(), is_rival);
             rival != all.end() && all[0].score - rival->score < clear_lead) {
    c.sure = false;
    c.why.push_back(fmt::format("'{}' is nearly as likely.", rival->field->path));
  }
  if (key_is_better(best, facts)) {
    c.part = "{$key}";
    c.why.push_back(fmt::format("{{$key}} is written for it, because {}.", facts.nulls_with_key > 0
                                                                               ? "null values have a key and no fields"
                                                                               : "not all records have the field"));
  }
  for (std::size_t i = 1; i < all.size() && i < 4; ++i) {
    const auto other = of_field(*all[i].field, facts, topic);
    c.considered.push_back(fmt::format("entity: /{0}/{1} with type: {0} and route: /{0}/:id ({2})", other.type,
                                       other.part, evidence_of(*all[i].field, facts)));
  }
  return c;
}

std::optional<entry_choice> choose_entry(const sample_facts& facts, const std::string& topic,
                                         const entity_choice& entity) {
  const bool entities_repeat = entity.most > 1;
  const auto needed = records_with(entity, facts);
  const field_facts* best = nullptr;
  double best_score = 0;
  for (const auto& f : facts.fields) {
    const int strength = identifier_strength(f);
    const bool own = is_own_identifier(f, topic), unique = is_unique(f);
    const bool unnamed = is_unnamed(f);
    if (&f == entity.field || !f.may_name() || f.present < needed - needed / 100 || f.distinct < 2) continue;
    if ((f.time && strength < 2) || (strength == 0 && !unnamed)) continue;
    if (!own && !(unique && entities_repeat && f.present >= 10)) continue;
    const double score = 10.0 * strength + (own ? 10 : 0) + (unique ? 20 : 0) + (is_key(f, facts) ? 10 : 0);
    if (score <= best_score) continue;
    best = &f;
    best_score = score;
  }
  if (best)
    return entry_choice{'{' + best->path + '}',
                        evidence_of(*best, facts) +
                            (is_unique(*best) ? ": it names each record." : ": an entry is what came last of each.")};
  const auto& key = facts.key;
  if (entity.part == "{$key}" || !key.plain || !entities_repeat || key.present < facts.records.size() ||
      key.present < 10 || key.distinct < key.present)
    return std::nullopt;
  return entry_choice{"{$key}", fmt::format("The Kafka key names each record: {} distinct.", grouped(key.distinct))};
}

}  // namespace twinlane::app
