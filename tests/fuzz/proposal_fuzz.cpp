// Bytes as a topic's records: whatever they are, a proposal is made or refused with a sentence, and what is proposed is a
// configuration that passes its check. Records lie between 0x1e bytes, a key before its value with 0x1f between them;
// the first is the topic's name.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>

#include <twinlane/runtime/app/config.hpp>
#include <twinlane/runtime/app/init/source_proposal.hpp>

using namespace twinlane;

namespace {

void require(bool holds, const char* what, std::string_view text) {
  if (holds) return;
  std::cerr << what << ": " << text << '\n';
  std::abort();
}

std::string_view take(std::string_view& rest, char end) {
  const auto at = rest.find(end);
  const auto part = rest.substr(0, at);
  rest.remove_prefix(at == std::string_view::npos ? rest.size() : at + 1);
  return part;
}

ingest::topic_sample sample_of(std::string_view bytes) {
  ingest::topic_sample s;
  s.partitions = 1;
  s.topic = "t";
  for (const char c : take(bytes, '\x1e').substr(0, 249))
    if (static_cast<unsigned char>(c) < 0x80) s.topic += c;
  while (!bytes.empty()) {
    auto part = take(bytes, '\x1e');
    ingest::sampled_record r;
    if (part.find('\x1f') != std::string_view::npos) r.key = take(part, '\x1f');
    if (!part.empty()) r.value = part;
    r.offset = static_cast<std::int64_t>(s.records.size());
    s.records.push_back(std::move(r));
  }
  s.records_held = s.records.size();
  return s;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto sample = sample_of({reinterpret_cast<const char*>(data), size});
  const auto found = app::propose_source(sample, {"localhost:9092", sample.topic, "twinlane", {}});
  if (!ok(found)) {
    require(!std::get<error>(found).detail.empty(), "a refusal says why", sample.topic);
    return 0;
  }
  const auto yaml = app::to_yaml(std::get<app::source_proposal>(found));
  for (const auto& p : app::read_config(yaml, "twinlane.yaml", {}, {}).problems)
    require(false, app::text_of(p).c_str(), yaml);
  return 0;
}
