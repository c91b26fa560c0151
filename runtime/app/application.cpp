#include <twinlane/runtime/app/application.hpp>

#include <cstdio>
#include <exception>
#include <filesystem>
#include <system_error>

#include <CLI/CLI.hpp>

#include <twinlane/runtime/app/detail/program.hpp>
#include <twinlane/web/http_client.hpp>

namespace twinlane {

struct application::impl {
  app::program program;
  app::call call;
  std::vector<std::string> sets;
  std::string listen, log_level;
  int argc;
  char** argv;

  impl(std::string name, int count, char** arguments) : argc(count), argv(arguments) {
    program.name = std::move(name);
    std::error_code ignored;
    program.binary_dir = std::filesystem::read_symlink("/proc/self/exe", ignored).parent_path();
  }

  CLI::App* verb(CLI::App& cli, const std::string& name, const std::string& does) {
    auto* sub = cli.add_subcommand(name, does);
    sub->callback([this, name] { call.verb = name; });
    return sub;
  }

  void config_options(CLI::App& sub) {
    tool_options(sub);
    sub.add_option("--listen", listen, "Where to listen; port 0 picks a free one")->type_name("HOST:PORT");
  }

  /// Of what uses a configuration without serving.
  void tool_options(CLI::App& sub) {
    sub.add_option("-c,--config", call.config, "The configuration file")->type_name("FILE");
    sub.add_option("--set", sets, "Changes a value of the configuration, as in --set sources.orders.rate=5")
        ->type_name("KEY=VALUE")
        ->expected(1)
        ->take_all();
    sub.add_option("--data-dir", call.data_dir, "Where state, dead letters and other data are")->type_name("DIR");
    sub.add_option("--log-level", log_level, "trace, debug, info, warn, error or off")->type_name("LEVEL");
  }

  void declare(CLI::App& cli) {
    cli.require_subcommand(1);
    config_options(*verb(cli, "serve", "Runs until SIGTERM or SIGINT"));
    config_options(*verb(cli, "check", "Validates the configuration"));
    declare_init(cli);
    auto* produce = verb(cli, "produce", "Writes a file's records into a source's Kafka topic");
    config_options(*produce);
    produce->add_option("--source", call.source, "The source whose topic is written")->required();
    produce->add_option("--file", call.events, "The records: NDJSON or CSV, .gz is unpacked")->required();
    produce->add_option("--rate", call.rate, "Records a second; without it as fast as the broker takes them")
        ->check(CLI::Range(0.0, 1e9));
    produce->add_flag("--loop", call.loop, "Begins again at the end of the file");
    auto* generate = verb(cli, "generate", "Prints a generator source's records, one JSON a line");
    config_options(*generate);
    generate->add_option("--source", call.source, "The source whose generator is asked")->required();
    generate->add_option("--count", call.count, "How many; without it the source's preload, or 1000");
    generate->add_option("--start", call.start_ms, "Time of the first record in ms since the epoch; without it now");
    generate->add_flag("--key", call.with_key, "Prints key TAB value");
    declare_tools(cli);
    verb(cli, "version", "Prints version, build type and library versions");
  }

  void declare_init(CLI::App& cli) {
    auto* init = verb(cli, "init", "Samples a Kafka topic and writes a configuration that shows its entities live");
    init->add_option("--brokers", call.kafka.brokers, "Where the brokers are, as localhost:9092")
        ->type_name("HOST:PORT,…")
        ->required();
    init->add_option("--topic", call.kafka.topic, "The topic")->required();
    init->add_option("--property", call.properties, "A property for librdkafka, as security.protocol=SSL")
        ->type_name("KEY=VALUE")
        ->expected(1)
        ->take_all();
    init->add_option("--records", call.records, "How many records are sampled at most; without it 2000")
        ->check(CLI::Range(1, 100'000));
    init->add_option("--out", call.file,
                     "The file to write, - for standard output; without it the default configuration")
        ->type_name("FILE");
    init->add_flag("--force", call.force, "Writes over a file that is there");
  }

  void declare_tools(CLI::App& cli) {
    auto* out = verb(cli, "export",
                     "Prints all agents of a data directory, one JSON object a line, also beside a running server");
    tool_options(*out);
    out->add_option("--type", call.type, "Agents of this type only");
    out->add_option("--out", call.file, "Where to; without it, or for -, standard output")->type_name("FILE");
    auto* in = verb(cli, "import",
                    "Brings agents into a data directory that no server is using: lines of an export, or just "
                    "{\"uri\":…,\"lanes\":{…}}");
    tool_options(*in);
    in->add_flag("--replace", call.replace, "Agents that exist are replaced; else they are refused");
    in->add_option("FILE", call.file, "The lines; - for standard input")->required();
    declare_dead(cli);
    declare_token(cli);
    auto* small =
        verb(cli, "compact", "Makes the files of a data directory that no server is using as small as can be");
    tool_options(*small);
    auto* copy = verb(cli, "backup",
                      "Copies the state of a data directory into one file, also beside a running server. Put the file "
                      "into an empty data directory as state.db to serve it");
    tool_options(*copy);
    copy->add_option("--to", call.file, "The file, which must not exist")->type_name("FILE")->required();
  }

  void declare_dead(CLI::App& cli) {
    auto* dead = cli.add_subcommand("dead", "Records that could not be applied");
    dead->require_subcommand(1);
    const auto part = [&](const std::string& name, const std::string& does) {
      auto* sub = dead->add_subcommand(name, does);
      sub->callback([this, name] { call.verb = "dead " + name; });
      sub->add_option("--source", call.source, "Letters of this source only");
      sub->add_option("--reason", call.reason, "Letters of this reason only, as handler_failed");
      return sub;
    };
    auto* list = part("list", "Prints the dead letters of a running server, or of a data directory");
    tool_options(*list);
    url_option(*list);
    list->add_flag("--json", call.json, "Prints each as a line of JSON, with all its bytes");
    url_option(*part("replay",
                     "Hands dead letters over again: to the agent that refused them, or through their source's router "
                     "as it is now. What is refused again is a new letter; what cannot be handed over stays"))
        ->required();
  }

  void declare_token(CLI::App& cli) {
    auto* token = verb(cli, "token", "Makes an API token: prints it, and the line for the file of auth.tokens");
    token->add_option("--name", call.token_name, "Whose it is, as log lines call it")->required();
    token->add_option("--role", call.roles, "A role that it has; several are named one by one")
        ->expected(1)
        ->take_all()
        ->required();
  }

  CLI::Option* url_option(CLI::App& sub) {
    sub.add_option("--ca", call.ca, "Certificates to trust beside the system's, for https, as a PEM file")
        ->check(CLI::ExistingFile);
    return sub.add_option("--url", call.url, "The server, as http://127.0.0.1:8080")->check([](const std::string& url) {
      return web::is_server_url(url) ? std::string() : url + " is not http://HOST:PORT";
    });
  }

  /// False when an option is no override, which has been told.
  bool gather_overrides() {
    for (const auto& s : sets) {
      auto o = app::parse_override(s);
      if (!o) {
        app::complain(program, "--set " + s + ": is not KEY=VALUE. Write --set sources.orders.rate=5.");
        return false;
      }
      call.overrides.push_back(std::move(*o));
    }
    if (!listen.empty()) call.overrides.push_back({"listen", quoted(listen), "--listen " + listen});
    if (!call.data_dir.empty())
      call.overrides.push_back({"data_dir", quoted(call.data_dir), "--data-dir " + call.data_dir});
    if (!log_level.empty()) call.overrides.push_back({"log.level", quoted(log_level), "--log-level " + log_level});
    return true;
  }

  /// As a YAML text in single quotes, whatever is in it.
  static std::string quoted(const std::string& text) {
    std::string out = "'";
    for (const char c : text) out += c == '\'' ? "''" : std::string(1, c);
    return out + "'";
  }

  int dispatch() {
    if (call.verb == "serve") return app::serve(program, call);
    if (call.verb == "check") return app::check(program, call);
    if (call.verb == "init") return app::init(program, call);
    if (call.verb == "produce") return app::produce(program, call);
    if (call.verb == "generate") return app::generate(program, call);
    if (call.verb == "export") return app::export_agents(program, call);
    if (call.verb == "import") return app::import_agents(program, call);
    if (call.verb == "dead list") return app::dead_list(program, call);
    if (call.verb == "dead replay") return app::dead_replay(program, call);
    if (call.verb == "compact") return app::compact(program, call);
    if (call.verb == "token") return app::make_token(program, call);
    if (call.verb == "backup") return app::backup(program, call);
    return app::version(program);
  }
};

application::application(std::string name, int argc, char** argv)
    : impl_(std::make_unique<impl>(std::move(name), argc, argv)) {}
application::~application() = default;

application& application::add(const std::function<std::shared_ptr<const twinlane::agent_type>()>& make) {
  try {
    impl_->program.types.push_back(make());
  } catch (const std::exception& e) {
    impl_->program.mistakes.emplace_back(e.what());
  }
  return *this;
}

application& application::generator(std::string name, ingest::generator_fn make) {
  try {
    impl_->program.generators.add(std::move(name), std::move(make));
  } catch (const std::exception& e) {
    impl_->program.mistakes.emplace_back(e.what());
  }
  return *this;
}

application& application::default_config(std::string file) {
  impl_->program.default_config = std::move(file);
  return *this;
}

application& application::ui(std::string directory) {
  impl_->program.ui = std::move(directory);
  return *this;
}

int application::run() {
  auto& i = *impl_;
  CLI::App cli{"twinlane: a live view of every entity", i.program.name};
  i.declare(cli);
  try {
    cli.parse(i.argc, i.argv);
  } catch (const CLI::ParseError& e) {
    return cli.exit(e) == 0 ? app::exit_fine : app::exit_wrong;
  }
  for (const auto& m : i.program.mistakes) app::complain(i.program, m);
  if (!i.program.mistakes.empty() || !i.gather_overrides()) return app::exit_wrong;
  try {
    return i.dispatch();
  } catch (const std::exception& e) {
    app::complain(i.program, e.what());
    return app::exit_failed;
  }
}

}  // namespace twinlane
