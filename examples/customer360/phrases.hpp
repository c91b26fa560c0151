#pragma once

#include <span>
#include <string>
#include <string_view>

#include "world.hpp"

/// The texts of the made-up world.
namespace customer360 {

using words = std::span<const std::string_view>;

struct culture {
  words women, men, families;
};
std::span<const culture> cultures();
std::span<const city> cities();
words streets();

struct department {
  std::string_view category;
  words kinds;       // subcategory = product
  double low, high;  // prices
};
/// The first is rainwear.
std::span<const department> departments();
words adjectives();
words brands();

/// "Anna" → "anna", "Zoë" → "zoe": for e-mail addresses.
std::string plain(std::string_view name);

std::string review_sentence(dice& d, int rating, const std::string& product);
std::string search_query(dice& d, const product_details& wanted);
std::string return_reason(dice& d);
std::string call_note(dice& d, persona who, bool dropped);
/// kind: complaint, praise, share, like, mention
std::string post(dice& d, std::string_view kind, const std::string& product);

words other_shops();
words education_levels();
words interests();
words values();
words traits();

}  // namespace customer360
