#include <twinlane/runtime/app/detail/expression_reader.hpp>

#include <fmt/format.h>

namespace twinlane::app::detail {
namespace {

struct spot {
  std::size_t line = 1, column = 1;
};

spot spot_of(std::string_view text, std::size_t at) {
  spot s;
  for (const char c : text.substr(0, at)) {
    if (c == '\n')
      s = {s.line + 1, 1};
    else
      s.column += (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }
  return s;
}

}  // namespace

const yaml_node* expression_reader::scalar(std::string_view key) {
  const auto* n = from_->take(key);
  if (!n || n->what == yaml_node::kind::scalar) return n;
  from_->problem(key, "is not an expression. Write it in quotes: \"{stars: stars}\".");
  return nullptr;
}

std::optional<expression> expression_reader::read(std::string_view key, const expression_scope& scope,
                                                  expression_kind wanted) {
  const auto* n = scalar(key);
  return n ? read_part(key, *n, 0, n->text.size(), scope, wanted) : std::nullopt;
}

std::optional<expression> expression_reader::read_part(std::string_view key, const yaml_node& scalar, std::size_t from,
                                                       std::size_t to, const expression_scope& scope,
                                                       expression_kind wanted) {
  auto made = expression::compile(std::string_view(scalar.text).substr(from, to - from), scope, wanted);
  if (made) return std::move(*made);
  const auto& e = made.error();
  const auto start = spot_of(scalar.text, from);
  problems_->add_within(scalar, start.line + e.line - 1, e.line == 1 ? start.column + e.column - 1 : e.column,
                        fmt::format("{}: {}", from_->path_of(key), e.message));
  return std::nullopt;
}

std::optional<uri_pattern> expression_reader::read_uri(std::string_view key, const expression_scope& scope) {
  const auto* n = scalar(key);
  if (!n) return std::nullopt;
  auto made = uri_pattern::compile(n->text, scope);
  if (made) return std::move(*made);
  problems_->add_within(*n, made.error().line, made.error().column,
                        fmt::format("{}: {}", from_->path_of(key), made.error().message));
  return std::nullopt;
}

void expression_reader::problem(std::string_view key, const yaml_node& scalar, std::size_t at,
                                const std::string& what) {
  const auto s = spot_of(scalar.text, at);
  problems_->add_within(scalar, s.line, s.column, fmt::format("{}: {}", from_->path_of(key), what));
}

}  // namespace twinlane::app::detail
