#include <twinlane/runtime/app/detail/text_files.hpp>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <system_error>
#include <utility>

#include <unistd.h>

namespace twinlane::app::detail {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t buffer_bytes = 256 * 1024;

std::string reason() { return std::generic_category().message(errno); }

}  // namespace

line_reader::line_reader(const std::string& file)
    : name_(file), file_(file == "-" ? stdin : std::fopen(file.c_str(), "rb")) {
  std::error_code none;
  if (!file_) throw std::runtime_error(file + " cannot be opened: " + reason() + ".");
  if (const auto bytes = fs::file_size(file, none); file != "-" && !none) bytes_all_ = bytes;
}

line_reader::~line_reader() {
  if (file_ != stdin) std::fclose(file_);
}

bool line_reader::next(std::string_view& line) {
  line_.clear();
  too_long_ = false;
  for (bool some = false;;) {
    if (at_ == buffer_.size()) {
      buffer_.resize(buffer_bytes);
      buffer_.resize(std::fread(buffer_.data(), 1, buffer_bytes, file_));
      at_ = 0;
      bytes_read_ += buffer_.size();
      if (buffer_.empty()) {
        if (std::ferror(file_)) throw std::runtime_error(name_ + " cannot be read: " + reason() + ".");
        if (!some) return false;
        break;
      }
    }
    some = true;
    const auto rest = std::string_view(buffer_).substr(at_);
    const auto end = rest.find('\n');
    const auto found = rest.substr(0, end);
    line_ += found.substr(0, line_bytes_max - line_.size());
    too_long_ = too_long_ || line_.size() == line_bytes_max;
    at_ += found.size() + (end != std::string_view::npos);
    if (end != std::string_view::npos) break;
  }
  ++number_;
  line = line_;
  if (line.ends_with('\r')) line.remove_suffix(1);
  return true;
}

double line_reader::part_read() const noexcept {
  return bytes_all_ == 0 ? -1 : static_cast<double>(bytes_read_) / static_cast<double>(bytes_all_);
}

output_file::output_file(std::string file)
    : name_(std::move(file)), part_(name_ + ".part"), file_(standard() ? stdout : std::fopen(part_.c_str(), "wb")) {
  if (!file_) fail();
}

output_file::~output_file() {
  if (standard() || !file_) return;
  std::fclose(file_);
  std::error_code ignored;
  fs::remove(part_, ignored);
}

void output_file::fail() const {
  throw std::runtime_error((standard() ? "standard output" : name_) + " cannot be written: " + reason() + ".");
}

void output_file::write(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), file_) != text.size()) fail();
}

void output_file::finish() {
  if (std::fflush(file_) != 0) fail();
  if (standard()) return;
  if (::fsync(::fileno(file_)) != 0) fail();
  if (std::fclose(std::exchange(file_, nullptr)) != 0 || std::rename(part_.c_str(), name_.c_str()) != 0) fail();
}

}  // namespace twinlane::app::detail
