#pragma once

#include <optional>
#include <string>
#include <vector>

#include <twinlane/runtime/app/init/field_facts.hpp>

namespace twinlane::app {

/// How much a field's name says that it names something: 3 for `customer_id`, 2 for `id`, `uuid` or `sku`, 1 for
/// `customer` or `order_no`, else 0.
int identifier_strength(const field_facts& field);

/// Does the field name the record itself: a bare `id`, `event_id`, or `order_id` in topic orders?
bool is_own_identifier(const field_facts& field, std::string_view topic);

/// What names the agents.
struct entity_choice {
  const field_facts* field = nullptr;  // null: the Kafka key, or the topic
  std::string part;                    // of the template: `{customer_id}`, `{$key}` or `{$topic}`
  std::string type;
  std::uint32_t distinct = 0, most = 0;
  bool sure = true;
  std::vector<std::string> why;         // sentences
  std::vector<std::string> considered;  // other templates, each with its reason
};

/// within: names in front of an entity's fields, as `after` of change events.
entity_choice choose_entity(const sample_facts& facts, const std::string& topic,
                            const std::vector<std::string>& within);

/// How many of the sample's records find their agent.
std::size_t records_with(const entity_choice& entity, const sample_facts& facts);

/// What names the entries of a map; nothing when no field does.
struct entry_choice {
  std::string part;  // `{order_id}` or `{$key}`
  std::string why;
};
std::optional<entry_choice> choose_entry(const sample_facts& facts, const std::string& topic,
                                         const entity_choice& entity);

}  // namespace twinlane::app
