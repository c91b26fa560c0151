#include <twinlane/ingest/generator.hpp>

#include <stdexcept>

namespace twinlane::ingest {

void generator_registry::add(std::string name, generator_fn make) {
  if (!make) throw std::invalid_argument("generator '" + name + "' is empty");
  if (generators_.count(name) != 0) throw std::invalid_argument("generator '" + name + "' is registered twice");
  generators_.emplace(std::move(name), std::move(make));
}

const generator_fn* generator_registry::find(std::string_view name) const {
  const auto it = generators_.find(name);
  return it == generators_.end() ? nullptr : &it->second;
}

std::vector<std::string> generator_registry::names() const {
  std::vector<std::string> all;
  for (const auto& [name, make] : generators_) all.push_back(name);
  return all;
}

std::uint64_t mix(std::uint64_t seed, std::uint64_t n) noexcept {
  std::uint64_t z = seed * 0xD1342543DE82EF95ull + (n + 1) * 0x9E3779B97F4A7C15ull;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
  return z ^ (z >> 31);
}

}  // namespace twinlane::ingest
