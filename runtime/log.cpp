#include <twinlane/runtime/log.hpp>

#include <array>
#include <atomic>
#include <ctime>
#include <map>
#include <memory>
#include <mutex>
#include <utility>

#include <spdlog/formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace twinlane {

namespace {

using clock = std::chrono::steady_clock;

constexpr std::array<std::string_view, 6> level_names{"trace", "debug", "info", "warn", "error", "off"};

spdlog::level::level_enum to_spdlog(log_level level) {
  constexpr std::array levels{spdlog::level::trace, spdlog::level::debug, spdlog::level::info,
                              spdlog::level::warn,  spdlog::level::err,   spdlog::level::off};
  return levels[static_cast<std::size_t>(level)];
}

std::string_view name_of(spdlog::level::level_enum level) {
  if (level >= spdlog::level::err) return "error";
  return level_names[static_cast<std::size_t>(level)];
}

void append(spdlog::memory_buf_t& to, std::string_view text) { to.append(text.data(), text.data() + text.size()); }

void append_escaped(spdlog::memory_buf_t& to, std::string_view text, bool json) {
  constexpr std::string_view hex = "0123456789abcdef";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (json && (c == '"' || c == '\\')) {
      to.push_back('\\');
      to.push_back(c);
    } else if (c == '\n') {
      append(to, "\\n");
    } else if (byte < 0x20 || byte == 0x7f) {
      append(to, "\\u00");
      to.push_back(hex[byte >> 4]);
      to.push_back(hex[byte & 15]);
    } else {
      to.push_back(c);
    }
  }
}

void append_time(spdlog::memory_buf_t& to, spdlog::log_clock::time_point at) {
  const auto since = at.time_since_epoch();
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(since).count();
  const auto seconds = static_cast<std::time_t>(ms / 1000);
  std::tm utc{};
  ::gmtime_r(&seconds, &utc);
  std::array<char, 32> text{};
  const auto length = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S.", &utc);
  append(to, {text.data(), length});
  const auto part = static_cast<int>(ms % 1000);
  for (const int digit : {part / 100, part / 10 % 10, part % 10}) to.push_back(static_cast<char>('0' + digit));
  to.push_back('Z');
}

class line_formatter final : public spdlog::formatter {
 public:
  explicit line_formatter(log_format format) : format_(format) {}

  void format(const spdlog::details::log_msg& msg, spdlog::memory_buf_t& to) override {
    const bool json = format_ == log_format::json;
    const auto level = name_of(msg.level);
    if (json) append(to, R"({"at":")");
    append_time(to, msg.time);
    append(to, json ? R"(","level":")" : " ");
    append(to, level);
    append(to, json ? std::string_view(R"(","message":")") : std::string_view("  ").substr(level.size() - 4));
    append_escaped(to, {msg.payload.data(), msg.payload.size()}, json);
    append(to, json ? "\"}\n" : "\n");
  }
  std::unique_ptr<spdlog::formatter> clone() const override { return std::make_unique<line_formatter>(format_); }

 private:
  log_format format_;
};

/// When each key was last written, and what was held back since.
class limiter {
 public:
  struct answer {
    bool write;
    std::uint64_t held_back;
  };

  answer ask(std::string_view key, clock::duration interval) {
    const auto now = clock::now();
    std::lock_guard lock(mutex_);
    auto at = keys_.find(key);
    if (at == keys_.end()) {
      if (keys_.size() >= keys_max) forget_old(now);
      at = keys_.try_emplace(keys_.size() < keys_max ? std::string(key) : std::string()).first;
    }
    auto& e = at->second;
    if (e.written && now < e.next) {
      ++e.held_back;
      dropped.fetch_add(1, std::memory_order_relaxed);
      return {false, 0};
    }
    e.written = true;
    e.next = now + interval;
    return {true, std::exchange(e.held_back, 0)};
  }

  std::atomic<std::uint64_t> dropped{0};

 private:
  struct entry {
    bool written = false;
    clock::time_point next;
    std::uint64_t held_back = 0;
  };
  static constexpr std::size_t keys_max = 1'000;

  void forget_old(clock::time_point now) {
    std::erase_if(keys_, [&](const auto& e) { return e.second.next <= now && e.second.held_back == 0; });
  }

  std::mutex mutex_;
  std::map<std::string, entry, std::less<>> keys_;
};

limiter& the_limiter() {
  static limiter* const one = new limiter;  // never destroyed: threads may log while the process ends
  return *one;
}

}  // namespace

bool parse_log_level(std::string_view name, log_level& to) {
  for (std::size_t i = 0; i < level_names.size(); ++i) {
    if (level_names[i] != name) continue;
    to = static_cast<log_level>(i);
    return true;
  }
  return false;
}

void set_up_log(log_level level, log_format format) {
  auto sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
  auto logger = std::make_shared<spdlog::logger>("twinlane", std::move(sink));
  logger->set_formatter(std::make_unique<line_formatter>(format));
  logger->set_level(to_spdlog(level));
  logger->flush_on(spdlog::level::trace);
  spdlog::set_default_logger(std::move(logger));
}

void log_limited(log_level level, std::string_view key, std::string_view message, std::chrono::milliseconds interval) {
  const auto to = to_spdlog(level);
  if (!spdlog::should_log(to)) return;
  const auto [write, held_back] = the_limiter().ask(key, interval);
  if (!write) return;
  if (held_back == 0)
    spdlog::log(to, "{}", message);
  else
    spdlog::log(to, "{} ({} more like it held back)", message, held_back);
}

std::uint64_t log_lines_dropped() noexcept { return the_limiter().dropped.load(std::memory_order_relaxed); }

}  // namespace twinlane
