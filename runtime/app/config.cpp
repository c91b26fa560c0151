#include <twinlane/runtime/app/config.hpp>

#include <algorithm>

#include <fmt/format.h>

#include <twinlane/runtime/app/detail/config_reader.hpp>

namespace twinlane::app {

namespace {

using detail::map_reader;
using detail::problem_list;
using namespace std::chrono_literals;

constexpr std::uint64_t kib = 1024, mib = 1024 * kib, gib = 1024 * mib;

bool is_loopback(std::string_view host) { return host == "localhost" || host == "::1" || host.starts_with("127."); }

/// `127.0.0.1:8080`, `[::1]:8080`, `localhost:0`
bool split_listen(std::string_view text, std::string& host, std::uint16_t& port) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return false;
  auto name = text.substr(0, colon);
  const auto digits = text.substr(colon + 1);
  if (name.front() == '[') {
    if (name.size() < 3 || name.back() != ']') return false;
    name = name.substr(1, name.size() - 2);
  } else if (name.find(':') != std::string_view::npos) {
    return false;
  }
  unsigned number = 0;
  const auto [rest, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc{} || rest != digits.data() + digits.size() || number > 65'535) return false;
  host = name;
  port = static_cast<std::uint16_t>(number);
  return true;
}

void read_listen(map_reader& top, web::options& web) {
  std::string listen;
  top.flag("insecure", web.insecure);
  if (!top.text("listen", listen)) return;
  if (!split_listen(listen, web.host, web.port)) {
    top.problem("listen",
                fmt::format("'{}' is not HOST:PORT. Write 127.0.0.1:8080, or port 0 for a free one.", listen));
    return;
  }
  if (web.insecure || is_loopback(web.host)) return;
  const bool auth = top.map().find("auth"), tls = top.map().find("tls");
  if (!auth)
    top.problem("listen", fmt::format("'{}' can be reached from other machines, and there is no authentication. "
                                      "Listen on 127.0.0.1, or set insecure: true.",
                                      listen));
  else if (!tls)
    top.problem("listen",
                fmt::format("'{}' can be reached from other machines, and without tls tokens could be read on "
                            "the way. Add tls, listen on 127.0.0.1, or set insecure: true.",
                            listen));
}

void read_store(map_reader& top, config& to, problem_list& problems) {
  const auto* node = top.take("store");
  if (!node) return;
  map_reader store(*node, "store", problems);
  std::string kind = "sqlite";
  if (store.text("kind", kind) && kind != "memory" && kind != "sqlite") {
    if (kind == "mongo")
      store.problem("kind", "this version has no 'mongo' store. Write store: { kind: sqlite }, or memory.");
    else
      store.problem("kind", fmt::format("'{}' is not a store. Write sqlite or memory.", kind));
  }
  to.store = kind == "memory" ? config::store_kind::memory : config::store_kind::sqlite;
  if (to.store == config::store_kind::sqlite) {
    store.whole("active_max", to.active_max, 1'000, 1'000'000'000);
    store.duration("idle", to.agent_idle, 1s, 24h * 365);
  }
  store.finish();
}

void read_log(map_reader& top, config& to, problem_list& problems) {
  const auto* node = top.take("log");
  if (!node) return;
  map_reader log(*node, "log", problems);
  log.choice<log_level>("level", to.level,
                        {{"trace", log_level::trace},
                         {"debug", log_level::debug},
                         {"info", log_level::info},
                         {"warn", log_level::warn},
                         {"error", log_level::error},
                         {"off", log_level::off}});
  log.choice<log_format>("format", to.format, {{"text", log_format::text}, {"json", log_format::json}});
  log.finish();
}

void read_web(map_reader& top, web::options& to, problem_list& problems) {
  const auto* node = top.take("web");
  if (!node) return;
  map_reader web(*node, "web", problems);
  web.texts("origins", to.origins);
  web.flag("compression", to.compression);
  web.whole("threads", to.threads, 1, 256);
  web.whole("connections_max", to.connections_max, 1, 1'000'000);
  web.whole("subscriptions_max", to.subscriptions_max, 1, 10'000'000);
  web.whole("inbound_messages_per_s", to.inbound_messages_per_s, 1, 1'000'000);
  web.size("header_bytes_max", to.header_bytes_max, kib, mib);
  web.size("body_bytes_max", to.body_bytes_max, kib, gib);
  web.size("bodies_bytes_max", to.bodies_bytes_max, kib, 64 * gib);
  web.size("frame_bytes_max", to.frame_bytes_max, kib, 16 * mib);
  web.size("outbound_bytes_max", to.outbound_bytes_max, 16 * kib, gib);
  web.duration("header_timeout", to.header_timeout, 100ms, 10min);
  web.duration("body_timeout", to.body_timeout, 100ms, 1h);
  web.duration("auth_timeout", to.auth_timeout, 100ms, 10min);
  web.duration("idle_timeout", to.idle_timeout, 1s, 24h);
  web.duration("ping_interval", to.ping_interval, 1s, 1h);
  web.duration("slow_timeout", to.slow_timeout, 100ms, 1h);
  web.duration("close_timeout", to.close_timeout, 100ms, 10s);
  web.finish();
}

void read_process(map_reader& top, config& to) {
  std::string data_dir;
  if (top.text("data_dir", data_dir)) to.data_dir = data_dir;
  top.whole("workers", to.workers, 0, 1'024);
  top.whole("shards", to.shards, 1, 65'536);
  top.whole("cut_records", to.cut_records, 1, 65'536);
  hosting host{};
  if (top.choice<hosting>("hosting", host, {{"shared", hosting::shared}, {"dedicated", hosting::dedicated}}))
    to.hosting_override = host;
  top.size("dead_letter_bytes_max", to.dead_letter_bytes_max, mib, 1024 * gib);
  top.text("ui", to.ui);
}

std::vector<std::string> sink_names(const yaml_node& root) {
  std::vector<std::string> names;
  const auto* sinks = root.find("sinks");
  if (!sinks) return names;
  for (const auto& sink : sinks->items)
    if (const auto* name = sink.find("name")) names.push_back(name->text);
  return names;
}

void read_all(const yaml_node& root, config_result& result, const known_parts& known, problem_list& problems) {
  auto& to = result.settings;
  map_reader top(root, "", problems);
  read_listen(top, to.web);
  read_process(top, to);
  read_store(top, to, problems);
  read_log(top, to, problems);
  read_web(top, to.web, problems);
  if (const auto* tls = top.take("tls")) detail::read_tls(*tls, result, problems);
  if (const auto* agents = top.take("agents")) detail::read_agents(*agents, to, known, sink_names(root), problems);
  detail::read_access(top, result, known, problems);
  if (const auto* sources = top.take("sources")) detail::read_sources(*sources, result, known, problems);
  if (const auto* sinks = top.take("sinks")) detail::read_sinks(*sinks, to, problems);
  if (known.types.empty() && to.agents.empty() && problems.empty())
    problems.add(root.at, "agents: is missing. Declare at least one agent type with its route and lanes.");
  top.finish();
}

}  // namespace

config_result read_config(std::string_view text, const std::string& file, std::span<const config_override> overrides,
                          const known_parts& known) {
  config_result result;
  problem_list problems(text);
  try {
    auto root = parse_yaml(text, file);
    for (const auto& o : overrides) detail::apply(root, o, problems);
    result.settings.folder = std::filesystem::path(file).parent_path();
    read_all(root, result, known, problems);
  } catch (const yaml_error& e) {
    problems.add(e.at(), e.what());
  }
  result.problems = problems.take();
  return result;
}

std::string text_of(const config_problem& p) { return p.at.text() + ": " + p.text; }

}  // namespace twinlane::app
