#include <twinlane/runtime/app/renamed_sources.hpp>

#include <algorithm>
#include <set>
#include <stdexcept>

#include <fmt/format.h>

#include <twinlane/runtime/app/detail/data_files.hpp>
#include <twinlane/runtime/detail/shard_rows.hpp>
#include <twinlane/runtime/sqlite_snapshot.hpp>

namespace twinlane::app {
namespace {

/// Names of the sources that a store has read from.
std::set<std::string> sources_in(const std::string& file) {
  std::set<std::string> names;
  sqlite_snapshot(file).for_each(twinlane::detail::marks_owner, [&](const sqlite_snapshot::owner_rows& o) {
    if (o.damaged) throw std::runtime_error(fmt::format("{}: what it keeps of its sources is damaged.", file));
    for (const auto& r : o.rows) names.emplace(r.key.substr(0, r.key.find('\x1f')));
    return true;
  });
  return names;
}

}  // namespace

std::vector<std::string> renamed_sources(const config& c) {
  const auto file = detail::store_file(c.data_dir);
  std::error_code ignored;
  if (c.store != config::store_kind::sqlite || !std::filesystem::exists(file, ignored)) return {};
  std::set<std::string> stored;
  try {
    stored = sources_in(file);
  } catch (const std::runtime_error& e) {
    return {e.what()};
  }
  std::vector<std::string> fresh, said;
  for (const auto& s : c.sources)
    if (stored.erase(s.name) == 0) fresh.push_back(s.name);
  if (stored.empty()) return {};
  for (const auto& name : fresh)
    said.push_back(
        fmt::format("sources.{}: {} has read nothing of it, and it begins at its start. If it is '{}' under a "
                    "new name, its records are applied once more. Keep the name to go on.",
                    name, file, fmt::join(stored, "' or '")));
  return said;
}

}  // namespace twinlane::app
