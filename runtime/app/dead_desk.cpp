#include <twinlane/runtime/app/dead_desk.hpp>

#include <charconv>
#include <utility>

#include <twinlane/lanes/detail/text.hpp>
#include <twinlane/runtime/detail/dead_letter_text.hpp>

namespace twinlane::app {

namespace {

constexpr std::size_t jobs_max = 16;
constexpr std::size_t page_bytes_max = 4 * 1024 * 1024;
constexpr std::chrono::seconds replay_time{60};

/// Where a letter lies, in order.
using position = std::pair<std::uint64_t, std::uint64_t>;

std::optional<position> parse_position(std::string_view text) {
  position at;
  const auto colon = text.find(':');
  if (colon == std::string_view::npos || !twinlane::detail::parse_integer(text.substr(0, colon), at.first) ||
      !twinlane::detail::parse_integer(text.substr(colon + 1), at.second))
    return std::nullopt;
  return at;
}

/// `AFTER`, or `AFTER-UNTIL`.
struct cursor {
  position after{}, until{};
  bool ends = false;
};

std::optional<cursor> parse_cursor(const std::string& text) {
  cursor c;
  if (text.empty()) return c;
  const auto dash = text.find('-');
  const auto after = parse_position(std::string_view(text).substr(0, dash));
  if (!after) return std::nullopt;
  c.after = *after;
  if (dash == std::string::npos) return c;
  const auto until = parse_position(std::string_view(text).substr(dash + 1));
  if (!until) return std::nullopt;
  c.until = *until;
  c.ends = true;
  return c;
}

struct letter_page {
  std::vector<dead_letters::stored> letters;
  bool more = false;
  std::string last, end;  // ids: of the page's last letter, and of the last of all
};

letter_page read_page(const dead_letters& place, const web::dead_query& q, const cursor& c) {
  letter_page page;
  std::size_t bytes = 0;
  place.for_each([&](const dead_letters::stored& s) {
    const auto at = parse_position(s.id).value_or(position());
    page.end = s.id;
    if (at <= c.after || (!q.source.empty() && s.letter.source != q.source) ||
        (!q.reason.empty() && name_of(s.letter.reason) != q.reason))
      return true;
    if (c.ends && at > c.until) return false;
    const auto size = s.letter.key.size() + s.letter.value.size() + s.letter.detail.size();
    if (page.letters.size() == q.limit || (!page.letters.empty() && bytes + size > page_bytes_max)) {
      page.more = true;
      return !c.ends;  // on to the last of all, unless it is known
    }
    bytes += size;
    page.letters.push_back(s);
    page.last = s.id;
    return true;
  });
  return page;
}

void append_next(std::string& out, const std::string& next) {
  if (next.empty()) return;
  out += ",\"next\":";
  append_json_string(out, next);
}

const error no_cursor{problem::bad_request, "'after' is not the 'next' of a page before."};
const error stopping{problem::not_ready, "the server is stopping"};

}  // namespace

dead_desk::dead_desk(dead_letters& place, std::vector<ingest::source_spec> sources, port& p,
                     ingest::replayer::sink_handler to_sink)
    : place_(place),
      replayer_(std::move(sources), p, std::move(to_sink)),
      thread_([this](std::stop_token stop) { run(stop); }) {}

dead_desk::~dead_desk() { stop(); }

void dead_desk::stop() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

void dead_desk::push(job j) {
  error why = stopping;
  {
    std::lock_guard lock(mutex_);
    if (!stopping_ && jobs_.size() < jobs_max) {
      jobs_.push_back(std::move(j));
      wake_.notify_one();
      return;
    }
    if (!stopping_) why = {problem::too_busy, "Too many requests for dead letters wait. Try again later."};
  }
  j.done(std::move(why));
}

void dead_desk::run(std::stop_token stop) {
  for (;;) {
    job next;
    {
      std::unique_lock lock(mutex_);
      if (!wake_.wait(lock, stop, [&] { return !jobs_.empty(); })) break;
      next = std::move(jobs_.front());
      jobs_.pop_front();
    }
    outcome<std::string> said = stopping;
    try {
      if (!stop.stop_requested()) said = next.again ? replay_page(next.query, stop) : page(next.query);
    } catch (const std::exception& e) {
      said = error{problem::handler_failed, std::string("dead letters cannot be read: ") + e.what()};
    }
    next.done(std::move(said));
  }
  std::deque<job> left;
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    left.swap(jobs_);
  }
  for (const auto& j : left) j.done(stopping);
}

outcome<std::string> dead_desk::page(const web::dead_query& q) const {
  const auto from = parse_cursor(q.after);
  if (!from) return no_cursor;
  const auto found = read_page(place_, q, *from);
  std::string out = "{\"items\":[";
  for (const auto& s : found.letters) {
    if (out.back() != '[') out += ',';
    twinlane::detail::append_stored(out, s);
  }
  out += ']';
  append_next(out, found.more ? found.last : std::string());
  return out += '}';
}

outcome<std::string> dead_desk::replay_page(const web::dead_query& q, std::stop_token stop) {
  const auto from = parse_cursor(q.after);
  if (!from) return no_cursor;
  auto found = read_page(place_, q, *from);
  std::vector<dead_letter> letters;
  std::vector<std::string> ids, done;
  std::string refused = "[";
  const auto refuse = [&](const std::string& id, const std::string& why) {
    refused += refused.back() == '[' ? "{\"id\":" : ",{\"id\":";
    append_json_string(refused, id);
    refused += ",\"why\":";
    append_json_string(refused, why);
    refused += '}';
  };
  for (auto& s : found.letters) {
    if (s.cut()) {
      refuse(s.id, "its bytes were cut off when it was kept");
      continue;
    }
    letters.push_back(std::move(s.letter));
    ids.push_back(s.id);
  }
  const auto fates = replayer_.replay(letters, stop, replay_time);
  if (!fates) return error{problem::not_ready, "the letters were not applied in time. Try again later."};
  std::size_t dead_again = 0;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const auto& fate = (*fates)[i];
    if (fate.what == ingest::replay_fate::kind::refused)
      refuse(ids[i], fate.why);
    else
      done.push_back(ids[i]);
    dead_again += fate.what == ingest::replay_fate::kind::dead_again;
  }
  if (!place_.mark_done(done))
    return error{problem::store_full, "the letters were replayed, but cannot be marked: they will be again."};
  std::string out = "{\"replayed\":" + std::to_string(done.size() - dead_again) +
                    ",\"dead_again\":" + std::to_string(dead_again) + ",\"refused\":" + refused + ']';
  const auto until = q.after.find('-') == std::string::npos ? '-' + found.end : q.after.substr(q.after.find('-'));
  append_next(out, found.more ? found.last + until : std::string());
  return out += '}';
}

}  // namespace twinlane::app
