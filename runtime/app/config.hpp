#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <twinlane/agents/agent_type.hpp>
#include <twinlane/agents/json_agent.hpp>
#include <twinlane/ingest/sink_spec.hpp>
#include <twinlane/ingest/source_spec.hpp>
#include <twinlane/runtime/app/yaml.hpp>
#include <twinlane/runtime/log.hpp>
#include <twinlane/web/options.hpp>

namespace twinlane::ingest {
class generator_registry;
}

namespace twinlane::app {

/// A configuration file, read and checked. The keys are described in runtime/app/README.md.
struct config {
  std::filesystem::path folder;  // of the file: pages and source files are looked for here first
  std::filesystem::path data_dir = "data";
  web::options web;  // listen, insecure, auth, policies, tls, web
  log_level level = log_level::info;
  log_format format = log_format::text;
  unsigned workers = 0;  // 0: one a core
  std::uint32_t shards = 960;
  std::uint32_t cut_records = 256;
  std::optional<hosting> hosting_override;
  enum class store_kind : std::uint8_t { memory, sqlite };
  store_kind store = store_kind::sqlite;
  std::size_t active_max = 0;                       // agents in memory, while the store keeps all; 0: no bound
  std::chrono::milliseconds agent_idle{3'600'000};  // an agent leaves memory after that long
  std::uint64_t dead_letter_bytes_max = 256ull * 1024 * 1024;
  std::string ui;  // directory of built pages; empty: the application's own
  std::vector<json_type_spec> agents;
  std::vector<ingest::source_spec> sources;
  std::vector<ingest::sink_spec> sinks;
};

/// A change from the command line: `a.b=c`. Entries of lists are named by their `name` or `type`; `\.` is a dot
/// within a name. The value is YAML.
struct config_override {
  std::string path, value;
  std::string option;  // as written, for messages: `--set workers=2`
};

struct config_problem {
  place at;
  std::string text;  // what is wrong, and a hint
};

/// What the application brings along: C++ agent types and generators.
struct known_parts {
  std::span<const std::shared_ptr<const agent_type>> types;
  const ingest::generator_registry* generators = nullptr;  // null: none
};

struct config_result {
  config settings;
  std::map<std::string, place> places;   // of sources and keys: `orders`, `orders.lane`, `(auth)`, `(tls).cert`
  std::vector<config_problem> problems;  // in the order of lines; settings are of use only when it is empty
};

/// Reads and checks a configuration. `file` is used in messages, and its folder for relative paths.
///
/// Cost    bounded, whatever the text; see yaml_limits
/// Errors  all of them in the result
config_result read_config(std::string_view text, const std::string& file, std::span<const config_override> overrides,
                          const known_parts& known);

/// `file:line: what is wrong. Hint.`
std::string text_of(const config_problem& p);

/// Takes an `--set` argument apart; nothing when it is not `a.b=c`.
std::optional<config_override> parse_override(std::string_view argument);

}  // namespace twinlane::app
