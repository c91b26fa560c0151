#pragma once

#include <string>
#include <vector>

#include <twinlane/agents/json_agent.hpp>
#include <twinlane/ingest/source_spec.hpp>
#include <twinlane/ingest/topic_sample.hpp>
#include <twinlane/runtime/errors.hpp>

namespace twinlane::app {

/// A source and an agent type for a topic, each choice with the sentences that say why.
struct source_proposal {
  json_type_spec agent;        // of one lane
  ingest::source_spec source;  // reads from Kafka
  bool sure = true;
  std::vector<std::string> about_sample, about_agent, about_lane, about_keep, about_format, about_entity, about_key,
      about_time;
};

/// Proposes how a topic's records become agents. What it proposes passes the configuration's own checks, whatever the
/// sample holds.
///
/// Cost    some passes over the sample
/// Errors  bad_value when the values are neither JSON objects nor CSV: what they are, and what to do
outcome<source_proposal> propose_source(const ingest::topic_sample& sample, const ingest::kafka_spec& from);

/// As a configuration file, its comments being the sentences.
std::string to_yaml(const source_proposal& p);

}  // namespace twinlane::app
