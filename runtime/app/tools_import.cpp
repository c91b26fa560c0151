#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stdexcept>

#include <fmt/format.h>

#include <twinlane/runtime/app/agent_importer.hpp>
#include <twinlane/runtime/app/detail/data_files.hpp>
#include <twinlane/runtime/app/detail/program.hpp>
#include <twinlane/runtime/app/detail/progress_bar.hpp>
#include <twinlane/runtime/app/detail/text_files.hpp>
#include <twinlane/runtime/log.hpp>
#include <twinlane/runtime/sqlite_store.hpp>

namespace twinlane::app {

namespace {

constexpr std::uint64_t reasons_max = 1'000;  // refused lines that are told one by one

struct import_counts {
  std::uint64_t imported = 0, refused = 0, left_out = 0;
};

importer_options importer_options_of(const call& c, const config& settings) {
  importer_options o;
  o.shards = settings.shards;
  o.hosting_override = settings.hosting_override;
  o.replace = c.replace;
  o.now_ms = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
                 .count();
  return o;
}

import_counts read_agents(const program& p, const call& c, detail::line_reader& from, agent_importer& to) {
  import_counts counts;
  detail::progress_bar bar;
  for (std::string_view line; from.next(line);) {
    if (line.find_first_not_of(" \t") == std::string_view::npos) continue;
    const auto status = from.too_long() ? decode_status{lane_errc::too_large, "the line is over 64 MiB"} : to.add(line);
    if (status) {
      ++counts.imported;
    } else if (++counts.refused <= reasons_max) {
      complain(p, fmt::format("{}:{}: {}.", c.file, from.number(), status.detail));
    }
    if (bar.due()) bar.show(from.part_read(), bar.counted(counts.imported, "agents"));
  }
  counts.left_out = to.left_out();
  return counts;
}

}  // namespace

int import_agents(const program& p, const call& c) {
  const auto settings = load(p, c, stderr);
  if (!settings) return exit_wrong;
  if (settings->store != config::store_kind::sqlite) {
    complain(p, "this configuration keeps no state. Write store: { kind: sqlite } into it.");
    return exit_wrong;
  }
  set_up_log(settings->level, settings->format);
  detail::line_reader from(c.file);
  sqlite_store_options where;
  where.file = detail::store_file(settings->data_dir);
  sqlite_store store(std::move(where));
  const auto types = types_of(p, *settings);
  import_counts counts;
  {
    agent_importer to(store, store.open(), types, importer_options_of(c, *settings));
    counts = read_agents(p, c, from, to);
    to.finish();
  }
  if (!store.close())
    throw std::runtime_error("the store could not be written. Make room on its disk, then import again.");
  if (counts.left_out > 0)
    fmt::print(stderr,
               "{} entries of join lanes and windows were left out: `kept` does not say whom the joins follow or what "
               "the windows hold\n",
               counts.left_out);
  fmt::print(stderr, "{} agents imported, {} lines refused\n", counts.imported, counts.refused);
  return counts.refused == 0 ? exit_fine : exit_failed;
}

}  // namespace twinlane::app
