#include <twinlane/runtime/detail/store_layout.hpp>

#include <functional>
#include <map>
#include <stdexcept>

namespace twinlane::detail {

void expect_layout(store& kept, const store_layout& l, row_batch& rows) {
  std::map<std::string, std::string, std::less<>> stored;
  kept.read(store_owner, [&](const store_row& r) { stored.emplace(r.lane, r.value); });
  const auto expect = [&](const std::string& what, const std::string& now, const std::string& hint) {
    const auto at = stored.find(what);
    if (at == stored.end())
      rows.put(store_owner, what, "", now);
    else if (at->second != now)
      throw std::runtime_error("The store was made with " + what + ' ' + at->second + ", and the configuration says " +
                               now + ". " + hint);
  };
  expect("shards", std::to_string(l.shards), "The number of shards is chosen at the first start.");
  for (const auto& [type, host] : l.types)
    expect("hosting of " + type, std::string(name_of(host)),
           "To change it, export the agents and import them into an empty store.");
}

}  // namespace twinlane::detail
