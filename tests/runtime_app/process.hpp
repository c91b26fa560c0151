#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

namespace twinlane::test {

/// A program of ours with its output in hand; gone at the latest with the object.
class process {
 public:
  /// Runs the program in the directory.
  process(const std::string& program, const std::vector<std::string>& arguments, const std::string& directory);
  ~process();
  process(const process&) = delete;
  process& operator=(const process&) = delete;

  /// Reads standard output until a line begins so, and returns the line; nothing at the end or deadline.
  std::optional<std::string> wait_for_line(const std::string& begin, std::chrono::seconds deadline);
  void signal(int number) const;
  /// The exit code, 128 + n after signal n; nothing at the deadline.
  std::optional<int> wait(std::chrono::seconds deadline);

  /// All that was written so far; complete after wait().
  const std::string& out() const { return out_; }
  const std::string& err() const { return err_; }

 private:
  /// Takes what is there, waiting at most so long for it. False when both streams have ended.
  bool read_some(std::chrono::milliseconds at_most);

  pid_t pid_ = -1;
  int out_fd_ = -1, err_fd_ = -1;
  std::string out_, err_;
  std::optional<int> code_;
};

struct finished {
  int code;
  std::string out, err;
};
/// Runs the program to its end; code is -1 when it had to be killed after 30 s.
finished run(const std::string& program, const std::vector<std::string>& arguments, const std::string& directory = "/");

struct http_reply {
  int status = 0;
  std::string body;
};
/// One HTTP/1.1 request to 127.0.0.1; status 0 when the server is not there.
http_reply request(unsigned port, const std::string& method, const std::string& path, const std::string& body = {});

}  // namespace twinlane::test
