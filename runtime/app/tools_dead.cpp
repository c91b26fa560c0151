#include <algorithm>
#include <chrono>
#include <ctime>
#include <functional>
#include <stdexcept>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <twinlane/runtime/app/detail/data_files.hpp>
#include <twinlane/runtime/app/detail/program.hpp>
#include <twinlane/runtime/app/detail/progress_bar.hpp>
#include <twinlane/runtime/dead_letters.hpp>
#include <twinlane/runtime/detail/dead_letter_text.hpp>
#include <twinlane/web/http_client.hpp>

namespace twinlane::app {

namespace {

using nlohmann::json;

constexpr std::size_t page_letters = 500;

/// At most `width` characters on one line.
std::string cell(std::string text, std::size_t width) {
  std::replace_if(
      text.begin(), text.end(), [](unsigned char c) { return c < ' ' || c == 127; }, ' ');
  std::size_t characters = 0, at = 0;
  for (; at < text.size(); ++at) {
    const bool begins = (static_cast<unsigned char>(text[at]) & 0xc0) != 0x80;
    if (begins && ++characters > width) break;
  }
  if (at == text.size()) return text + std::string(width - characters, ' ');
  while (at > 0 && (static_cast<unsigned char>(text[at - 1]) & 0xc0) == 0x80) --at;
  return text.substr(0, at - 1) + "…";
}

std::string time_text(std::int64_t at_ms) {
  return fmt::format("{:%Y-%m-%d %H:%M:%S}", fmt::gmtime(static_cast<std::time_t>(at_ms / 1'000)));
}

/// Prints letters as a table for people, or as they are.
class letter_printer {
 public:
  letter_printer(bool as_json, std::string source) : as_json_(as_json), source_(std::move(source)) {}

  void print(const json& letter) {
    const auto text = [&](const char* name) { return letter.at(name).get<std::string>(); };
    if (!source_.empty() && text("source") != source_) return;
    ++count_;
    if (as_json_) {
      fmt::print("{}\n", letter.dump());
      return;
    }
    if (count_ == 1) row("WHEN (UTC)", "SOURCE", "TOPIC/PARTITION/OFFSET", "REASON", "DETAIL", "VALUE");
    const auto where = fmt::format("{}/{}/{}", text("topic"), letter.at("partition").get<std::int64_t>(),
                                   letter.at("offset").get<std::int64_t>());
    row(time_text(letter.at("at").get<std::int64_t>()), text("source"), where, text("reason"), text("detail"),
        text("value"));
  }
  void finish() const {
    if (!as_json_) fmt::print("{} dead letters\n", count_);
  }

 private:
  static void row(const std::string& when, const std::string& source, const std::string& where,
                  const std::string& reason, const std::string& detail, const std::string& value) {
    fmt::print("{} {} {} {} {} {}\n", cell(when, 19), cell(source, 14), cell(where, 26), cell(reason, 14),
               cell(detail, 50), cell(value, 50));
  }

  const bool as_json_;
  const std::string source_;
  std::uint64_t count_ = 0;
};

/// Asks the server page by page, until it tells no next; f is given each answer.
void for_each_page(const call& c, const std::string& method, const std::string& path,
                   const std::function<void(const json&)>& f) {
  std::string next;
  do {
    auto target = path;
    web::append_query(target, "limit", std::to_string(page_letters));
    web::append_query(target, "source", c.source);
    web::append_query(target, "reason", c.reason);
    web::append_query(target, "after", next);
    const auto answer = web::ask_server(c.url, method, target, c.ca);
    const auto body = json::parse(answer.body, nullptr, false);
    if (!body.is_object()) throw std::runtime_error(c.url + " is no server of ours: its answer is not JSON");
    if (answer.status != 200) throw std::runtime_error(c.url + ": " + body.value("detail", answer.body));
    f(body);
    next = body.value("next", std::string());
  } while (!next.empty());
}

}  // namespace

int dead_list(const program& p, const call& c) {
  letter_printer to(c.json, c.source);
  if (!c.url.empty()) {
    for_each_page(c, "GET", "/api/dead", [&](const json& page) {
      for (const auto& letter : page.at("items")) to.print(letter);
    });
    to.finish();
    return exit_fine;
  }
  const auto data_dir = find_data_dir(p, c);
  if (!data_dir) return exit_wrong;
  dead_letters::for_each_in(detail::dead_letter_folder(*data_dir), [&](const dead_letters::stored& s) {
    if (!c.reason.empty() && name_of(s.letter.reason) != c.reason) return true;
    std::string text;
    twinlane::detail::append_stored(text, s);
    to.print(json::parse(text));
    return true;
  });
  to.finish();
  return exit_fine;
}

int dead_replay(const program& p, const call& c) {
  std::uint64_t replayed = 0, again = 0, refused = 0;
  {
    detail::progress_bar bar;
    for_each_page(c, "POST", "/api/dead/replay", [&](const json& page) {
      replayed += page.at("replayed").get<std::uint64_t>();
      again += page.at("dead_again").get<std::uint64_t>();
      for (const auto& letter : page.at("refused")) {
        ++refused;
        complain(p, fmt::format("letter {} stays: {}", letter.at("id").get<std::string>(),
                                letter.at("why").get<std::string>()));
      }
      if (bar.due()) bar.show(-1, bar.counted(replayed + again + refused, "letters"));
    });
  }
  fmt::print("{} letters applied, {} dead again, {} could not be replayed\n", replayed, again, refused);
  return again + refused == 0 ? exit_fine : exit_failed;
}

}  // namespace twinlane::app
