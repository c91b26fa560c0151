#include <twinlane/ingest/sinks.hpp>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include <twinlane/ingest/kafka_sink.hpp>
#include <twinlane/ingest/sink.hpp>
#include <twinlane/ingest/sink_letter.hpp>
#include <twinlane/ingest/webhook_sink.hpp>

namespace twinlane::ingest {
namespace {

std::string joined(const std::vector<sink_problem>& problems) {
  std::string all;
  for (const auto& p : problems) {
    if (!all.empty()) all += '\n';
    all += "sink '" + p.sink + "': " + p.field + ": " + p.text;
  }
  return all;
}

// Names go into metrics, dead letters and messages.
bool is_name(std::string_view name) noexcept {
  return !name.empty() && name.size() <= 100 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
           c == '.';
  });
}

std::unique_ptr<sink> make(sink_context c) {
  if (std::holds_alternative<kafka_sink_spec>(c.spec.to)) return std::make_unique<kafka_sink>(std::move(c));
  return std::make_unique<webhook_sink>(std::move(c));
}

}  // namespace

std::vector<sink_problem> check(const std::vector<sink_spec>& specs) {
  std::vector<sink_problem> problems;
  std::set<std::string> names;
  for (const auto& s : specs) {
    const auto say = [&](std::string field, std::string text) {
      problems.push_back({s.name, std::move(field), std::move(text)});
    };
    if (!is_name(s.name))
      say("name", "a name has letters, digits, '_', '-' and '.', at most 100");
    else if (!names.insert(s.name).second)
      say("name", "two sinks have this name");
    if (const auto* k = std::get_if<kafka_sink_spec>(&s.to)) {
      if (k->brokers.empty()) say("kafka", "'brokers' is missing, as in brokers: \"localhost:9092\"");
      if (k->topic.empty()) say("kafka", "'topic' is missing");
      if (const auto why = kafka_sink::refusal(*k)) say("kafka", *why);
    } else {
      for (auto& [field, text] : webhook_sink::refusals(std::get<webhook_spec>(s.to)))
        say(std::move(field), std::move(text));
    }
  }
  return problems;
}

sink_error::sink_error(std::vector<sink_problem> problems)
    : std::runtime_error(joined(problems)), problems_(std::move(problems)) {}

std::string_view name_of(sink_state s) noexcept {
  constexpr std::string_view names[] = {"starting", "running", "down", "stopped"};
  return names[static_cast<std::size_t>(s)];
}

struct sinks::impl {
  std::vector<std::shared_ptr<sink_queue>> queues;  // as specs
  std::vector<std::unique_ptr<sink>> all;           // as specs
  bool started = false;
};

sinks::sinks(std::vector<sink_spec> specs, write_dead bury) : impl_(std::make_unique<impl>()) {
  auto problems = check(specs);
  if (!problems.empty()) throw sink_error(std::move(problems));
  for (auto& s : specs) {
    impl_->queues.push_back(std::make_shared<sink_queue>(s.name));
    impl_->all.push_back(make({std::move(s), impl_->queues.back(), bury}));
  }
}

sinks::~sinks() { stop(std::chrono::seconds{2}); }

std::vector<std::shared_ptr<sink_queue>> sinks::queues() const { return impl_->queues; }

std::shared_ptr<sink_queue> sinks::queue(std::string_view name) const {
  const auto at =
      std::find_if(impl_->queues.begin(), impl_->queues.end(), [&](const auto& q) { return q->name() == name; });
  return at == impl_->queues.end() ? nullptr : *at;
}

void sinks::start() {
  impl_->started = true;
  for (const auto& s : impl_->all) s->start();
}

void sinks::stop(std::chrono::milliseconds deadline) {
  if (!std::exchange(impl_->started, false)) return;
  const auto by = steady_time::clock::now() + deadline;
  for (const auto& s : impl_->all) s->request_stop(by);
  for (const auto& s : impl_->all) s->join();
}

std::vector<sink_status> sinks::status() const {
  std::vector<sink_status> all;
  for (const auto& s : impl_->all) all.push_back(s->status());
  return all;
}

outcome<std::monostate> sinks::replay(const dead_letter& letter, std::function<void()> arrived) {
  auto found = undelivered_of(letter);
  const auto to = found ? queue(found->sink) : nullptr;
  if (!to) return error{problem::no_such_route, "no sink takes a letter of '" + letter.source + "'"};
  sink_queue::entry e{std::move(found->item), std::move(arrived)};
  if (!to->offer(e)) return error{problem::too_busy, "sink '" + to->name() + "' has no room now. Try again later"};
  return std::monostate{};
}

}  // namespace twinlane::ingest
