#include <twinlane/web/access/watched_file.hpp>

#include <cerrno>
#include <fstream>
#include <system_error>

#include <sys/stat.h>

namespace twinlane::web {
namespace {

constexpr std::size_t bytes_max = 1024 * 1024;

outcome<std::string> text_of(const std::filesystem::path& file) {
  errno = 0;
  std::ifstream in(file, std::ios::binary);
  std::string text(bytes_max + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!in.is_open() || in.bad())
    return error{problem::not_ready, "cannot be read: " + std::generic_category().message(errno ? errno : EIO)};
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (text.size() > bytes_max) return error{problem::not_ready, "is larger than 1 MiB"};
  return text;
}

}  // namespace

std::optional<outcome<std::string>> watched_file::changed(clock::time_point now) {
  if (looked_ && now - *looked_ < std::chrono::seconds{1}) return std::nullopt;
  looked_ = now;
  // What the file is when it is looked at, before it is read: what is written meanwhile is seen the next time.
  struct stat s {};
  const bool there = ::stat(file_.c_str(), &s) == 0;
  const stamp is = there ? stamp{s.st_mtim.tv_sec, s.st_mtim.tv_nsec, s.st_size, static_cast<std::int64_t>(s.st_ino)}
                         : stamp{-1, -1, -1, -1};
  if (seen_ == is) return std::nullopt;
  seen_ = is;
  return text_of(file_);
}

}  // namespace twinlane::web
