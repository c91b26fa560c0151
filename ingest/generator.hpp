#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace twinlane::ingest {

/// One record as a generator fills it in. The source reuses the object, so that its strings keep their memory.
struct generated_record {
  /// Set before the call: the record's event time, for generators whose values show a date.
  std::int64_t time_ms{};
  /// The record's key text, for `{$key}`; stays null unless has_key is set.
  std::string key;
  bool has_key = false;
  /// JSON text. With remove set there is no value: a tombstone.
  std::string value;
  bool remove = false;
};

/// Makes record n of a stream: a pure function of (seed, n, parameters, out.time_ms), in any order of n.
///
/// Cost     called on the source's own thread once a record; appending to out's strings allocates nothing when warm
/// Errors   an exception stops the source, with its message in the status
using generator_fn = std::function<void(std::uint64_t seed, std::uint64_t n,
                                        const std::map<std::string, std::string>& parameters, generated_record& out)>;

/// The generators that an application knows, by the name that `generator: { name: … }` uses.
class generator_registry {
 public:
  /// Throws std::invalid_argument when the name is taken or the function empty.
  void add(std::string name, generator_fn make);
  /// Null when there is none of that name.
  const generator_fn* find(std::string_view name) const;
  /// In alphabetical order, for messages.
  std::vector<std::string> names() const;

 private:
  std::map<std::string, generator_fn, std::less<>> generators_;
};

/// Mixes a seed and a number into 64 well spread bits (splitmix64): the usual first step of a generator.
std::uint64_t mix(std::uint64_t seed, std::uint64_t n) noexcept;

}  // namespace twinlane::ingest
