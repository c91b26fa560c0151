#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>
#include <twinlane/runtime/runtime.hpp>

namespace tests {

/// One record of the ratings topic: value as JSON text, and whose it is.
struct rating_event {
  std::int64_t at{};
  std::string user, value;
};

/// The scenario's 2,000 ratings, its customers and the numbers that must come out.
struct ratings_fixture {
  std::vector<rating_event> ratings;      // in order of time
  std::vector<nlohmann::json> customers;  // rows of the table
  nlohmann::json expected;
};
/// Where the fixture lies; nothing when it is not there.
std::optional<std::filesystem::path> ratings_folder();
/// Read once. Throws when it cannot be read.
const ratings_fixture& the_ratings();

/// The example's agents in a runtime of their own, fed as ingest feeds it.
class ratings_lab {
 public:
  explicit ratings_lab(twinlane::hosting how = twinlane::hosting::shared);
  ~ratings_lab();

  void know(const nlohmann::json& customer);
  void know(const std::vector<nlohmann::json>& customers);
  /// Posts the events in batches of that many, over so many source partitions in turn.
  void hear(const std::vector<rating_event>& events, std::size_t batch = 1, std::int32_t partitions = 1);
  /// All that has been said is applied, and what follows from it.
  void settle();

  /// The agent's lanes; null when there is no such agent.
  nlohmann::json lanes(const std::string& uri);
  nlohmann::json lane(const std::string& uri, const char* name);

 private:
  void post(const std::string& source, std::int32_t partition, const char* lane,
            const std::vector<rating_event>& events);

  std::unique_ptr<twinlane::runtime> core_;
  std::map<std::pair<std::string, std::int32_t>, std::int64_t> offsets_;
};

/// What the agents say, in the form of the fixture's expected file. Lists of stars are sorted unless in_order.
nlohmann::json answers_of(ratings_lab& lab, bool in_order);
/// The expected file, less what it says of the fixture's own times; lists of stars sorted unless in_order.
nlohmann::json expected_answers(bool in_order);

}  // namespace tests
