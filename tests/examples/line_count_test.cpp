// The example claims to be short; its README says how short.
#include <filesystem>
#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tests {
namespace {

const std::filesystem::path folder = CUSTOMER360_FOLDER;

std::string text_of(const std::filesystem::path& file) {
  std::ifstream in(file);
  EXPECT_TRUE(in) << file;
  return {std::istreambuf_iterator<char>(in), {}};
}

/// Lines that are neither blank nor comments.
int lines_of(const char* file) {
  std::ifstream in(folder / file);
  EXPECT_TRUE(in) << file;
  int count = 0;
  for (std::string line; std::getline(in, line);) {
    const auto first = line.find_first_not_of(" \t");
    count += first != std::string::npos && line.compare(first, 2, "//") != 0;
  }
  return count;
}

TEST(customer360_readme, shows_the_lines_that_there_are_and_they_are_under_200) {
  const int records = lines_of("records.hpp"), customer = lines_of("customer.hpp") + lines_of("customer.cpp"),
            product = lines_of("product.hpp"), program = lines_of("main.cpp");
  const int together = records + customer + product + program;
  EXPECT_LT(together, 200);
  const auto readme = text_of(folder / "README.md");
  for (const auto& row :
       {"| records.hpp | " + std::to_string(records) + " |",
        "| customer.hpp, customer.cpp | " + std::to_string(customer) + " |",
        "| product.hpp | " + std::to_string(product) + " |", "| main.cpp | " + std::to_string(program) + " |",
        "| **together** | **" + std::to_string(together) + "** |",
        "| rules.hpp, customer_rules.cpp | " + std::to_string(lines_of("rules.hpp") + lines_of("customer_rules.cpp")) +
            " |"})
    EXPECT_THAT(readme, testing::HasSubstr(row));
}

}  // namespace
}  // namespace tests
