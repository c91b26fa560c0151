#include <twinlane/ingest/sources.hpp>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include <twinlane/ingest/file_source.hpp>
#include <twinlane/ingest/generator_source.hpp>
#include <twinlane/ingest/http_source.hpp>
#include <twinlane/ingest/kafka_consumer.hpp>
#include <twinlane/ingest/kafka_source.hpp>

namespace twinlane::ingest {
namespace {

std::string joined(const std::vector<source_problem>& problems) {
  std::string all;
  for (const auto& p : problems) {
    if (!all.empty()) all += '\n';
    all += "source '" + p.source + "': " + p.field + ": " + p.text;
  }
  return all;
}

}  // namespace

source_error::source_error(std::vector<source_problem> problems)
    : std::runtime_error(joined(problems)), problems_(std::move(problems)) {}

std::string_view name_of(source_state s) noexcept {
  constexpr std::string_view names[] = {"waiting", "starting", "running", "ended", "failed", "stopped"};
  return names[static_cast<std::size_t>(s)];
}

struct sources::impl {
  impl(std::vector<source_spec> s, port& p, const generator_registry& g, sources_options o)
      : specs(std::move(s)), target_port(p), generators(g), options(o), in_flight(o.flow) {
    if (options.time == nullptr) options.time = &system_clock();
  }

  std::vector<source_problem> build();
  std::unique_ptr<source> make(const source_spec& spec, const target_info& target);
  std::shared_ptr<kafka_consumer> consumer_of(const kafka_spec& spec);
  bool reached_all(const std::vector<std::string>& names) const;

  const std::vector<source_spec> specs;
  port& target_port;
  const generator_registry generators;
  sources_options options;
  flow in_flight;
  std::map<std::tuple<std::string, std::string, std::map<std::string, std::string>>, std::shared_ptr<kafka_consumer>>
      consumers;
  std::vector<std::unique_ptr<source>> all;  // as specs
  std::map<std::string, source*> by_name;
  std::map<std::string, http_source*> http;
};

std::vector<source_problem> sources::impl::build() {
  auto problems = check(specs, generators);
  if (!problems.empty()) return problems;
  for (const auto& spec : specs) {
    const auto target = target_port.resolve_target(spec.entity, spec.lane);
    if (!ok(target)) {
      const auto& e = std::get<error>(target);
      const bool lane = e.code == problem::no_such_lane;
      problems.push_back(
          {spec.name, lane ? "lane" : "entity", e.detail.empty() ? std::string(title_of(e.code)) : e.detail});
      continue;
    }
    try {
      all.push_back(make(spec, std::get<target_info>(target)));
      by_name[spec.name] = all.back().get();
    } catch (const std::invalid_argument& e) {
      const bool of_kafka = std::string_view(e.what()).substr(0, 8) == "property";
      problems.push_back({spec.name, of_kafka ? "kafka" : "key", e.what()});
    }
  }
  return problems;
}

std::unique_ptr<source> sources::impl::make(const source_spec& spec, const target_info& target) {
  source_context c;
  c.spec = spec;
  c.target = target;
  c.port = &target_port;
  c.flow = &in_flight;
  c.time = options.time;
  c.may_start = [this, names = spec.after] { return reached_all(names); };
  if (const auto* from = std::get_if<kafka_spec>(&spec.from))
    return std::make_unique<kafka_source>(std::move(c), consumer_of(*from));
  if (std::holds_alternative<file_spec>(spec.from)) return std::make_unique<file_source>(std::move(c));
  if (const auto* from = std::get_if<generator_spec>(&spec.from))
    return std::make_unique<generator_source>(std::move(c), *generators.find(from->name));
  auto made = std::make_unique<http_source>(std::move(c));
  http[spec.name] = made.get();
  return made;
}

std::shared_ptr<kafka_consumer> sources::impl::consumer_of(const kafka_spec& spec) {
  auto& c = consumers[{spec.brokers, spec.group, spec.properties}];
  if (!c) c = std::make_shared<kafka_consumer>(spec, target_port, in_flight, *options.time, options);
  return c;
}

bool sources::impl::reached_all(const std::vector<std::string>& names) const {
  return std::all_of(names.begin(), names.end(), [&](const auto& n) { return by_name.at(n)->reached_end(); });
}

sources::sources(std::vector<source_spec> specs, port& p, const generator_registry& generators, sources_options o)
    : impl_(std::make_unique<impl>(std::move(specs), p, generators, o)) {
  auto problems = impl_->build();
  if (!problems.empty()) throw source_error(std::move(problems));
}

sources::~sources() { stop(std::chrono::seconds{2}); }

void sources::start() {
  std::vector<source_problem> problems;
  for (std::size_t i = 0; i < impl_->all.size() && problems.empty(); ++i) {
    try {
      impl_->all[i]->start();
    } catch (const std::runtime_error& e) {
      problems.push_back({impl_->specs[i].name, "file", e.what()});
    }
  }
  if (problems.empty()) return;
  stop(std::chrono::seconds{2});
  throw source_error(std::move(problems));
}

void sources::stop(std::chrono::milliseconds deadline) {
  const auto by = steady_time::clock::now() + deadline;
  for (const auto& s : impl_->all) s->request_stop(by);
  for (const auto& s : impl_->all) s->join();
}

bool sources::all_assigned() const {
  return std::all_of(impl_->all.begin(), impl_->all.end(), [](const auto& s) { return s->assigned(); });
}

bool sources::ready() const {
  if (!all_assigned()) return false;
  for (std::size_t i = 0; i < impl_->all.size(); ++i)
    if (impl_->specs[i].load && !impl_->all[i]->reached_end()) return false;
  return true;
}

std::vector<source_status> sources::status() const {
  std::vector<source_status> all;
  for (const auto& s : impl_->all) all.push_back(s->status());
  return all;
}

void sources::handle(const std::string& source, std::string body, std::optional<std::string> idempotency_key,
                     std::function<void(outcome<http_answer>)> done) {
  const auto it = impl_->http.find(source);
  if (it == impl_->http.end())
    return done(error{problem::no_such_route, "no source '" + source + "' with 'http:' takes records"});
  it->second->handle(std::move(body), std::move(idempotency_key), std::move(done));
}

}  // namespace twinlane::ingest
