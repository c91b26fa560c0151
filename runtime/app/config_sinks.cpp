#include <algorithm>
#include <map>

#include <fmt/format.h>

#include <twinlane/ingest/sinks.hpp>
#include <twinlane/runtime/app/detail/config_reader.hpp>

namespace twinlane::app::detail {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t sinks_max = 100;

struct read_sink_result {
  ingest::sink_spec spec;
  std::string path;  // as messages call it: `sinks.crm`
  const yaml_node* node;
};

void read_kafka(const yaml_node& node, const std::string& path, ingest::sink_spec& spec, problem_list& problems) {
  map_reader from(node, path, problems);
  ingest::kafka_sink_spec kafka;
  from.text("brokers", kafka.brokers);
  from.text("topic", kafka.topic);
  read_texts(from, "properties", kafka.properties, problems);
  if (!node.find("brokers")) from.missing("brokers", "Write brokers: \"localhost:9092\".");
  if (!node.find("topic")) from.missing("topic", "Name the topic to write to.");
  from.finish();
  spec.to = std::move(kafka);
}

void read_retry(map_reader& from, ingest::webhook_retry& retry, problem_list& problems) {
  const auto* node = from.take("retry");
  if (!node) return;
  map_reader map(*node, from.path_of("retry"), problems);
  map.whole("tries", retry.tries, 1, 1'000'000);
  map.duration("backoff", retry.backoff, 1ms, 1h);
  map.duration("backoff_max", retry.backoff_max, 1ms, 24h);
  map.duration("age", retry.age, 1s, 24h * 365);
  map.finish();
}

void read_webhook(const yaml_node& node, const std::string& path, ingest::sink_spec& spec, problem_list& problems) {
  map_reader from(node, path, problems);
  ingest::webhook_spec webhook;
  from.text("url", webhook.url);
  if (!node.find("url")) from.missing("url", "Write url: \"https://crm.example/events\".");
  from.text("method", webhook.method);
  read_texts(from, "headers", webhook.headers, problems);
  from.text("body", webhook.body);
  from.duration("timeout", webhook.timeout, 10ms, 10min);
  from.whole("connections", webhook.connections, 1, 1'000);
  read_retry(from, webhook.retry, problems);
  from.finish();
  spec.to = std::move(webhook);
}

ingest::sink_spec read_sink(const yaml_node& node, const std::string& path, problem_list& problems) {
  map_reader sink(node, path, problems);
  ingest::sink_spec spec;
  sink.text("name", spec.name);
  if (!node.find("name")) sink.missing("name", "Write name: crm.");
  const auto* kafka = sink.take("kafka");
  const auto* webhook = sink.take("webhook");
  if (kafka && webhook)
    sink.problem("webhook", "the sink writes to 'kafka' already. Keep one of them.");
  else if (kafka)
    read_kafka(*kafka, sink.path_of("kafka"), spec, problems);
  else if (webhook)
    read_webhook(*webhook, sink.path_of("webhook"), spec, problems);
  else
    problems.add(node.at, fmt::format("{}: nowhere to write to. Give it one of kafka, webhook.", path));
  sink.finish();
  return spec;
}

place place_of(const yaml_node& map, std::string_view key) {
  for (const auto& m : map.members)
    if (m.key == key) return m.value.what == yaml_node::kind::scalar ? m.value.at : m.at;
  return map.at;
}

/// Sinks whose names can be told apart.
std::map<std::string_view, const read_sink_result*> named(const std::vector<read_sink_result>& all,
                                                          problem_list& problems) {
  std::map<std::string_view, const read_sink_result*> by_name;
  for (const auto& s : all) {
    const auto& name = s.spec.name;
    if (name.empty()) continue;
    const auto at = place_of(*s.node, "name");
    if (!is_name(name)) {
      problems.add(at, fmt::format("{}.name: '{}' is not a name. Use letters, digits, '_', '-' and '.', at most 100.",
                                   s.path, name));
    } else if (const auto [first, is_new] = by_name.emplace(name, &s); !is_new) {
      problems.add(at, fmt::format("{}.name: the sink in line {} has this name. Choose another.", s.path,
                                   place_of(*first->second->node, "name").line));
    }
  }
  return by_name;
}

/// What the sinks' own module finds, but for keys that have a problem already.
void check_each(const std::vector<read_sink_result>& all, problem_list& problems) {
  for (const auto& [name, sink] : named(all, problems)) {
    const auto* webhook = std::get_if<ingest::webhook_spec>(&sink->spec.to) ? sink->node->find("webhook") : nullptr;
    if (problems.mentions(sink->path)) continue;
    for (auto& p : ingest::check({sink->spec})) {
      const auto path = fmt::format("{}{}.{}", sink->path, webhook ? ".webhook" : "", p.field);
      problems.add(place_of(webhook ? *webhook : *sink->node, p.field),
                   fmt::format("{}: {}", path, as_sentence(std::move(p.text))));
    }
  }
}

}  // namespace

void read_sinks(const yaml_node& list, config& to, problem_list& problems) {
  if (list.what == yaml_node::kind::null) return;
  if (list.what != yaml_node::kind::sequence) {
    problems.add(list.at, "sinks: is not a list. Begin each sink with '- name: …'.");
    return;
  }
  if (list.items.size() > sinks_max) {
    problems.add(list.at, fmt::format("sinks: {} are more than the {} that one server takes. Merge some of them.",
                                      list.items.size(), sinks_max));
    return;
  }
  std::vector<read_sink_result> all;
  for (std::size_t i = 0; i < list.items.size(); ++i) {
    const auto& node = list.items[i];
    const auto* name = node.find("name");
    const bool usable = name && name->what == yaml_node::kind::scalar && is_name(name->text);
    auto path = usable ? "sinks." + name->text : fmt::format("sinks[{}]", i);
    auto spec = read_sink(node, path, problems);
    all.push_back({std::move(spec), std::move(path), &node});
  }
  check_each(all, problems);
  for (auto& s : all) to.sinks.push_back(std::move(s.spec));
}

}  // namespace twinlane::app::detail
