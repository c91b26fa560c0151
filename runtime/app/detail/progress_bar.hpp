#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace twinlane::app::detail {

/// One line on standard error that is written over, on a terminal only.
class progress_bar {
 public:
  progress_bar();
  ~progress_bar();
  progress_bar(const progress_bar&) = delete;
  progress_bar& operator=(const progress_bar&) = delete;

  /// part: from 0 to 1, or below 0 when it is not known. text: as `1200 records, 300/s`.
  void show(double part, const std::string& text);
  /// Is there a terminal, and is it some time ago that something was shown?
  bool due() const;
  /// `1200 agents, 300/s`, by the time since the start.
  std::string counted(std::uint64_t n, const char* what) const;

 private:
  const bool terminal_;
  const std::chrono::steady_clock::time_point began_;
  std::chrono::steady_clock::time_point shown_at_;
  bool shown_ = false;
};

}  // namespace twinlane::app::detail
