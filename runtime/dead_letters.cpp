#include <twinlane/runtime/dead_letters.hpp>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <fstream>
#include <mutex>
#include <string>
#include <system_error>
#include <unordered_set>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <twinlane/runtime/detail/dead_letter_text.hpp>
#include <twinlane/runtime/log.hpp>
#include <twinlane/runtime/metrics.hpp>

namespace twinlane {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view extension = ".ndjson";

struct segment {
  std::uint64_t number{};
  std::uint64_t bytes{};
};

std::string name_of(std::uint64_t number) { return fmt::format("{:08}{}", number, extension); }

std::vector<segment> segments_in(const fs::path& directory) {
  std::vector<segment> found;
  for (const auto& entry : fs::directory_iterator(directory)) {
    const auto stem = entry.path().stem().string();
    if (stem.empty() || stem.size() > 18 || stem.find_first_not_of("0123456789") != std::string::npos) continue;
    std::error_code gone;
    const auto bytes = entry.file_size(gone);
    if (!gone && name_of(std::stoull(stem)) == entry.path().filename()) found.push_back({std::stoull(stem), bytes});
  }
  std::sort(found.begin(), found.end(), [](const segment& a, const segment& b) { return a.number < b.number; });
  return found;
}

std::uint64_t letters_in(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::uint64_t letters = 0;
  for (std::string line; std::getline(in, line) && !in.eof();) letters += !detail::parse_done(line);
  return letters;
}

/// Bytes up to and with the last line end; what follows was torn by a crash.
std::uint64_t whole_lines(int fd, std::uint64_t bytes) {
  std::vector<char> buffer(64 * 1024);
  while (bytes > 0) {
    const auto length = std::min<std::uint64_t>(bytes, buffer.size());
    const auto got = ::pread(fd, buffer.data(), length, static_cast<off_t>(bytes - length));
    if (got != static_cast<ssize_t>(length)) return bytes;
    const auto last = std::string_view(buffer.data(), length).rfind('\n');
    if (last != std::string_view::npos) return bytes - length + last + 1;
    bytes -= length;
  }
  return 0;
}

/// f(id, line) for each whole line of all segments, until it answers false.
template <class F>
void for_each_line(const fs::path& directory, F&& f) {
  std::error_code none;
  if (!fs::is_directory(directory, none)) return;
  for (const auto& s : segments_in(directory)) {
    std::ifstream in(directory / name_of(s.number), std::ios::binary);
    std::uint64_t number = 0;
    for (std::string line; std::getline(in, line) && !in.eof();)  // no line end: torn, or being written
      if (!f(fmt::format("{}:{}", s.number, ++number), line)) return;
  }
}

[[noreturn]] void fail(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

void sync_directory(const fs::path& directory) {
  const int fd = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) fail("cannot open the directory");
  const int done = ::fsync(fd);
  ::close(fd);
  if (done != 0) fail("cannot sync the directory");
}

}  // namespace

struct dead_letters::impl {
  /// What callers that came while a sync was running are waiting for together.
  struct batch {
    std::string text;
    std::uint64_t letters = 0;
    bool done = false, written = false;
  };

  fs::path directory;
  dead_letters_options options;

  mutable std::mutex mutex;
  std::condition_variable finished;
  std::shared_ptr<batch> next = std::make_shared<batch>();
  bool writing = false;
  std::deque<segment> segments;  // the last one is being written
  std::uint64_t total = 0, letters_dropped = 0;

  int fd = -1;  // used by the writing thread alone

  impl(fs::path where, dead_letters_options o) : directory(std::move(where)), options(std::move(o)) {
    options.segment_bytes_max = std::clamp<std::uint64_t>(options.segment_bytes_max, 1, options.total_bytes_max);
    fs::create_directories(directory);
    for (const auto& s : segments_in(directory)) {
      segments.push_back(s);
      total += s.bytes;
    }
    if (segments.empty() || !open_last()) begin_segment();
    drop_oldest(0);
  }
  ~impl() {
    if (fd >= 0) ::close(fd);
  }

  /// False when another process is writing it.
  bool open_last() {
    auto& last = segments.back();
    fd = ::open((directory / name_of(last.number)).c_str(), O_RDWR | O_CLOEXEC);
    if (fd < 0) fail("cannot open the newest segment");
    if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
      ::close(std::exchange(fd, -1));
      return false;
    }
    const auto whole = whole_lines(fd, last.bytes);
    if (whole != last.bytes && ::ftruncate(fd, static_cast<off_t>(whole)) != 0) fail("cannot cut off a torn line");
    total -= last.bytes - whole;
    last.bytes = whole;
    return true;
  }

  void begin_segment() {
    auto number = segments.empty() ? 1 : segments.back().number + 1;
    const auto open = [&] {
      return ::open((directory / name_of(number)).c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
    };
    int begun = open();
    while (begun < 0 && errno == EEXIST) {  // another process's
      ++number;
      begun = open();
    }
    if (begun < 0) fail("cannot begin a segment");
    const auto file = directory / name_of(number);
    ::flock(begun, LOCK_EX | LOCK_NB);
    try {
      sync_directory(directory);
    } catch (const std::system_error&) {
      ::close(begun);
      ::unlink(file.c_str());
      throw;
    }
    if (fd >= 0) ::close(fd);
    fd = begun;
    std::lock_guard lock(mutex);
    segments.push_back({number, 0});
  }

  void drop_oldest(std::uint64_t incoming) {
    while (true) {
      segment oldest;
      {
        std::lock_guard lock(mutex);
        if (segments.size() < 2 || total + incoming <= options.total_bytes_max) return;
        oldest = segments.front();
        segments.pop_front();
        total -= oldest.bytes;
      }
      const auto file = directory / name_of(oldest.number);
      const auto letters = letters_in(file);
      std::error_code ignored;
      fs::remove(file, ignored);
      {
        std::lock_guard lock(mutex);
        letters_dropped += letters;
      }
      if (options.figures) options.figures->count("twinlane_dead_letters_dropped_total", {}, letters);
      log_limited(log_level::warn, "dead_letters.dropped",
                  fmt::format("dead letters: the bound of {} bytes is reached, {} of the oldest letters were dropped",
                              options.total_bytes_max, letters));
    }
  }

  void write_all(std::string_view text) {
    auto& last = segments.back();
    const auto begin = last.bytes;
    for (auto left = text; !left.empty();) {
      const auto n = ::pwrite(fd, left.data(), left.size(), static_cast<off_t>(begin + text.size() - left.size()));
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) {
        const int reason = n == 0 ? ENOSPC : errno;
        if (::ftruncate(fd, static_cast<off_t>(begin)) != 0) {  // a torn line stays: leave this segment
          ::close(fd);
          fd = -1;
        }
        errno = reason;
        fail("cannot write");
      }
      left.remove_prefix(static_cast<std::size_t>(n));
    }
    std::lock_guard lock(mutex);
    last.bytes += text.size();
    total += text.size();
  }

  void sync() {
    if (::fdatasync(fd) != 0) fail("cannot sync");
  }

  /// As many whole lines as fit into the segment, one at least.
  static std::string_view first_lines(std::string_view text, std::uint64_t room) {
    if (text.size() <= room) return text;
    const auto last = room == 0 ? std::string_view::npos : text.rfind('\n', room - 1);
    return text.substr(0, (last == std::string_view::npos ? text.find('\n') : last) + 1);
  }

  void write(std::string_view text) {
    while (!text.empty()) {
      const auto used = segments.back().bytes;
      const auto room = options.segment_bytes_max - std::min(used, options.segment_bytes_max);
      const auto part = first_lines(text, room);
      if (fd < 0 || (used > 0 && part.size() > room)) {
        if (fd >= 0) sync();
        begin_segment();
        continue;
      }
      drop_oldest(part.size());
      write_all(part);
      text.remove_prefix(part.size());
    }
    sync();
  }

  bool try_write(const batch& b) {
    try {
      write(b.text);
      return true;
    } catch (const std::exception& e) {
      if (options.figures) options.figures->count("twinlane_dead_letter_write_errors_total");
      log_limited(log_level::error, "dead_letters.write",
                  fmt::format("dead letters: {} letters cannot be written in {} yet: {}. Make room or check the "
                              "directory's rights.",
                              b.letters, directory.string(), e.what()));
      return false;
    }
  }

  bool append(std::string_view text, std::uint64_t letters) {
    std::unique_lock lock(mutex);
    const auto mine = next;
    mine->text += text;
    mine->letters += letters;
    finished.wait(lock, [&] { return mine->done || !writing; });
    if (!mine->done) {
      writing = true;
      next = std::make_shared<batch>();
      lock.unlock();
      const bool written = try_write(*mine);
      lock.lock();
      mine->written = written;
      mine->done = true;
      writing = false;
      finished.notify_all();
    }
    return mine->written;
  }
};

dead_letters::dead_letters(std::filesystem::path directory, dead_letters_options o)
    : impl_(std::make_unique<impl>(std::move(directory), std::move(o))) {}
dead_letters::~dead_letters() = default;

bool dead_letters::append(std::span<const dead_letter> letters) {
  if (letters.empty()) return true;
  std::string text;
  for (const auto& letter : letters) detail::append_line(text, letter, impl_->options.bytes_max);
  return impl_->append(text, letters.size());
}

void dead_letters::for_each(const std::function<bool(const stored&)>& f) const { for_each_in(impl_->directory, f); }

void dead_letters::for_each_in(const std::filesystem::path& directory, const std::function<bool(const stored&)>& f) {
  std::unordered_set<std::string> done;
  for_each_line(directory, [&](const std::string&, const std::string& line) {
    if (auto id = detail::parse_done(line)) done.insert(std::move(*id));
    return true;
  });
  detail::seen_letters seen;
  for_each_line(directory, [&](const std::string& id, const std::string& line) {
    if (const auto of = detail::parse_done(line)) {
      seen.show_again(*of);
      return true;
    }
    auto letter = detail::parse_line(line);
    if (!letter || !seen.first_time(letter->letter)) return true;
    if (done.contains(id)) {
      seen.hide(id, letter->letter);
      return true;
    }
    letter->id = id;
    return f(*letter);
  });
}

bool dead_letters::mark_done(std::span<const std::string> ids) {
  std::string text;
  for (const auto& id : ids) detail::append_done(text, id);
  return ids.empty() || impl_->append(text, 0);
}

std::uint64_t dead_letters::bytes() const {
  std::lock_guard lock(impl_->mutex);
  return impl_->total;
}

std::uint64_t dead_letters::dropped() const {
  std::lock_guard lock(impl_->mutex);
  return impl_->letters_dropped;
}

}  // namespace twinlane
