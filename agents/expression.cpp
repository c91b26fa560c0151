#include <twinlane/agents/expression.hpp>

#include <twinlane/agents/detail/expression_checker.hpp>
#include <twinlane/agents/detail/expression_eval.hpp>
#include <twinlane/agents/detail/expression_parser.hpp>

namespace twinlane {

namespace {

using detail::expr::value;

expression_error place(std::string_view text, const detail::expr::mistake& m) {
  expression_error e;
  for (const char c : text.substr(0, m.at)) {
    if (c == '\n') {
      ++e.line;
      e.column = 1;
    } else if ((static_cast<unsigned char>(c) & 0xc0) != 0x80) {
      ++e.column;
    }
  }
  e.message = m.message;
  return e;
}

}  // namespace

expression::outcome expression::compile(std::string_view text, const expression_scope& scope, expression_kind wanted) {
  try {
    auto made = std::make_shared<detail::expr::program>();
    made->source = text.substr(0, bytes_max + 1);
    detail::expr::parser(text, *made).parse();
    detail::expr::checker(*made, scope).check(static_cast<detail::expr::kinds>(wanted));
    return expression(std::move(made));
  } catch (const detail::expr::mistake& m) {
    return place(text, m);
  }
}

bool expression::holds(const expression_context& c) const {
  return detail::expr::evaluation(*program_, c).run().is_true();
}

nlohmann::json expression::evaluate(const expression_context& c) const {
  detail::expr::evaluation e(*program_, c);
  const auto v = e.run();
  if (v.is_text()) e.check_result(v.text().size());
  if (v.what() == value::kind::json) e.check_result(detail::expr::bytes_of(v.json(), result_bytes_max + 1));
  return to_json(v);
}

std::string expression::text(const expression_context& c) const {
  detail::expr::evaluation e(*program_, c);
  const auto v = e.run();
  if (v.is_text()) e.check_result(v.text().size());
  if (v.what() == value::kind::json) e.check_result(detail::expr::bytes_of(v.json(), result_bytes_max + 1));
  std::string out;
  append_text(out, v);
  return out;
}

const std::vector<std::size_t>& expression::lanes() const noexcept { return program_->lanes; }

const std::string& expression::source() const noexcept { return program_->source; }

}  // namespace twinlane
