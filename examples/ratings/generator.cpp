#include "generator.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <string_view>

#include <twinlane/lanes/codec.hpp>

#include "records.hpp"

namespace ratings {
namespace {

using twinlane::ingest::generated_record, twinlane::ingest::mix;

constexpr std::array<std::string_view, 4> statuses{"bronze", "silver", "gold", "platinum"};

/// temper: 0 is hard to please, 2 easy.
struct person {
  std::string_view first_name, last_name, gender;
  std::size_t status;
  unsigned temper;
};
constexpr std::array people{person{"Amara", "Lindqvist", "Female", 3, 0}, person{"Bruno", "Castellan", "Male", 0, 1},
                            person{"Chiyo", "Nakagawa", "Female", 3, 2},  person{"Dario", "Venturi", "Male", 1, 0},
                            person{"Elin", "Strand", "Female", 2, 1},     person{"Farouk", "Haddad", "Male", 3, 1},
                            person{"Greta", "Oberholz", "Female", 0, 2},  person{"Hamish", "Calder", "Male", 2, 0},
                            person{"Ines", "Valadares", "Female", 1, 1},  person{"Jonas", "Weidner", "Male", 0, 0},
                            person{"Keziah", "Mbeki", "Female", 2, 2},    person{"Lars", "Tangen", "Male", 1, 2},
                            person{"Mirela", "Popa", "Female", 3, 0},     person{"Niall", "Brennan", "Male", 0, 1},
                            person{"Oona", "Kettunen", "Female", 1, 1},   person{"Pavel", "Dvorak", "Male", 2, 1},
                            person{"Quinn", "Ashdown", "Female", 0, 0},   person{"Rafael", "Quiroga", "Male", 3, 1},
                            person{"Saskia", "Devries", "Female", 1, 2},  person{"Tomas", "Eklund", "Male", 2, 2}};

constexpr std::array<std::string_view, 5> channels{"web", "iOS", "ios", "android", "iOS-test"};

using phrases = std::span<const std::string_view>;
constexpr std::array<std::string_view, 6> bad{"Two hours on the tarmac and not a word from anyone.",
                                              "My suitcase went to another continent.",
                                              "The seat would not stay upright.",
                                              "Nobody could tell me which gate it was.",
                                              "Cold coffee, colder welcome.",
                                              "The app lost my booking, again."};
constexpr std::array<std::string_view, 4> middling{"It took off and it landed.", "Fine, if a little cramped.",
                                                   "Boarding was slow, the crew was kind.",
                                                   "Good lounge, long queue for passports."};
constexpr std::array<std::string_view, 5> good{
    "The crew turned a delay into a pleasant evening.", "Fastest boarding I have ever seen.",
    "They found my scarf and sent it home!", "Quiet cabin, good food, on time.",
    "A window seat over the Alps: thank you."};

/// The numbers of one record, one after the other.
class dice {
 public:
  dice(std::uint64_t seed, std::uint64_t n) : state_(mix(seed, n)) {}
  std::uint64_t below(std::uint64_t n) { return (state_ = mix(state_, n)) % n; }
  template <class Range>
  const auto& of(const Range& range) {
    return range[below(std::size(range))];
  }

 private:
  std::uint64_t state_;
};

// Everyone has a row at first. Later rows move a status by a step and, at the same customer's next row, back again.
member row(std::uint64_t n) {
  const auto who = n * 7 % people.size();
  const auto& p = people[who];
  const bool moved = n / people.size() % 2 == 1;
  member m;
  m.id = static_cast<number>(who) + 1;
  m.first_name = p.first_name;
  m.last_name = p.last_name;
  m.email = text(1, static_cast<char>(p.first_name[0] - 'A' + 'a')) + text(p.last_name) + "@example.com";
  std::transform(m.email.begin(), m.email.end(), m.email.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  m.gender = p.gender;
  m.club_status = statuses[moved ? (p.status == 0 ? 1 : p.status - 1) : p.status];
  m.comments = moved ? "status under review" : "";
  return m;
}

int stars_of(unsigned temper, dice& d) {
  static constexpr int hard[] = {1, 1, 1, 2, 2, 3, 4, 5}, usual[] = {1, 2, 3, 3, 4, 4, 5}, easy[] = {2, 3, 4, 4, 5, 5};
  return temper == 0 ? d.of(hard) : temper == 1 ? d.of(usual) : d.of(easy);
}

// One rating in eleven comes from -1 or 0, whom the airline does not know.
rating rated(std::uint64_t seed, std::uint64_t n) {
  dice d(seed, n);
  rating r;
  r.rating_id = static_cast<number>(n) + 1;
  r.user_id = static_cast<number>(d.below(people.size() + 2)) - 1;
  r.stars = stars_of(r.user_id < 1 ? 1 : people[static_cast<std::size_t>(r.user_id - 1)].temper, d);
  r.route_id = static_cast<number>(1 + d.below(9'999));
  r.rating_time = static_cast<number>(n * 12 + 1);
  r.channel = d.of(channels);
  r.message = d.of(r.stars < 3 ? phrases(bad) : r.stars == 3 ? phrases(middling) : phrases(good));
  return r;
}

void put(generated_record& out, number key) {
  out.key = std::to_string(key);
  out.has_key = true;
}

}  // namespace

std::vector<std::pair<std::string, twinlane::ingest::generator_fn>> generators() {
  using parameters = std::map<std::string, std::string>;
  return {{"customers",
           [](std::uint64_t, std::uint64_t n, const parameters&, generated_record& out) {
             const auto m = row(n);
             twinlane::encode(out.value, m);
             put(out, m.id);
           }},
          {"ratings", [](std::uint64_t seed, std::uint64_t n, const parameters&, generated_record& out) {
             const auto r = rated(seed, n);
             twinlane::encode(out.value, r);
             put(out, r.rating_id);
           }}};
}

}  // namespace ratings
