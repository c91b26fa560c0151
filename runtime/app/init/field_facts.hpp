#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <twinlane/ingest/event_time.hpp>
#include <twinlane/ingest/topic_sample.hpp>
#include <twinlane/runtime/app/init/sampled_fields.hpp>

namespace twinlane::app {

/// A field all of whose values are times of one kind.
struct time_facts {
  bool text = false;  // RFC 3339; else numbers of the unit
  ingest::time_unit unit = ingest::time_unit::milliseconds;
  bool dates_only = false;
  double in_order = 0;             // the part of the records that are not before the one before them in their partition
  std::int64_t lag_median_ms = 0;  // from the field's time to the record's own
};

/// What the sample says of a field.
struct field_facts {
  std::vector<std::string> names;
  std::string path;
  std::uint32_t present = 0, distinct = 0, most = 0;  // most: records with the same value
  std::uint32_t texts = 0, whole_numbers = 0, others = 0;
  std::uint32_t equals_key = 0;  // records whose Kafka key is this value
  std::size_t longest = 0;
  bool in_template = false;  // `{path}` can be written in a template
  std::optional<time_facts> time;

  bool may_name() const { return in_template && others == 0 && longest <= 256; }
};

/// What it says of the records' Kafka keys.
struct key_facts {
  std::uint32_t present = 0, distinct = 0, most = 0;
  bool text = true;   // all of them; else some are bytes
  bool plain = true;  // the values themselves; else JSON or a binary number is around them
};

struct sample_facts {
  std::vector<const ingest::sampled_record*> records;  // those that could be read
  std::uint32_t unreadable = 0, nulls = 0, nulls_with_key = 0, header_lines = 0;
  std::size_t bytes_mean = 0;  // of a value
  key_facts key;
  std::vector<field_facts> fields;
};

/// fields: of the records, in their order.
sample_facts facts_of(const sampled_fields& fields, std::vector<const ingest::sampled_record*> records);

/// The value that a Kafka key stands for: a text or number, also quoted as JSON, as the only field of a JSON object, or
/// in four or eight bytes. `plain` says whether it is the key's very bytes. Empty when it is none of these.
std::string key_value(const std::string& key, bool& plain);

}  // namespace twinlane::app
