#include <twinlane/ingest/record_file.hpp>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <system_error>

#include <zlib.h>

#include <twinlane/ingest/record_router.hpp>

namespace twinlane::ingest {
namespace {

constexpr std::size_t chunk_bytes = 256 * 1024;
constexpr std::size_t head_bytes = 64 * 1024;

}  // namespace

struct record_file::handle {
  explicit handle(const std::string& path) {
    if (std::filesystem::is_directory(path)) throw std::runtime_error("'" + path + "' is a directory");
    errno = 0;
    file = gzopen(path.c_str(), "rb");
    if (file == nullptr)
      throw std::runtime_error("cannot open '" + path + "': " + std::generic_category().message(errno));
    gzbuffer(file, chunk_bytes);
    std::error_code ignored;
    bytes = std::filesystem::file_size(path, ignored);
  }
  ~handle() { gzclose(file); }
  handle(const handle&) = delete;
  handle& operator=(const handle&) = delete;

  gzFile file{};
  std::uintmax_t bytes = 0;
};

record_file::record_file(std::string path, record_format format)
    : path_(std::move(path)), splitter_(format), file_(std::make_unique<handle>(path_)), buffer_(chunk_bytes) {}

record_file::~record_file() = default;

bool record_file::next(item& to) {
  for (;;) {
    const std::string_view rest(buffer_.data() + from_, to_ - from_);
    std::size_t end = splitter_.end_of_record(rest);
    if (end == std::string_view::npos) {
      if (!at_end_ || (rest.empty() && !skipping_)) return false;
      end = rest.size();
      splitter_.restart();
    }
    from_ += end;
    auto text = rest.substr(0, end);
    if (skipping_) {
      to = {head_, skipped_ + record_splitter::without_line_end(text).size(), true};
      skipping_ = false;
      return true;
    }
    text = record_splitter::without_line_end(text);
    if (at_start_) text = without_bom(text);
    at_start_ = false;
    if (text.empty()) continue;
    to = {text, text.size(), text.size() > record_bytes_max};
    if (to.too_large) to.text = text.substr(0, head_bytes);
    return true;
  }
}

// Called with an unfinished record, or none, in the buffer.
void record_file::make_room() {
  const std::size_t rest = to_ - from_;
  if (skipping_) {
    skipped_ += rest;
    from_ = to_;
    splitter_.drop_seen();
  } else if (rest > record_bytes_max) {
    skipping_ = true;
    head_.assign(buffer_.data() + from_, head_bytes);
    skipped_ = rest;
    from_ = to_;
    splitter_.drop_seen();
  }
  const std::size_t keep = to_ - from_;
  std::memmove(buffer_.data(), buffer_.data() + from_, keep);
  from_ = 0;
  to_ = keep;
  if (buffer_.size() - keep < chunk_bytes) {
    buffer_.resize(2 * buffer_.size());
  } else if (buffer_.size() > 8 * chunk_bytes && keep < chunk_bytes) {
    buffer_.resize(2 * chunk_bytes);
    buffer_.shrink_to_fit();
  }
}

bool record_file::refill() {
  if (at_end_) return false;
  make_room();
  const int n = gzread(file_->file, buffer_.data() + to_, static_cast<unsigned>(chunk_bytes));
  int code = Z_OK;
  const char* why = gzerror(file_->file, &code);
  if (n < 0 || code == Z_BUF_ERROR)
    throw std::runtime_error("cannot read '" + path_ + "': " + (code == Z_BUF_ERROR ? "gzip data is cut off" : why));
  to_ += static_cast<std::size_t>(n);
  at_end_ = n == 0;
  return true;
}

bool record_file::read(item& to) {
  while (!next(to))
    if (!refill()) return false;
  return true;
}

std::string_view record_file::head(std::size_t bytes_max) {
  while (to_ < bytes_max && refill()) {}
  return {buffer_.data(), std::min(to_, bytes_max)};
}

void record_file::rewind() {
  file_ = std::make_unique<handle>(path_);
  splitter_.restart();
  from_ = to_ = 0;
  skipping_ = at_end_ = false;
  at_start_ = true;
}

double record_file::fraction() const {
  const auto at = gzoffset(file_->file);
  if (at < 0 || file_->bytes == 0) return at_end_ ? 1 : 0;
  return static_cast<double>(at) / static_cast<double>(file_->bytes);
}

}  // namespace twinlane::ingest
