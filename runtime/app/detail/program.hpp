#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <twinlane/ingest/generator.hpp>
#include <twinlane/ingest/source_spec.hpp>
#include <twinlane/runtime/app/config.hpp>

namespace twinlane {
class runtime;
}

namespace twinlane::app {

inline constexpr int exit_fine = 0, exit_failed = 1, exit_wrong = 2;

/// What an application is made of.
struct program {
  std::string name;
  std::filesystem::path binary_dir;
  std::vector<std::shared_ptr<const agent_type>> types;
  ingest::generator_registry generators;
  std::string default_config, ui;
  std::vector<std::string> mistakes;  // in the application's own code, told by run()
};

/// What the command line asks for.
struct call {
  std::string verb, config;
  std::vector<config_override> overrides;
  std::string source, events;  // produce, generate
  double rate = 0;
  bool loop = false, with_key = false;
  std::optional<std::uint64_t> count;
  std::optional<std::int64_t> start_ms;
  std::string data_dir;      // the tools, without a configuration
  std::string file;          // export, import, backup
  std::string url, ca;       // of a server, in place of a data directory; whom to trust beside the system's
  std::string type, reason;  // of the agents, of the dead letters wanted; empty: all
  bool replace = false, json = false;
  ingest::kafka_spec kafka;  // init
  std::vector<std::string> properties;
  std::size_t records = 2'000;
  bool force = false;
  std::string token_name;  // token
  std::vector<std::string> roles;
};

/// Where the configuration is; empty when there is none, and that has been told.
std::string find_config(const program& p, const call& c);
/// The directory of built pages, empty when there is none. Throws std::runtime_error when one is named and not there.
std::string find_pages(const program& p, const config& c);

/// Reads and checks the configuration and everything that can be said without running it. Nothing when something is
/// wrong, and that has been written to `errors`, one problem a line.
std::optional<config> load(const program& p, const call& c, std::FILE* errors);
/// The application's and the configuration's types.
std::vector<std::shared_ptr<const agent_type>> types_of(const program& p, const config& c);
/// Adds them.
void add_types(runtime& to, const program& p, const config& c);

/// Where a tool finds its data: as the command line says, or the configuration. Nothing when that is wrong.
std::optional<std::filesystem::path> find_data_dir(const program& p, const call& c);

int serve(const program& p, const call& c);
int check(const program& p, const call& c);
int init(const program& p, const call& c);
int produce(const program& p, const call& c);
int generate(const program& p, const call& c);
int make_token(const program& p, const call& c);
int version(const program& p);
int export_agents(const program& p, const call& c);
int import_agents(const program& p, const call& c);
int compact(const program& p, const call& c);
int backup(const program& p, const call& c);
int dead_list(const program& p, const call& c);
int dead_replay(const program& p, const call& c);

/// One line on standard error: `NAME: what`.
void complain(const program& p, const std::string& what);

}  // namespace twinlane::app
