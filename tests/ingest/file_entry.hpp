#pragma once

#include <string>

#include <twinlane/ingest/source_spec.hpp>

namespace twinlane::ingest {

/// An entry of `sources:` that reads a file into the map lane of recording_port.
inline source_spec of_file(const std::string& name, const std::string& path, double rate = 0, bool loop = false) {
  source_spec s;
  s.name = name;
  s.from = file_spec{path, rate, loop};
  s.entity = "/customer/{customer_id}";
  s.lane = "orders";
  s.key = "{id}";
  return s;
}

}  // namespace twinlane::ingest
