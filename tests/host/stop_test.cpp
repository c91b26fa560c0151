#include <cerrno>
#include <future>
#include <string>
#include <system_error>

#include <poll.h>
#include <unistd.h>

#include <twinlane/runtime/log.hpp>

#include "hosted.hpp"

namespace host_test {
namespace {

/// Hears what is logged while it lives.
class log_ear {
 public:
  log_ear() : before_(::dup(STDERR_FILENO)) {
    int ends[2];
    if (::pipe(ends) != 0) throw std::system_error(errno, std::generic_category(), "pipe");
    from_ = ends[0];
    ::dup2(ends[1], STDERR_FILENO);
    ::close(ends[1]);
    set_up_log(log_level::warn, log_format::text);
  }
  ~log_ear() {
    ::dup2(before_, STDERR_FILENO);
    ::close(before_);
    ::close(from_);
  }
  log_ear(const log_ear&) = delete;
  log_ear& operator=(const log_ear&) = delete;
  /// Waits for a line with this text; false when nothing came any more.
  bool hears(const std::string& text) {
    std::string all;
    char some[4096];
    while (all.find(text) == std::string::npos) {
      pollfd ready{from_, POLLIN, 0};
      if (::poll(&ready, 1, static_cast<int>(std::chrono::milliseconds(patience).count())) <= 0) return false;
      const auto n = ::read(from_, some, sizeof some);
      if (n <= 0) return false;
      all.append(some, static_cast<std::size_t>(n));
    }
    return true;
  }

 private:
  int before_, from_ = -1;
};

TEST(runtime, says_that_its_end_waits_for_a_turn) {
  log_ear log;
  hosted h;
  {
    feed in{h.on, "in"};
    ASSERT_FALSE(in.put("/account/1", "amounts", "1", 40));
    ASSERT_TRUE(in.wait(patience));
  }
  std::promise<void> begun, go;
  auto held = go.get_future().share();
  h.on.get("/account/1", {}, [&begun, held](auto) {
    begun.set_value();
    held.wait();
  });
  begun.get_future().wait();
  auto ended = std::async(std::launch::async, [&] { return h.on.stop(10ms); });
  EXPECT_TRUE(log.hears("a turn still runs"));
  EXPECT_EQ(ended.wait_for(0ms), std::future_status::timeout);
  go.set_value();
  EXPECT_FALSE(ended.get());
}

}  // namespace
}  // namespace host_test
