// Bytes as a configuration and, behind a NUL, as an override: whatever they are, reading ends within its bounds, and
// every problem is one line that says where and what.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>

#include <twinlane/ingest/generator.hpp>
#include <twinlane/runtime/app/config.hpp>

using namespace twinlane;

namespace {

void require(bool holds, const char* what, std::string_view text) {
  if (holds) return;
  std::cerr << what << ": " << text << '\n';
  std::abort();
}

ingest::generator_registry generators() {
  ingest::generator_registry all;
  all.add("shop", [](std::uint64_t, std::uint64_t, const auto&, auto&) {});
  return all;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto known = generators();
  const std::string_view all(reinterpret_cast<const char*>(data), size);
  const auto nul = all.find('\0');
  const auto yaml = all.substr(0, nul);
  std::vector<app::config_override> overrides;
  if (nul != std::string_view::npos)
    if (auto o = app::parse_override(all.substr(nul + 1))) overrides.push_back(std::move(*o));

  const auto read = app::read_config(yaml, "c.yaml", overrides, {{}, &known});
  int last = 0;
  for (const auto& p : read.problems) {
    const auto text = app::text_of(p);
    require(!p.text.empty() && text.find('\n', overrides.empty() ? 0 : text.size() - p.text.size()) == text.npos,
            "a problem is one line", text);
    require(p.at.line > 0 || !overrides.empty(), "a problem has a line", text);
    require(p.at.line == 0 || p.at.line >= last, "problems are in the order of lines", text);
    last = p.at.line;
  }
  if (read.problems.empty()) {
    require(!read.settings.agents.empty(), "a sound configuration has an agent type", yaml);
    for (const auto& type : read.settings.agents) {
      const auto made = make_json_agent_type(type);
      require(made->lanes().size() == type.lanes.size(), "a sound agent type can be made", yaml);
    }
  }
  return 0;
}
