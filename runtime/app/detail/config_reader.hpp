#pragma once

#include <charconv>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <twinlane/runtime/app/config.hpp>
#include <twinlane/runtime/app/yaml.hpp>

namespace twinlane::app::detail {

/// The nearest of the words, when one is near enough to be meant; else empty.
std::string_view nearest(std::string_view word, const std::vector<std::string>& words);
/// ` Did you mean 'x'?`, or nothing.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& words);
/// `a, b, c`
std::string joined(const std::vector<std::string>& words);

class problem_list {
 public:
  problem_list() = default;
  /// file: the text that is read, for places within its lines.
  explicit problem_list(std::string_view file) : file_(file) {}
  void add(const place& at, std::string text);
  /// A problem at a line and column (from 1) of a scalar's text.
  void add_within(const yaml_node& scalar, std::size_t line, std::size_t column, std::string text);
  bool empty() const noexcept { return all_.empty(); }
  /// Is there a problem with the value at that path, or below it?
  bool mentions(std::string_view path) const;
  /// Sorted by line; those of the command line last.
  std::vector<config_problem> take();

 private:
  static constexpr std::size_t problems_max = 1'000;
  std::string_view file_;
  std::vector<config_problem> all_;
};

/// Reads the keys of one map, each with its type and range, and reports those that nobody asked for.
///
/// Every getter leaves `to` as it was when the key is absent or its value wrong, and answers true when it was set.
class map_reader {
 public:
  /// path is how messages call the map, as `sources.orders`; empty for the whole file.
  map_reader(const yaml_node& map, std::string path, problem_list& problems);

  const yaml_node* take(std::string_view key);
  bool text(std::string_view key, std::string& to);
  bool texts(std::string_view key, std::vector<std::string>& to);
  bool flag(std::string_view key, bool& to);
  bool real(std::string_view key, double& to, double min, double max);
  bool duration(std::string_view key, std::chrono::milliseconds& to, std::chrono::milliseconds min,
                std::chrono::milliseconds max);

  template <std::integral T>
  bool whole(std::string_view key, T& to, std::uint64_t min, std::uint64_t max) {
    std::uint64_t number = 0;
    if (!read_whole(key, number, min, max)) return false;
    to = static_cast<T>(number);
    return true;
  }
  template <std::integral T>
  bool size(std::string_view key, T& to, std::uint64_t min, std::uint64_t max) {
    std::uint64_t number = 0;
    if (!read_size(key, number, min, max)) return false;
    to = static_cast<T>(number);
    return true;
  }
  template <class E>
  bool choice(std::string_view key, E& to, std::initializer_list<std::pair<std::string_view, E>> names) {
    std::vector<std::string> words;
    for (const auto& n : names) words.emplace_back(n.first);
    const auto found = read_choice(key, words);
    if (found < 0) return false;
    to = (names.begin() + found)->second;
    return true;
  }

  /// Reports the key as missing; hint is a whole sentence.
  void missing(std::string_view key, std::string_view hint);
  /// A problem with the key's value, or with the map when it has no such key.
  void problem(std::string_view key, const std::string& what);
  /// Reports every key that no getter was asked for.
  void finish();

  const yaml_node& map() const noexcept { return *map_; }
  const std::string& path() const noexcept { return path_; }
  std::string path_of(std::string_view key) const;
  place place_of(std::string_view key) const;

 private:
  const yaml_node* scalar(std::string_view key, std::string_view wanted);
  bool read_whole(std::string_view key, std::uint64_t& to, std::uint64_t min, std::uint64_t max);
  bool read_size(std::string_view key, std::uint64_t& to, std::uint64_t min, std::uint64_t max);
  int read_choice(std::string_view key, const std::vector<std::string>& names);
  void wrong(const yaml_node& n, std::string_view key, const std::string& wanted);

  const yaml_node* map_;
  std::string path_;
  problem_list* problems_;
  std::vector<std::string> known_;
};

/// Reads a map of texts.
void read_texts(map_reader& from, std::string_view key, std::map<std::string, std::string>& to, problem_list& problems);
/// The sentence as this module writes them, whoever wrote it.
std::string as_sentence(std::string text);

/// Changes the tree as the options say.
void apply(yaml_node& root, const config_override& o, problem_list& problems);

/// sinks: the names of those that are declared.
void read_agents(const yaml_node& list, config& to, const known_parts& known, const std::vector<std::string>& sinks,
                 problem_list& problems);
void read_sources(const yaml_node& list, config_result& to, const known_parts& known, problem_list& problems);
/// `auth:` and `policies:`; after the agents.
void read_access(map_reader& top, config_result& to, const known_parts& known, problem_list& problems);
void read_sinks(const yaml_node& list, config& to, problem_list& problems);
void read_tls(const yaml_node& node, config_result& to, problem_list& problems);

/// Is it a name for metrics, URLs and messages: letters, digits, `_`, `-`, `.`, at most 100?
bool is_name(std::string_view text);

}  // namespace twinlane::app::detail
