#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <stdexcept>
#include <stop_token>
#include <system_error>

#include <fmt/format.h>

#include <twinlane/ingest/produce.hpp>
#include <twinlane/ingest/sources.hpp>
#include <twinlane/runtime/app/detail/program.hpp>
#include <twinlane/runtime/app/detail/progress_bar.hpp>
#include <twinlane/runtime/app/detail/signals.hpp>
#include <twinlane/runtime/app/renamed_sources.hpp>
#include <twinlane/runtime/log.hpp>
#include <twinlane/runtime/runtime.hpp>
#include <twinlane/web/access/authenticator.hpp>

namespace twinlane::app {

namespace {

namespace fs = std::filesystem;

/// The file's text, up to just beyond what a configuration may have. Throws std::system_error.
std::string read_text(const std::string& file) {
  errno = 0;
  std::ifstream in(file, std::ios::binary);
  std::string text(yaml_limits{}.bytes_max + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!in.is_open() || in.bad()) throw std::system_error(errno ? errno : EIO, std::generic_category());
  text.resize(static_cast<std::size_t>(in.gcount()));
  return text;
}

void print(std::FILE* to, const std::vector<config_problem>& problems) {
  for (const auto& p : problems) fmt::print(to, "{}\n", text_of(p));
}

/// For a runtime that is asked and never started.
runtime_options one_shard() {
  runtime_options o;
  o.shards = 1;
  return o;
}

/// What shows only when types and sources are put together: the last of the errors in a configuration.
std::vector<config_problem> problems_together(const program& p, const config_result& r, const std::string& file) {
  const auto name = std::make_shared<const std::string>(file);
  std::vector<config_problem> problems;
  try {
    runtime host(one_shard());
    add_types(host, p, r.settings);
    ingest::sources(r.settings.sources, host, p.generators);
  } catch (const ingest::source_error& e) {
    for (const auto& found : e.problems()) {
      const auto at = r.places.find(found.source + '.' + found.field);
      const auto entry = r.places.find(found.source);
      problems.push_back({at != r.places.end()      ? at->second
                          : entry != r.places.end() ? entry->second
                                                    : place{name, 1},
                          fmt::format("sources.{}.{}: {}", found.source, found.field, found.text)});
    }
  } catch (const std::invalid_argument& e) {
    problems.push_back({{name, 1}, e.what()});
  }
  if (const auto& access = r.settings.web.access)
    if (auto wrong = web::problem_of(*access)) problems.push_back({r.places.at("(auth)"), std::move(*wrong)});
  if (const auto& tls = r.settings.web.tls)
    if (auto wrong = web::problem_of(*tls))
      problems.push_back({r.places.at(wrong->starts_with("tls.key") ? "(tls).key" : "(tls).cert"), std::move(*wrong)});
  return problems;
}

const ingest::source_spec* find_source(const program& p, const config& c, const std::string& name) {
  for (const auto& s : c.sources)
    if (s.name == name) return &s;
  std::string known;
  for (const auto& s : c.sources) known += (known.empty() ? "" : ", ") + s.name;
  complain(p, fmt::format("there is no source '{}'. Sources are: {}.", name, known.empty() ? "none" : known));
  return nullptr;
}

}  // namespace

void complain(const program& p, const std::string& what) { fmt::print(stderr, "{}: {}\n", p.name, what); }

std::string find_config(const program& p, const call& c) {
  if (!c.config.empty()) return c.config;
  if (p.default_config.empty()) {
    complain(p, "no configuration. Name one with --config FILE.");
    return {};
  }
  std::error_code ignored;
  for (const auto& dir : {fs::path(), p.binary_dir})
    if (const auto file = dir / p.default_config; fs::is_regular_file(file, ignored)) return file.string();
  complain(p,
           fmt::format("there is no {} here or beside the binary. Name a configuration with --config FILE, or have one "
                       "written from a Kafka topic: {} init --brokers HOST:PORT --topic NAME",
                       p.default_config, p.name));
  return {};
}

std::string find_pages(const program& p, const config& c) {
  const auto& wanted = c.ui.empty() ? p.ui : c.ui;
  if (wanted.empty()) return {};
  std::error_code ignored;
  for (const auto& dir : {c.folder / wanted, fs::path(wanted), p.binary_dir / wanted})
    for (const auto& pages : {dir, dir / "dist"})
      if (fs::is_regular_file(pages / "index.html", ignored)) return pages.string();
  if (!c.ui.empty())
    throw std::runtime_error(
        fmt::format("ui: there is no index.html in '{}'. Build the pages or correct the path.", c.ui));
  return {};
}

std::optional<config> load(const program& p, const call& c, std::FILE* errors) {
  const auto file = find_config(p, c);
  if (file.empty()) return std::nullopt;
  std::string text;
  try {
    text = read_text(file);
  } catch (const std::system_error& e) {
    complain(p, fmt::format("{}: cannot be read: {}. Check the path and its rights.", file, e.code().message()));
    return std::nullopt;
  }
  auto read = read_config(text, file, c.overrides, {p.types, &p.generators});
  if (read.problems.empty()) read.problems = problems_together(p, read, file);
  if (read.problems.empty()) return std::move(read.settings);
  print(errors, read.problems);
  return std::nullopt;
}

std::vector<std::shared_ptr<const agent_type>> types_of(const program& p, const config& c) {
  auto all = p.types;
  for (const auto& t : c.agents) all.push_back(make_json_agent_type(t));
  return all;
}

void add_types(runtime& to, const program& p, const config& c) {
  for (auto& t : types_of(p, c)) to.add(std::move(t));
}

int check(const program& p, const call& c) {
  const auto settings = load(p, c, stdout);
  if (!settings) return exit_wrong;
  for (const auto& what : renamed_sources(*settings)) fmt::print("{}: warning: {}\n", find_config(p, c), what);
  fmt::print("{}: fine, {} agent types, {} sources\n", find_config(p, c), p.types.size() + settings->agents.size(),
             settings->sources.size());
  return exit_fine;
}

int produce(const program& p, const call& c) {
  const auto settings = load(p, c, stderr);
  if (!settings) return exit_wrong;
  set_up_log(settings->level, settings->format);
  const auto* source = find_source(p, *settings, c.source);
  if (!source) return exit_wrong;
  if (!std::holds_alternative<ingest::kafka_spec>(source->from)) {
    complain(
        p, fmt::format("source '{}' does not read from Kafka. Choose one with kafka: in the configuration.", c.source));
    return exit_wrong;
  }
  ingest::produce_options o;
  o.source = *source;
  o.file = c.events;
  o.rate = c.rate;
  o.loop = c.loop;
  runtime host(one_shard());
  add_types(host, p, *settings);
  if (const auto target = host.resolve_target(source->entity, source->lane); ok(target))
    o.first_param_segment = std::get<target_info>(target).first_param_segment;
  std::stop_source stop;
  o.stop = stop.get_token();
  detail::signal_thread signals([&] { stop.request_stop(); });
  outcome<ingest::produce_result> done;
  {
    detail::progress_bar bar;
    o.progress = [&](const ingest::produce_progress& now) {
      bar.show(now.fraction, fmt::format("{} records, {:.0f}/s", now.done, now.per_second));
    };
    done = ingest::produce(o);
  }
  if (!ok(done)) {
    complain(p, std::get<error>(done).detail);
    return exit_failed;
  }
  const auto& r = std::get<ingest::produce_result>(done);
  fmt::print(stderr, "{} records sent in {:.1f} s, {} failed, {} skipped\n", r.sent, r.seconds, r.failed, r.skipped);
  return r.failed == 0 ? exit_fine : exit_failed;
}

int generate(const program& p, const call& c) {
  const auto settings = load(p, c, stderr);
  if (!settings) return exit_wrong;
  const auto* source = find_source(p, *settings, c.source);
  if (!source) return exit_wrong;
  const auto* spec = std::get_if<ingest::generator_spec>(&source->from);
  if (!spec) {
    complain(p, fmt::format("source '{}' is no generator. Choose one with generator: in the configuration.", c.source));
    return exit_wrong;
  }
  const auto& make = *p.generators.find(spec->name);
  const auto now =
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch());
  const auto start = c.start_ms.value_or(now.count());
  const auto count = c.count.value_or(spec->preload > 0 ? spec->preload : 1'000);
  ingest::generated_record made;
  for (std::uint64_t n = 0; n < count && !std::ferror(stdout); ++n) {
    made.key.clear();
    made.value.clear();
    made.has_key = made.remove = false;
    made.time_ms = start;
    if (n > spec->preload && spec->rate > 0)
      made.time_ms += static_cast<std::int64_t>(static_cast<double>(n - spec->preload) / spec->rate * 1e3);
    make(spec->seed, n, spec->parameters, made);
    if (c.with_key)
      fmt::print("{}\t{}\n", made.key, made.remove ? std::string() : made.value);
    else
      fmt::print("{}\n", made.remove ? std::string("null") : made.value);
  }
  if (std::fflush(stdout) == 0 && !std::ferror(stdout)) return exit_fine;
  complain(p, "standard output cannot be written.");
  return exit_failed;
}

}  // namespace twinlane::app
