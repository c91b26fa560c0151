#include <twinlane/runtime/app/detail/progress_bar.hpp>

#include <algorithm>
#include <cstdio>

#include <fmt/format.h>
#include <unistd.h>

namespace twinlane::app::detail {

namespace {

using clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds interval{200};

}  // namespace

progress_bar::progress_bar() : terminal_(::isatty(STDERR_FILENO) != 0), began_(clock::now()), shown_at_(began_) {}

progress_bar::~progress_bar() {
  if (shown_) fmt::print(stderr, "\n");
}

void progress_bar::show(double part, const std::string& text) {
  if (!terminal_) return;
  constexpr int width = 30;
  std::string bar;
  if (part >= 0) {
    const auto filled = static_cast<std::size_t>(std::clamp(part, 0.0, 1.0) * width);
    bar = fmt::format("[{:<{}}] {:3.0f} % ", std::string(filled, '='), width, part * 100);
  }
  fmt::print(stderr, "\r{}{}\x1b[K", bar, text);
  std::fflush(stderr);
  shown_ = true;
  shown_at_ = clock::now();
}

bool progress_bar::due() const { return terminal_ && clock::now() - shown_at_ >= interval; }

std::string progress_bar::counted(std::uint64_t n, const char* what) const {
  const auto seconds = std::chrono::duration<double>(clock::now() - began_).count();
  return fmt::format("{} {}, {:.0f}/s", n, what, seconds > 0 ? static_cast<double>(n) / seconds : 0.0);
}

}  // namespace twinlane::app::detail
