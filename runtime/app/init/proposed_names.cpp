#include <twinlane/runtime/app/init/proposed_names.hpp>

#include <algorithm>
#include <array>

namespace twinlane::app {

namespace {

constexpr std::size_t name_bytes_max = 60;

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

template <std::size_t N>
bool is_one_of(std::string_view word, const std::array<std::string_view, N>& words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

constexpr std::array<std::string_view, 11> says_identifier = {"id", "ids",    "uuid", "guid", "key", "code",
                                                              "no", "number", "nr",   "pk",   "ref"};
constexpr std::array<std::string_view, 10> says_nothing = {"after",  "before", "payload", "data",    "value",
                                                           "record", "event",  "body",    "message", "attributes"};
// First segments that the server needs itself.
constexpr std::array<std::string_view, 7> reserved = {"api", "ws", "ui", "metrics", "healthz", "readyz", "openapi"};

bool is_version(std::string_view word) {
  if (!word.empty() && (word[0] == 'v' || word[0] == 'V')) word.remove_prefix(1);
  return std::all_of(word.begin(), word.end(), is_digit);
}

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const auto& w : words) {
    if (out.size() + w.size() + 1 > name_bytes_max) break;
    out += (out.empty() ? "" : "_") + w;
  }
  return out;
}

/// Other characters become `_`.
std::string cleaned(std::string_view text, std::string_view also, std::string_view instead) {
  std::string out;
  for (const char c : text.substr(0, name_bytes_max))
    out += is_lower(c) || is_upper(c) || is_digit(c) || also.find(c) != std::string_view::npos ? c : '_';
  return out.find_first_not_of("_-.") == std::string::npos ? std::string(instead) : out;
}

}  // namespace

std::vector<std::string> words_of(std::string_view name) {
  std::vector<std::string> words(1);
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    if (!is_lower(c) && !is_upper(c) && !is_digit(c)) {
      words.emplace_back();
      continue;
    }
    // A word begins at `tI` of customerId, and at `Sn` of deviceIDSn.
    const bool next_lower = i + 1 < name.size() && is_lower(name[i + 1]);
    if (i > 0 && is_upper(c) &&
        (is_lower(name[i - 1]) || is_digit(name[i - 1]) || (is_upper(name[i - 1]) && next_lower)))
      words.emplace_back();
    words.back() += is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c;
  }
  words.erase(std::remove(words.begin(), words.end(), std::string()), words.end());
  return words;
}

std::string singular(std::string_view word) {
  const auto ends = [&](std::string_view end) { return word.size() > end.size() + 1 && word.ends_with(end); };
  const auto without = [&](std::size_t n) { return std::string(word.substr(0, word.size() - n)); };
  if (ends("ies") && word.size() > 4) return without(3) + "y";
  for (const auto* end : {"sses", "shes", "ches", "xes", "zes"})
    if (ends(end)) return without(2);
  if (ends("ss") || ends("us") || ends("is") || word.ends_with("news") || !ends("s")) return std::string(word);
  return without(1);
}

std::string_view topic_word(std::string_view topic) {
  auto rest = topic;
  while (true) {
    const auto dot = rest.rfind('.');
    const auto last = dot == std::string_view::npos ? rest : rest.substr(dot + 1);
    if (dot == std::string_view::npos || !is_version(last)) return last.empty() ? topic : last;
    rest = rest.substr(0, dot);
  }
}

std::string proposed_lane(std::string_view topic) { return cleaned(topic_word(topic), "_-", "records"); }

std::string proposed_source(std::string_view topic) { return cleaned(topic, "_-.", "topic"); }

std::string proposed_type(const std::vector<std::string>& names, std::string_view topic) {
  std::string type;
  for (auto name = names.rbegin(); name != names.rend() && type.empty(); ++name) {
    auto words = words_of(*name);
    while (!words.empty() && is_one_of(words.back(), says_identifier)) words.pop_back();
    if (words.size() == 1 && is_one_of(words[0], says_nothing)) continue;
    type = joined(words);
  }
  if (type.empty()) {
    auto words = words_of(topic_word(topic));
    while (words.size() > 1 && is_version(words.back())) words.pop_back();
    if (!words.empty()) words.back() = singular(words.back());
    type = joined(words);
  }
  if (type.empty()) return "entity";
  return is_one_of(type, reserved) ? type + "_entity" : type;
}

}  // namespace twinlane::app
