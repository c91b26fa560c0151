#include "records.hpp"

#include <algorithm>

namespace ratings {

bool is_test(std::string_view channel) {
  constexpr std::string_view word = "test";
  // Not std::tolower, which asks the locale.
  const auto same = [](char c, char w) { return c == w || c == w - 'a' + 'A'; };
  return std::search(channel.begin(), channel.end(), word.begin(), word.end(), same) != channel.end();
}

bool is_unhappy_vip(const enriched_rating& r) { return r.stars < 3 && r.club_status == "platinum"; }

}  // namespace ratings
