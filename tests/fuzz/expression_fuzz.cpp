// Expressions from any text: each compiles or is refused with a place in it; what compiles answers the same twice, in
// bounded steps and bytes, and is as true as its answer says.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string_view>

#include <nlohmann/json.hpp>
#include <twinlane/agents/expression.hpp>

#include "support/expression_world.hpp"

namespace {

using twinlane::expression;

void check(bool holds) {
  if (!holds) std::abort();
}

std::optional<nlohmann::json> answer(const expression& e, const expression_world& world) {
  try {
    return e.evaluate(world);
  } catch (const twinlane::expression_overrun&) {
    return std::nullopt;
  }
}

void try_out(std::string_view text, const twinlane::expression_scope& scope) {
  static const expression_world world;
  const auto e = expression::compile(text, scope);
  if (!e) {
    check(e.error().line >= 1 && e.error().column >= 1 && e.error().column <= text.size() + 1);
    check(!e.error().message.empty());
    return;
  }
  const auto first = answer(*e, world);
  check(first == answer(*e, world));
  if (!first) return;
  check(e->holds(world) == (*first == true));
  check(first->dump(-1, ' ', false, nlohmann::json::error_handler_t::replace).size() <=
        6 * expression::result_bytes_max);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto lanes_only = expression_world::without_record();
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try_out(text, expression_world::scope());
  try_out(text, lanes_only);
  return 0;
}
