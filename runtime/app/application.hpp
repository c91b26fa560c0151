#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <twinlane/agents/agent.hpp>
#include <twinlane/agents/agent_type.hpp>
#include <twinlane/ingest/generator.hpp>

namespace twinlane {

/// A whole program: the command line, the configuration, and the wiring of runtime, sources and web server.
///
///   int main(int argc, char** argv) {
///     twinlane::application app{"hello", argc, argv};
///     app.agent<visitor>("visitor", "/visitor/:id");
///     return app.run();
///   }
///
/// Shape    verbs: serve, check, init, produce, generate, export, import, compact, backup, dead, version; `--help` tells
///          their options
/// Threads  main's alone
/// Errors   nothing is thrown: what is wrong with types and generators is told by run(), which then answers 2
class application {
 public:
  application(std::string name, int argc, char** argv);
  ~application();
  application(const application&) = delete;
  application& operator=(const application&) = delete;

  /// An agent type of a C++ class that derives from twinlane::agent.
  template <class Agent>
  application& agent(std::string type, std::string route, type_options options = {}) {
    return add([&] { return make_agent_type<Agent>(std::move(type), route, options); });
  }
  application& agent_type(std::shared_ptr<const twinlane::agent_type> type) {
    return add([&] { return std::move(type); });
  }
  /// A stream of made-up records, for sources with `generator: { name: … }`.
  application& generator(std::string name, ingest::generator_fn make);
  /// The configuration that is used without --config: looked for in the working directory, then beside the binary.
  application& default_config(std::string file);
  /// The directory of the application's built pages (or its `dist` folder): looked for beside the configuration,
  /// then beside the binary. `ui:` in the configuration goes before it.
  application& ui(std::string directory);

  /// Does what the command line says. 0: fine, 1: failed while running, 2: wrong usage or configuration.
  int run();

 private:
  application& add(const std::function<std::shared_ptr<const twinlane::agent_type>()>& make);

  struct impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace twinlane
