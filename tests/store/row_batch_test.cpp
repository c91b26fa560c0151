#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <twinlane/runtime/row_batch.hpp>

namespace twinlane {
namespace {

row_batch sample() {
  row_batch b;
  b.put("/customer/1", "orders", "7", R"({"amount":3})");
  b.put("/customer/1", "orders", "8", std::string(300, 'v'));
  b.remove("/customer/1", "calls", "");
  b.put("/customer/2", "calls", std::string("\0k", 2), "");
  return b;
}

std::vector<std::string> rows_in(std::string_view text) {
  std::vector<std::string> rows;
  const bool good = row_batch::parse(text, [&](const store_row& r) {
    rows.push_back(std::string(r.owner) + "|" + std::string(r.lane) + "|" + std::string(r.key) + "|" +
                   std::string(r.value) + (r.removed ? "-" : "+"));
  });
  if (!good) rows.push_back("damaged");
  return rows;
}

TEST(row_batch, text_holds_the_rows_in_order) {
  const auto b = sample();
  EXPECT_EQ(b.rows(), 4u);
  EXPECT_EQ(rows_in(b.text()),
            (std::vector<std::string>{"/customer/1|orders|7|{\"amount\":3}+",
                                      "/customer/1|orders|8|" + std::string(300, 'v') + "+", "/customer/1|calls||-",
                                      "/customer/2|calls|" + std::string("\0k", 2) + "|+"}));
}

TEST(row_batch, an_empty_one_has_a_text_too) {
  row_batch b;
  EXPECT_TRUE(b.empty());
  EXPECT_TRUE(rows_in(b.text()).empty());
  b.put("a", "b", "c", "d");
  b.clear();
  EXPECT_TRUE(rows_in(b.text()).empty());
}

TEST(row_batch, each_flipped_bit_and_each_cut_is_found) {
  const std::string text(sample().text());
  for (std::size_t bit = 0; bit < text.size() * 8; ++bit) {
    auto bad = text;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << bit % 8));
    ASSERT_EQ(rows_in(bad), std::vector<std::string>{"damaged"}) << "bit " << bit;
  }
  for (std::size_t size = 0; size < text.size(); ++size)
    ASSERT_EQ(rows_in(std::string_view(text).substr(0, size)), std::vector<std::string>{"damaged"});
}

TEST(row_batch, a_row_that_no_store_could_hold_is_refused_and_leaves_the_batch_as_it_was) {
  auto b = sample();
  const std::string before(b.text());
  constexpr std::size_t size = std::size_t{600} << 20;
  const auto large = std::make_unique_for_overwrite<char[]>(size);  // never touched, so it takes no memory
  EXPECT_THROW(b.put("/customer/3", "l", "k", {large.get(), size}), std::length_error);
  EXPECT_EQ(b.text(), before);
}

TEST(row_batch, a_log_of_batches_comes_apart_again) {
  const auto one = sample();
  row_batch two;
  two.put("x", "y", "z", "w");
  std::string log(one.text());
  log += two.text();
  EXPECT_EQ(row_batch::first(log), one.text());
  EXPECT_EQ(row_batch::first(std::string_view(log).substr(one.text().size())), two.text());
  EXPECT_TRUE(row_batch::first(std::string_view(log).substr(0, one.text().size() - 1)).empty());
}

}  // namespace
}  // namespace twinlane
