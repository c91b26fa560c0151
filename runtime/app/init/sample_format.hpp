#pragma once

#include <string>
#include <vector>

#include <twinlane/ingest/source_spec.hpp>
#include <twinlane/ingest/topic_sample.hpp>

namespace twinlane::app {

/// How the values of a sample can be read.
struct sample_format {
  bool supported = false;
  ingest::record_format format = ingest::record_format::json;
  std::vector<std::string> columns;  // csv
  bool header = false;               // csv: a header line lies among the rows and names the columns
  std::string evidence;              // a sentence; of what is not supported: what it is and what to do
};

/// JSON objects or CSV rows where at least half of the values are that. Null values do not count.
///
/// Cost  one pass, and one over the rows
sample_format find_format(const ingest::topic_sample& sample);

}  // namespace twinlane::app
