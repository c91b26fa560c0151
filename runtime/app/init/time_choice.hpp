#pragma once

#include <string>
#include <vector>

#include <twinlane/runtime/app/init/field_facts.hpp>

namespace twinlane::app {

/// The event time, and the times that could be.
struct time_choice {
  const field_facts* field = nullptr;  // null: none
  std::string why;
  std::vector<std::string> considered;
};
/// A field that is a time in all the records that are needed, is called like one or keeps close to the record's own,
/// and is not ahead of it.
time_choice choose_time(const sample_facts& facts, std::size_t needed);

}  // namespace twinlane::app
