// docs/expressions.md says what the language does.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include <twinlane/agents/detail/expression_functions.hpp>
#include <twinlane/agents/expression.hpp>

#include "../support/expression_world.hpp"

using namespace twinlane;

namespace {

using row = std::vector<std::string>;

std::string trimmed(std::string text) {
  const auto from = text.find_first_not_of(" `");
  const auto to = text.find_last_not_of(" `");
  return from == text.npos ? "" : text.substr(from, to - from + 1);
}

// The rows of the table between the two marks.
std::vector<row> table(const std::string& mark) {
  std::ifstream file(EXPRESSIONS_DOCUMENT);
  std::vector<row> rows;
  std::string line;
  bool inside = false;
  while (std::getline(file, line)) {
    if (line == "<!-- /" + mark + " -->") break;
    if (line == "<!-- " + mark + " -->") inside = true;
    if (!inside || !line.starts_with("| `")) continue;
    std::istringstream cells(line.substr(1));
    auto& made = rows.emplace_back();
    for (std::string cell; std::getline(cells, cell, '|');) made.push_back(trimmed(cell));
  }
  return rows;
}

TEST(expression_document, lists_the_functions_as_they_are) {
  std::vector<row> wanted;
  for (const auto& f : detail::expr::functions()) {
    std::string takes;
    for (std::uint8_t i = 0; i < f.listed && f.most > 0; ++i)
      takes += (i ? ", " : "") + detail::expr::describe(f.takes[i]);
    wanted.push_back(
        {std::string(f.shown), takes, f.gives ? detail::expr::describe(f.gives) : "what its arguments are"});
  }
  auto said = table("functions");
  for (auto& r : said) r.resize(3);
  EXPECT_EQ(said, wanted);
}

TEST(expression_document, lists_the_reducers_with_what_they_make_of_nothing) {
  const auto said = table("reducers");
  ASSERT_EQ(said.size(), detail::expr::reducers().size());
  for (std::size_t i = 0; i < said.size(); ++i) {
    const auto& r = detail::expr::reducers()[i];
    ASSERT_GE(said[i].size(), 3u);
    EXPECT_EQ(said[i][0], r.shown);
    EXPECT_EQ(said[i][1], detail::expr::describe(r.gives));
    const std::string inner = r.by == detail::expr::reducer::latest ? "" : ", true";
    const std::string number = r.takes == detail::expr::a_number ? ", 1" : inner;
    const auto e = expression::compile(std::string(r.name) + "(calls" + number + ")", expression_world::scope());
    ASSERT_TRUE(e.has_value()) << r.name << e.error().message;
    EXPECT_EQ(e->evaluate(expression_world()).dump(), said[i][2]) << r.name;
  }
}

TEST(expression_document, gives_examples_that_hold) {
  const auto examples = table("examples");
  ASSERT_GT(examples.size(), 10u);
  for (const auto& example : examples) {
    const auto e = expression::compile(example[0], expression_world::scope());
    ASSERT_TRUE(e.has_value()) << example[0] << e.error().message;
    EXPECT_EQ(e->evaluate(expression_world()).dump(), example[1]) << example[0];
  }
}

}  // namespace
