#include "process.hpp"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <stdexcept>
#include <utility>

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace twinlane::test {

namespace {

using clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

struct pipe_ends {
  int read, write;
};

pipe_ends make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("pipe");
  return {ends[0], ends[1]};
}

/// Appends what can be read; false at the end.
bool drain(int fd, std::string& to) {
  char buffer[4096];
  const auto got = ::read(fd, buffer, sizeof buffer);
  if (got > 0) to.append(buffer, static_cast<std::size_t>(got));
  return got > 0 || (got < 0 && errno == EINTR);
}

}  // namespace

process::process(const std::string& program, const std::vector<std::string>& arguments, const std::string& directory) {
  const auto out = make_pipe(), err = make_pipe();
  std::vector<char*> argv{const_cast<char*>(program.c_str())};
  for (const auto& a : arguments) argv.push_back(const_cast<char*>(a.c_str()));
  argv.push_back(nullptr);
  pid_ = ::fork();
  if (pid_ < 0) throw std::runtime_error("fork");
  if (pid_ == 0) {
    ::dup2(out.write, STDOUT_FILENO);
    ::dup2(err.write, STDERR_FILENO);
    if (::chdir(directory.c_str()) == 0) ::execv(program.c_str(), argv.data());
    ::_exit(127);
  }
  ::close(out.write);
  ::close(err.write);
  out_fd_ = out.read;
  err_fd_ = err.read;
}

process::~process() {
  if (!code_) {
    signal(SIGKILL);
    wait(10s);
  }
  if (out_fd_ >= 0) ::close(out_fd_);
  if (err_fd_ >= 0) ::close(err_fd_);
}

bool process::read_some(std::chrono::milliseconds at_most) {
  if (out_fd_ < 0 && err_fd_ < 0) return false;
  pollfd fds[] = {{out_fd_, POLLIN, 0}, {err_fd_, POLLIN, 0}};
  if (::poll(fds, 2, static_cast<int>(at_most.count())) <= 0) return true;
  if (fds[0].revents && !drain(out_fd_, out_)) ::close(std::exchange(out_fd_, -1));
  if (fds[1].revents && !drain(err_fd_, err_)) ::close(std::exchange(err_fd_, -1));
  return true;
}

std::optional<std::string> process::wait_for_line(const std::string& begin, std::chrono::seconds deadline) {
  const auto end = clock::now() + deadline;
  for (std::size_t from = 0;;) {
    for (auto stop = out_.find('\n', from); stop != std::string::npos; stop = out_.find('\n', from)) {
      const auto line = out_.substr(from, stop - from);
      if (line.starts_with(begin)) return line;
      from = stop + 1;
    }
    if (clock::now() > end || !read_some(50ms)) return std::nullopt;
  }
}

void process::signal(int number) const { ::kill(pid_, number); }

std::optional<int> process::wait(std::chrono::seconds deadline) {
  const auto end = clock::now() + deadline;
  while (read_some(50ms))
    if (clock::now() > end) return std::nullopt;
  for (int status = 0; !code_; ::usleep(1'000)) {
    if (::waitpid(pid_, &status, WNOHANG) == pid_)
      code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    else if (clock::now() > end)
      return std::nullopt;
  }
  return code_;
}

finished run(const std::string& program, const std::vector<std::string>& arguments, const std::string& directory) {
  process p(program, arguments, directory);
  const auto code = p.wait(30s);
  return {code.value_or(-1), p.out(), p.err()};
}

http_reply request(unsigned port, const std::string& method, const std::string& path, const std::string& body) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<std::uint16_t>(port));
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  http_reply reply;
  std::string got;
  if (::connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0) {
    const auto text = method + ' ' + path + " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port) +
                      "\r\nConnection: close\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
    if (::send(fd, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size()))
      while (drain(fd, got)) {}
  }
  ::close(fd);
  if (got.starts_with("HTTP/1.1 ")) reply.status = std::stoi(got.substr(9));
  if (const auto at = got.find("\r\n\r\n"); at != std::string::npos) reply.body = got.substr(at + 4);
  return reply;
}

}  // namespace twinlane::test
