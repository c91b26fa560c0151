#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <stdexcept>

#include <twinlane/ingest/csv.hpp>
#include <twinlane/ingest/kafka_consumer.hpp>
#include <twinlane/ingest/sources.hpp>
#include <twinlane/ingest/text_template.hpp>

namespace twinlane::ingest {
namespace {

// Names go into URLs, metrics and files.
bool is_name(std::string_view name) noexcept {
  return !name.empty() && name.size() <= 128 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
           c == '.';
  });
}

std::string listed(const std::vector<std::string>& names) {
  std::string all;
  for (const auto& n : names) all += (all.empty() ? "" : ", ") + n;
  return all;
}

class checker {
 public:
  checker(const std::vector<source_spec>& specs, const generator_registry& generators)
      : specs_(specs), generators_(generators) {}

  std::vector<source_problem> run() {
    for (const auto& s : specs_) {
      if (!is_name(s.name))
        say(s, "name", "a name has letters, digits, '_', '-' and '.', at most 128");
      else if (!by_name_.emplace(s.name, &s).second)
        say(s, "name", "two sources have this name");
    }
    for (const auto& s : specs_) {
      templates(s);
      columns(s);
      origin(s);
      after(s);
    }
    return std::move(problems_);
  }

 private:
  void say(const source_spec& s, std::string field, std::string text) {
    problems_.push_back({s.name, std::move(field), std::move(text)});
  }

  void templates(const source_spec& s) {
    field_paths fields;
    const auto attempt = [&](const char* field, const std::function<void()>& compile) {
      try {
        compile();
      } catch (const std::invalid_argument& e) {
        say(s, field, e.what());
      }
    };
    attempt("entity", [&] { uri_template(s.entity, fields); });
    attempt("key", [&] { text_template(s.key, fields); });
    if (!s.time.empty()) attempt("time", [&] { fields.add(s.time); });
    if (s.lane.empty()) say(s, "lane", "is missing");
  }

  void columns(const source_spec& s) {
    const bool kafka = std::holds_alternative<kafka_spec>(s.from);
    if (s.format == record_format::csv && kafka && s.columns.empty())
      say(s, "columns", "csv from Kafka has no header line: list the columns, as in columns: [id, name]");
    if (s.format != record_format::csv && !s.columns.empty()) say(s, "columns", "only 'format: csv' has columns");
    try {
      csv_row(s.columns);
    } catch (const std::invalid_argument& e) {
      say(s, "columns", e.what());
    }
  }

  void origin(const source_spec& s) {
    if (s.align.count() != 0 && !std::holds_alternative<kafka_spec>(s.from))
      say(s, "align", "only Kafka sources have partitions to align");
    if (const auto* k = std::get_if<kafka_spec>(&s.from)) {
      if (k->brokers.empty()) say(s, "kafka", "'brokers' is missing, as in brokers: \"localhost:9092\"");
      if (k->topic.empty()) say(s, "kafka", "'topic' is missing");
      if (k->group.empty()) say(s, "kafka", "'group' is empty");
      if (const auto why = kafka_consumer::refusal(*k)) say(s, "kafka", *why);
    } else if (const auto* f = std::get_if<file_spec>(&s.from)) {
      if (f->path.empty()) say(s, "file", "'path' is missing");
      if (f->rate < 0) say(s, "file", "'rate' is negative");
    } else if (const auto* g = std::get_if<generator_spec>(&s.from)) {
      if (generators_.find(g->name) == nullptr)
        say(s, "generator", "no generator '" + g->name + "' is registered. Known: " + listed(generators_.names()));
      if (g->rate < 0) say(s, "generator", "'rate' is negative");
    }
  }

  void after(const source_spec& s) {
    for (const auto& name : s.after) {
      const auto other = by_name_.find(name);
      if (other == by_name_.end())
        say(s, "after", "there is no source '" + name + "'");
      else if (shares_topic(s, *other->second))
        say(s, "after", "'" + name + "' reads the same topic in the same group. Give one of them a group of its own");
    }
    std::set<std::string> seen;
    if (waits_for(s, s.name, seen)) say(s, "after", "the source would wait for itself");
  }

  static bool shares_topic(const source_spec& a, const source_spec& b) {
    const auto *x = std::get_if<kafka_spec>(&a.from), *y = std::get_if<kafka_spec>(&b.from);
    return x != nullptr && y != nullptr && x->topic == y->topic && x->group == y->group && x->brokers == y->brokers;
  }

  bool waits_for(const source_spec& s, const std::string& name, std::set<std::string>& seen) const {
    for (const auto& other : s.after) {
      if (other == name) return true;
      const auto it = by_name_.find(other);
      if (it == by_name_.end() || !seen.insert(other).second) continue;
      if (waits_for(*it->second, name, seen)) return true;
    }
    return false;
  }

  const std::vector<source_spec>& specs_;
  const generator_registry& generators_;
  std::map<std::string, const source_spec*> by_name_;
  std::vector<source_problem> problems_;
};

}  // namespace

std::vector<source_problem> check(const std::vector<source_spec>& specs, const generator_registry& generators) {
  return checker(specs, generators).run();
}

}  // namespace twinlane::ingest
