#include <twinlane/runtime/app/detail/config_reader.hpp>

#include <algorithm>
#include <numeric>

#include <fmt/format.h>

#include <twinlane/runtime/app/detail/scalar_place.hpp>
#include <twinlane/runtime/app/units.hpp>

namespace twinlane::app::detail {

namespace {

/// Levenshtein's distance, of words short enough for it to be cheap.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0u);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    auto diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const auto replace = diagonal + (a[i - 1] != b[j - 1] ? 1 : 0);
      diagonal = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1, replace}));
    }
  }
  return row.back();
}

std::string_view kind_text(yaml_node::kind k) {
  constexpr std::string_view names[] = {"nothing", "a text", "a list", "a map"};
  return names[static_cast<std::size_t>(k)];
}

/// At most so many bytes of UTF-8 text, with a sign that something is left out.
std::string shortened(std::string text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  while (bytes_max > 0 && (static_cast<unsigned char>(text[bytes_max]) & 0xc0) == 0x80) --bytes_max;
  return text.substr(0, bytes_max) + "…";
}

/// The value as messages show it.
std::string shown(std::string_view text) { return '\'' + shortened(std::string(text.substr(0, 100)), 60) + '\''; }

/// Names from the file may hold anything, a message is one line.
std::string one_line(std::string text) {
  text = shortened(std::move(text), 1'000);
  for (auto& c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  return text;
}

std::string size_text(std::uint64_t bytes) {
  constexpr std::pair<std::uint64_t, std::string_view> units[] = {
      {1ull << 40, "TiB"}, {1ull << 30, "GiB"}, {1ull << 20, "MiB"}, {1ull << 10, "KiB"}};
  for (const auto& [factor, name] : units)
    if (bytes >= factor && bytes % factor == 0) return fmt::format("{}{}", bytes / factor, name);
  return fmt::format("{}B", bytes);
}

std::string duration_text(std::chrono::milliseconds d) {
  constexpr std::pair<std::int64_t, std::string_view> units[] = {
      {86'400'000, "d"}, {3'600'000, "h"}, {60'000, "m"}, {1'000, "s"}};
  for (const auto& [factor, name] : units)
    if (d.count() >= factor && d.count() % factor == 0) return fmt::format("{}{}", d.count() / factor, name);
  return fmt::format("{}ms", d.count());
}

}  // namespace

std::string_view nearest(std::string_view word, const std::vector<std::string>& words) {
  constexpr std::size_t long_word = 64;
  std::string_view best;
  std::size_t best_distance = word.size() / 3 + 1;
  if (word.size() > long_word) return best;
  for (const auto& w : words) {
    const auto d = w.size() > long_word ? long_word : distance(word, w);
    if (d >= best_distance + (best.empty() ? 1 : 0)) continue;
    best = w;
    best_distance = d;
  }
  return best;
}

std::string did_you_mean(std::string_view word, const std::vector<std::string>& words) {
  const auto meant = nearest(word, words);
  return meant.empty() ? std::string() : fmt::format(" Did you mean '{}'?", meant);
}

std::string joined(const std::vector<std::string>& words) {
  constexpr std::size_t shown_max = 12;
  std::string out;
  for (std::size_t i = 0; i < words.size() && i < shown_max; ++i) out += (i ? ", " : "") + words[i];
  if (words.size() > shown_max) out += ", …";
  return out;
}

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= 100 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
           c == '.';
  });
}

void problem_list::add(const place& at, std::string text) {
  if (all_.size() < problems_max) all_.push_back({at, one_line(std::move(text))});
}

void problem_list::add_within(const yaml_node& scalar, std::size_t line, std::size_t column, std::string text) {
  const auto at = place_within(file_, scalar, line, column);
  if (at.column == 0) text += fmt::format(" This is at its column {}.", column);
  add(at, std::move(text));
}

bool problem_list::mentions(std::string_view path) const {
  return std::any_of(all_.begin(), all_.end(), [&](const config_problem& p) {
    const auto next = p.text.size() > path.size() ? p.text[path.size()] : ' ';
    return p.text.starts_with(path) && (next == ':' || next == '.');
  });
}

std::vector<config_problem> problem_list::take() {
  std::stable_sort(all_.begin(), all_.end(), [](const config_problem& a, const config_problem& b) {
    const auto order = [](const config_problem& p) { return static_cast<unsigned>(p.at.line) - 1; };
    return order(a) < order(b);
  });
  return std::move(all_);
}

map_reader::map_reader(const yaml_node& map, std::string path, problem_list& problems)
    : map_(&map), path_(std::move(path)), problems_(&problems) {
  if (map.what != yaml_node::kind::map && map.what != yaml_node::kind::null)
    problems.add(map.at, fmt::format("{}{}needs a map, not {}. Write key: value lines.", path_,
                                     path_.empty() ? "" : ": ", kind_text(map.what)));
}

std::string map_reader::path_of(std::string_view key) const {
  return path_.empty() ? std::string(key) : fmt::format("{}.{}", path_, key);
}

place map_reader::place_of(std::string_view key) const {
  for (const auto& m : map_->members)
    if (m.key == key) return m.value.what == yaml_node::kind::scalar ? m.value.at : m.at;
  return map_->at;
}

const yaml_node* map_reader::take(std::string_view key) {
  if (std::find(known_.begin(), known_.end(), key) == known_.end()) known_.emplace_back(key);
  return map_->find(key);
}

void map_reader::wrong(const yaml_node& n, std::string_view key, const std::string& wanted) {
  const auto is = n.what == yaml_node::kind::scalar ? shown(n.text) : std::string(kind_text(n.what));
  problems_->add(place_of(key), fmt::format("{}: {} is not {}", path_of(key), is, wanted));
}

const yaml_node* map_reader::scalar(std::string_view key, std::string_view wanted) {
  const auto* n = take(key);
  if (!n) return nullptr;
  if (n->what == yaml_node::kind::scalar) return n;
  wrong(*n, key, std::string(wanted));
  return nullptr;
}

bool map_reader::text(std::string_view key, std::string& to) {
  const auto* n = scalar(key, "a text. Write it on the same line, in quotes if it has special characters.");
  if (!n) return false;
  if (n->text.empty()) {
    problems_->add(n->at, path_of(key) + ": is empty. Give it a value or leave it out.");
    return false;
  }
  to = n->text;
  return true;
}

bool map_reader::texts(std::string_view key, std::vector<std::string>& to) {
  const auto* n = take(key);
  if (!n) return false;
  if (n->what != yaml_node::kind::sequence) {
    wrong(*n, key, "a list. Write [a, b].");
    return false;
  }
  std::vector<std::string> all;
  for (const auto& item : n->items) {
    if (item.what != yaml_node::kind::scalar || item.text.empty()) {
      problems_->add(item.at, path_of(key) + ": an entry is not a text. Write [a, b].");
      return false;
    }
    all.push_back(item.text);
  }
  to = std::move(all);
  return true;
}

bool map_reader::flag(std::string_view key, bool& to) {
  const auto* n = scalar(key, "true or false.");
  if (!n) return false;
  if (n->quoted || (n->text != "true" && n->text != "false")) {
    wrong(*n, key, n->quoted ? "true or false. Remove the quotes." : "true or false.");
    return false;
  }
  to = n->text == "true";
  return true;
}

bool map_reader::read_whole(std::string_view key, std::uint64_t& to, std::uint64_t min, std::uint64_t max) {
  const auto wanted = fmt::format("a whole number from {} to {}.", min, max);
  const auto* n = scalar(key, wanted);
  if (!n) return false;
  std::uint64_t number = 0;
  const auto* end = n->text.data() + n->text.size();
  const auto [rest, error] = std::from_chars(n->text.data(), end, number);
  if (n->quoted || error != std::errc{} || rest != end || number < min || number > max) {
    wrong(*n, key, n->quoted ? wanted + " Remove the quotes." : wanted);
    return false;
  }
  to = number;
  return true;
}

bool map_reader::real(std::string_view key, double& to, double min, double max) {
  const auto wanted = fmt::format("a number from {} to {}.", min, max);
  const auto* n = scalar(key, wanted);
  if (!n) return false;
  const auto number = n->quoted ? std::nullopt : parse_real(n->text);
  if (!number || *number < min || *number > max) {
    wrong(*n, key, n->quoted ? wanted + " Remove the quotes." : wanted);
    return false;
  }
  to = *number;
  return true;
}

bool map_reader::duration(std::string_view key, std::chrono::milliseconds& to, std::chrono::milliseconds min,
                          std::chrono::milliseconds max) {
  const auto wanted = fmt::format("a duration from {} to {}. Write a number and ms, s, m, h or d, as 30s.",
                                  duration_text(min), duration_text(max));
  const auto* n = scalar(key, wanted);
  if (!n) return false;
  const auto d = parse_duration(n->text);
  if (!d || *d < min || *d > max) {
    wrong(*n, key, wanted);
    return false;
  }
  to = *d;
  return true;
}

bool map_reader::read_size(std::string_view key, std::uint64_t& to, std::uint64_t min, std::uint64_t max) {
  const auto wanted = fmt::format("a size from {} to {}. Write bytes, or a number and KiB, MiB or GiB, as 64KiB.",
                                  size_text(min), size_text(max));
  const auto* n = scalar(key, wanted);
  if (!n) return false;
  const auto bytes = parse_size(n->text);
  if (!bytes || *bytes < min || *bytes > max) {
    wrong(*n, key, wanted);
    return false;
  }
  to = *bytes;
  return true;
}

int map_reader::read_choice(std::string_view key, const std::vector<std::string>& names) {
  const auto wanted = fmt::format("one of {}.", joined(names));
  const auto* n = scalar(key, wanted);
  if (!n) return -1;
  const auto found = std::find(names.begin(), names.end(), n->text);
  if (found != names.end()) return static_cast<int>(found - names.begin());
  wrong(*n, key, wanted + did_you_mean(n->text, names));
  return -1;
}

void map_reader::missing(std::string_view key, std::string_view hint) {
  problems_->add(map_->at, fmt::format("{}: is missing. {}", path_of(key), hint));
}

void map_reader::problem(std::string_view key, const std::string& what) {
  problems_->add(place_of(key), fmt::format("{}: {}", path_of(key), what));
}

void map_reader::finish() {
  for (const auto& m : map_->members) {
    const auto among = [&](const auto& keys) { return std::find(keys.begin(), keys.end(), m.key) != keys.end(); };
    if (among(known_)) continue;
    const auto hint = did_you_mean(m.key, known_);
    problems_->add(m.at, fmt::format("{} is not a key {}.{}", shown(m.key),
                                     path_.empty() ? std::string("of a configuration") : "of " + path_,
                                     hint.empty() ? " Keys are: " + joined(known_) + "." : hint));
  }
}

void read_texts(map_reader& from, std::string_view key, std::map<std::string, std::string>& to,
                problem_list& problems) {
  const auto* node = from.take(key);
  if (!node) return;
  map_reader map(*node, from.path_of(key), problems);
  for (const auto& m : node->members)
    if (std::string value; map.text(m.key, value)) to[m.key] = value;
}

std::string as_sentence(std::string text) {
  if (!text.empty() && text.back() != '.' && text.back() != '?') text += '.';
  return text;
}

}  // namespace twinlane::app::detail
