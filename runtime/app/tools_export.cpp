#include <algorithm>

#include <fmt/format.h>

#include <twinlane/runtime/app/agent_line.hpp>
#include <twinlane/runtime/app/detail/data_files.hpp>
#include <twinlane/runtime/app/detail/program.hpp>
#include <twinlane/runtime/app/detail/progress_bar.hpp>
#include <twinlane/runtime/app/detail/text_files.hpp>
#include <twinlane/runtime/detail/shard_rows.hpp>
#include <twinlane/runtime/sqlite_snapshot.hpp>

namespace twinlane::app {

namespace {

/// Is there an agent, or just others that wait for one to be born?
bool holds_agent(std::span<const store_row> rows) {
  return std::any_of(rows.begin(), rows.end(),
                     [](const store_row& r) { return r.lane != twinlane::detail::follower_lane; });
}

/// The types wanted; nothing when there is none of the name, which has been told.
std::optional<agent_types> wanted_types(const program& p, const call& c, const config& settings) {
  auto all = types_of(p, settings);
  if (c.type.empty()) return all;
  std::string known;
  for (const auto& t : all) known += (known.empty() ? "" : ", ") + t->name();
  std::erase_if(all, [&](const auto& t) { return t->name() != c.type; });
  if (!all.empty()) return all;
  complain(p, fmt::format("there is no agent type '{}'. Types are: {}.", c.type, known.empty() ? "none" : known));
  return std::nullopt;
}

struct export_counts {
  std::uint64_t written = 0, failed = 0;
};

export_counts write_agents(const program& p, const call& c, const agent_types& types, sqlite_snapshot& from,
                           detail::output_file& to) {
  export_counts counts;
  agent_line_writer writer(types);
  detail::progress_bar bar;
  std::string line;
  const auto refuse = [&](std::string_view uri, std::string_view why) {
    ++counts.failed;
    complain(p, fmt::format("{} is left out: {}.", uri, why));
  };
  from.for_each("/", [&](const sqlite_snapshot::owner_rows& found) {
    if (!c.type.empty() && !type_of(types, found.owner)) return true;
    if (found.damaged) {
      refuse(found.owner, "its rows are damaged");
      return true;
    }
    if (!holds_agent(found.rows)) return true;
    line.clear();
    if (const auto status = writer.write(found.owner, found.rows, line); !status) {
      refuse(found.owner, status.detail);
      return true;
    }
    line += '\n';
    to.write(line);
    ++counts.written;
    if (bar.due()) bar.show(-1, bar.counted(counts.written, "agents"));
    return true;
  });
  return counts;
}

}  // namespace

int export_agents(const program& p, const call& c) {
  const auto settings = load(p, c, stderr);
  if (!settings) return exit_wrong;
  const auto types = wanted_types(p, c, *settings);
  if (!types) return exit_wrong;
  sqlite_snapshot from(detail::store_file(settings->data_dir));
  detail::output_file to(c.file.empty() ? "-" : c.file);
  const auto counts = write_agents(p, c, *types, from, to);
  to.finish();
  fmt::print(stderr, "{} agents exported, {} left out\n", counts.written, counts.failed);
  return counts.failed == 0 ? exit_fine : exit_failed;
}

}  // namespace twinlane::app
