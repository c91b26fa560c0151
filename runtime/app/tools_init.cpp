#include <filesystem>
#include <stop_token>
#include <system_error>

#include <fmt/format.h>

#include <twinlane/ingest/topic_sample.hpp>
#include <twinlane/runtime/app/detail/config_reader.hpp>
#include <twinlane/runtime/app/detail/program.hpp>
#include <twinlane/runtime/app/detail/progress_bar.hpp>
#include <twinlane/runtime/app/detail/signals.hpp>
#include <twinlane/runtime/app/detail/text_files.hpp>
#include <twinlane/runtime/app/init/source_proposal.hpp>

namespace twinlane::app {

namespace {

/// `--property a=b` into the map; false when one is no KEY=VALUE, which has been told.
bool take_properties(const program& p, const call& c, ingest::kafka_spec& to) {
  for (const auto& text : c.properties) {
    const auto equals = text.find('=');
    if (equals == 0 || equals == std::string::npos) {
      complain(p, fmt::format("--property {}: is not KEY=VALUE. Write --property security.protocol=SSL.", text));
      return false;
    }
    to.properties[text.substr(0, equals)] = text.substr(equals + 1);
  }
  return true;
}

std::string file_to_write(const program& p, const call& c) {
  if (!c.file.empty()) return c.file;
  return p.default_config.empty() ? "twinlane.yaml" : p.default_config;
}

outcome<ingest::topic_sample> sample(const call& c, const ingest::kafka_spec& from) {
  std::stop_source stop;
  const detail::signal_thread signals([&] { stop.request_stop(); });
  detail::progress_bar bar;
  ingest::sample_options o;
  o.from = from;
  o.records_max = c.records;
  o.stop = stop.get_token();
  o.progress = [&](std::size_t read, std::size_t of) {
    if (bar.due()) bar.show(static_cast<double>(read) / static_cast<double>(of), bar.counted(read, "records"));
  };
  auto found = ingest::sample_topic(o);
  if (stop.stop_requested()) return error{problem::not_ready, "stopped before the sample was complete."};
  return found;
}

/// Why nothing can be proposed from the sample; empty when something can.
std::string lack_of(const ingest::topic_sample& found, const ingest::kafka_spec& from) {
  if (!found.exists) {
    const auto near = detail::did_you_mean(found.topic, found.other_topics);
    const auto known = found.other_topics.empty() ? std::string(" It has no topics.")
                                                  : fmt::format(" Topics are: {}.", detail::joined(found.other_topics));
    return fmt::format("topic '{}' does not exist on {}.{}", found.topic, from.brokers, near.empty() ? known : near);
  }
  if (!found.records.empty()) return {};
  if (found.records_held == 0)
    return fmt::format("topic '{}' holds no records. Send some, then run init again.", found.topic);
  return fmt::format("topic '{}': no record came within the time. Check that its brokers can be reached from here.",
                     found.topic);
}

void tell(const program& p, const ingest::topic_sample& found, const source_proposal& proposal,
          const std::string& file) {
  const auto& s = proposal.source;
  const auto& lane = proposal.agent.lanes.front();
  fmt::print("{}: {} records sampled, {} of {} partitions\n", found.topic, found.records.size(),
             s.format == ingest::record_format::csv ? "CSV" : "JSON", found.partitions);
  fmt::print("  entity  {}{}\n", s.entity, proposal.sure ? "" : "    a guess, look at it first");
  fmt::print("  lane    {}, a {}{}{}\n", lane.name, name_of(lane.kind), s.key.empty() ? "" : " by ", s.key);
  fmt::print("  time    {}\n", s.time.empty() ? "the record's own" : s.time);
  const auto named = file == p.default_config ? std::string() : " --config " + file;
  fmt::print("{} is written. Next: {} check{}, {} serve{}\n", file, p.name, named, p.name, named);
}

}  // namespace

int init(const program& p, const call& c) {
  auto from = c.kafka;
  if (!take_properties(p, c, from)) return exit_wrong;
  const auto file = file_to_write(p, c);
  std::error_code ignored;
  if (file != "-" && !c.force && std::filesystem::exists(file, ignored)) {
    complain(
        p, fmt::format("{} is there already. Name another file with --out FILE, or write over it with --force.", file));
    return exit_wrong;
  }
  set_up_log(log_level::warn, log_format::text);
  const auto found = sample(c, from);
  if (!ok(found)) {
    complain(p, detail::as_sentence(std::get<error>(found).detail));
    return exit_failed;
  }
  const auto& records = std::get<ingest::topic_sample>(found);
  if (const auto lack = lack_of(records, from); !lack.empty()) {
    complain(p, lack);
    return exit_failed;
  }
  const auto proposed = propose_source(records, from);
  if (!ok(proposed)) {
    complain(p, fmt::format("topic '{}': {}", records.topic, std::get<error>(proposed).detail));
    return exit_failed;
  }
  const auto& proposal = std::get<source_proposal>(proposed);
  detail::output_file to(file);
  to.write(to_yaml(proposal));
  to.finish();
  if (file != "-") tell(p, records, proposal, file);
  return exit_fine;
}

}  // namespace twinlane::app
