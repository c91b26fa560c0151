#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include <twinlane/agents/testing.hpp>
#include <twinlane/runtime/app/config.hpp>

/// What YAML declares, read as the server reads it; each problem fails the test.
inline twinlane::app::config read_yaml(std::string_view yaml) {
  auto r = twinlane::app::read_config(yaml, "c.yaml", {}, {{}, nullptr});
  for (const auto& p : r.problems) ADD_FAILURE() << text_of(p);
  return std::move(r.settings);
}

/// An agent of the type of that name.
inline twinlane::testing::any_twin yaml_twin(const twinlane::app::config& c, std::string_view type, std::string uri) {
  for (const auto& spec : c.agents)
    if (spec.name == type) return twinlane::testing::any_twin(make_json_agent_type(spec), std::move(uri));
  throw std::invalid_argument("no type " + std::string(type));
}
