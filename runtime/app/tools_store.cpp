#include <filesystem>

#include <fmt/format.h>

#include <twinlane/runtime/app/detail/data_files.hpp>
#include <twinlane/runtime/app/detail/program.hpp>
#include <twinlane/runtime/app/detail/progress_bar.hpp>
#include <twinlane/runtime/log.hpp>
#include <twinlane/runtime/sqlite_compact.hpp>
#include <twinlane/runtime/sqlite_snapshot.hpp>

namespace twinlane::app {

namespace {

std::string size_text(std::uintmax_t bytes) {
  return fmt::format("{:.1f} MiB", static_cast<double>(bytes) / (1 << 20));
}

}  // namespace

std::optional<std::filesystem::path> find_data_dir(const program& p, const call& c) {
  if (!c.data_dir.empty() && c.config.empty()) return c.data_dir;
  const auto settings = load(p, c, stderr);
  return settings ? std::optional(settings->data_dir) : std::nullopt;
}

int compact(const program& p, const call& c) {
  const auto data_dir = find_data_dir(p, c);
  if (!data_dir) return exit_wrong;
  set_up_log(log_level::warn, log_format::text);
  sqlite_store_options o;
  o.file = detail::store_file(*data_dir);
  detail::progress_bar bar;
  const auto sizes = compact_sqlite_store(o, [&] {
    if (bar.due()) bar.show(-1, "writing " + o.file + " anew");
  });
  fmt::print("{}: {} before, {} after\n", o.file, size_text(sizes.bytes_before), size_text(sizes.bytes_after));
  return exit_fine;
}

int backup(const program& p, const call& c) {
  const auto data_dir = find_data_dir(p, c);
  if (!data_dir) return exit_wrong;
  sqlite_snapshot from(detail::store_file(*data_dir));
  {
    detail::progress_bar bar;
    from.write_to(c.file, [&](double part) {
      if (bar.due()) bar.show(part, part < 1 ? "copied" : "copied, checking");
      return true;
    });
  }
  fmt::print("{}: {}, checked\n", c.file, size_text(std::filesystem::file_size(c.file)));
  return exit_fine;
}

}  // namespace twinlane::app
