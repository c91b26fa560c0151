#include "phrases.hpp"

#include <cctype>
#include <utility>

namespace customer360 {
namespace {

using view = std::string_view;

constexpr view irish_w[] = {"Aoife", "Niamh", "Saoirse", "Orla"}, irish_m[] = {"Cillian", "Oisín", "Ronan", "Declan"},
               irish_f[] = {"Murphy", "O'Brien", "Gallagher", "Kavanagh"};
constexpr view german_w[] = {"Hannah", "Lena", "Katrin", "Jule"}, german_m[] = {"Jonas", "Felix", "Jürgen", "Matthias"},
               german_f[] = {"Weber", "Brandt", "Schröder", "Lindner"};
constexpr view french_w[] = {"Inès", "Chloé", "Margaux", "Élodie"}, french_m[] = {"Hugo", "Rémi", "Théo", "Laurent"},
               french_f[] = {"Dubois", "Lefèvre", "Moreau", "Delacroix"};
constexpr view nordic_w[] = {"Astrid", "Freja", "Sólveig", "Ingrid"}, nordic_m[] = {"Søren", "Lars", "Bjørn", "Oskar"},
               nordic_f[] = {"Lindqvist", "Nyström", "Kjær", "Hansen"};
constexpr view iberian_w[] = {"Lucía", "Beatriz", "Carmen", "Leonor"},
               iberian_m[] = {"Diego", "João", "Álvaro", "Tiago"},
               iberian_f[] = {"Carvalho", "Morales", "Núñez", "Santos"};
constexpr view italian_w[] = {"Giulia", "Chiara", "Sofia", "Beatrice"},
               italian_m[] = {"Luca", "Matteo", "Davide", "Nicolò"},
               italian_f[] = {"Ferrari", "Marchetti", "Ricci", "Colombo"};
constexpr view polish_w[] = {"Zofia", "Agnieszka", "Maja", "Hanna"}, polish_m[] = {"Adam", "Kacper", "Paweł", "Tomasz"},
               polish_f[] = {"Kowalczyk", "Nowak", "Wójcik", "Mazur"};
constexpr view greek_w[] = {"Eleni", "Zoi", "Despina", "Katerina"},
               greek_m[] = {"Nikos", "Giorgos", "Stavros", "Yannis"},
               greek_f[] = {"Papadakis", "Vlachos", "Georgiou", "Makris"};
constexpr view turkish_w[] = {"Elif", "Zeynep", "Ayşe", "Defne"}, turkish_m[] = {"Emre", "Murat", "Can", "Yusuf"},
               turkish_f[] = {"Yılmaz", "Demir", "Kaya", "Şahin"};
constexpr view nigerian_w[] = {"Adaeze", "Ngozi", "Folake", "Amara"},
               nigerian_m[] = {"Chidi", "Tunde", "Emeka", "Kelechi"},
               nigerian_f[] = {"Okafor", "Adeyemi", "Eze", "Balogun"};
constexpr view indian_w[] = {"Priya", "Ananya", "Meera", "Kavya"}, indian_m[] = {"Arjun", "Rohan", "Vikram", "Sanjay"},
               indian_f[] = {"Iyer", "Sharma", "Patel", "Banerjee"};
constexpr view japanese_w[] = {"Yuki", "Sakura", "Haruka", "Aiko"},
               japanese_m[] = {"Kenji", "Haruto", "Daichi", "Takumi"},
               japanese_f[] = {"Watanabe", "Tanaka", "Mori", "Ishikawa"};
constexpr culture all_cultures[] = {
    {irish_w, irish_m, irish_f},          {german_w, german_m, german_f},    {french_w, french_m, french_f},
    {nordic_w, nordic_m, nordic_f},       {iberian_w, iberian_m, iberian_f}, {italian_w, italian_m, italian_f},
    {polish_w, polish_m, polish_f},       {greek_w, greek_m, greek_f},       {turkish_w, turkish_m, turkish_f},
    {nigerian_w, nigerian_m, nigerian_f}, {indian_w, indian_m, indian_f},    {japanese_w, japanese_m, japanese_f}};

constexpr city all_cities[] = {{"Bristol", "BS1 4DJ", "United Kingdom", "+44 117 496 0", 51.4545, -2.5879, 11, 0.40},
                               {"Dublin", "D02 X285", "Ireland", "+353 20 910 0", 53.3498, -6.2603, 10, 0.42},
                               {"Hamburg", "20095", "Germany", "+49 40 669 69", 53.5511, 9.9937, 10, 0.38},
                               {"Lyon", "69002", "France", "+33 4 65 71 0", 45.7640, 4.8357, 13, 0.28},
                               {"Porto", "4000-069", "Portugal", "+351 22 555 0", 41.1579, -8.6291, 16, 0.30},
                               {"Bergen", "5014", "Norway", "+47 55 00 0", 60.3913, 5.3221, 8, 0.60},
                               {"Milan", "20121", "Italy", "+39 02 5555 0", 45.4642, 9.1900, 14, 0.24},
                               {"Kraków", "31-042", "Poland", "+48 12 555 0", 50.0647, 19.9450, 9, 0.28},
                               {"Ghent", "9000", "Belgium", "+32 9 555 0", 51.0543, 3.7174, 11, 0.36},
                               {"Athens", "105 63", "Greece", "+30 21 5555 0", 37.9838, 23.7275, 19, 0.12},
                               {"Seville", "41001", "Spain", "+34 95 555 0", 37.3891, -5.9845, 19, 0.12},
                               {"Gothenburg", "411 06", "Sweden", "+46 31 390 60", 57.7089, 11.9746, 8, 0.38}};

constexpr view all_streets[] = {"Harbour Street", "Mill Lane",  "Station Road", "Linden Avenue", "Market Square",
                                "Chapel Hill",    "River Walk", "Garden Row",   "Castle Street", "Lighthouse Road"};

constexpr view rainwear[] = {"Folding Umbrella", "Rain Coat",   "Stick Umbrella",
                             "Rain Boots",       "Rain Poncho", "Storm Umbrella"};
constexpr view knitwear[] = {"Merino Crew Neck", "Cardigan", "Cable Sweater", "Roll Neck"};
constexpr view denim[] = {"Selvedge Jeans", "Denim Jacket", "Straight Jeans", "Denim Shirt"};
constexpr view shoes[] = {"Chelsea Boot", "Trail Runner", "Leather Loafer", "Canvas Sneaker"};
constexpr view dresses[] = {"Linen Dress", "Wrap Dress", "Silk Blouse", "Midi Skirt"};
constexpr view outerwear[] = {"Down Vest", "Wool Coat", "Trench Coat", "Quilted Jacket"};
constexpr view accessories[] = {"Wool Scarf", "Leather Belt", "Canvas Tote", "Knit Beanie"};
constexpr view sportswear[] = {"Running Tights", "Training Tee", "Track Jacket", "Yoga Top"};
constexpr department all_departments[] = {{"rainwear", rainwear, 19, 129},
                                          {"knitwear", knitwear, 45, 140},
                                          {"denim", denim, 59, 159},
                                          {"shoes", shoes, 69, 219},
                                          {"dresses", dresses, 55, 189},
                                          {"outerwear", outerwear, 99, 349},
                                          {"accessories", accessories, 19, 89},
                                          {"sportswear", sportswear, 25, 99}};
constexpr view all_adjectives[] = {"Harbour", "Northern", "Classic",  "City",   "Heritage",
                                   "Coastal", "Alpine",   "Everyday", "Studio", "Weekend"};
constexpr view all_brands[] = {"Northmoor", "Vela",         "Kite & Cotton", "Aurelio",
                               "Fjellhus",  "Maison Petit", "Tidewater"};

constexpr view good_openings[] = {"Love the", "Very happy with the", "Third time I buy the",
                                  "Exactly what I hoped for: the"};
constexpr view good_details[] = {"fits like a glove", "feels sturdy and light",
                                 "looks even better than in the pictures", "has kept me warm all week",
                                 "came a day early"};
constexpr view good_closings[] = {"Would buy again.", "Already ordered a second one.",
                                  "Five stars from the whole family.", "Thank you!"};
constexpr view middling_openings[] = {"A decent", "Mixed feelings about the", "Not bad, the", "An average"};
constexpr view middling_details[] = {"runs a little small", "is a shade darker than shown", "does the job",
                                     "needs a careful wash", "took a week to come"};
constexpr view middling_closings[] = {"Fine for the price.", "Might keep it.", "Hoped for a bit more.",
                                      "Let's see how it wears."};
constexpr view bad_openings[] = {"Disappointed with the", "Sending back the", "Never again the", "Sad about the"};
constexpr view bad_details[] = {"lost a seam on day two", "arrived with a stain", "let the water in at once",
                                "is two sizes off", "was not what I ordered"};
constexpr view bad_closings[] = {"Still waiting for an answer.", "I want my money back.", "Support hung up on me.",
                                 "Avoid."};

constexpr view colours[] = {"navy", "black", "yellow", "olive", "red", "cream", "petrol"};
constexpr view all_return_reasons[] = {"Too small",   "Too large",      "Arrived late",    "Not as shown",
                                       "Faulty seam", "Colour differs", "Changed my mind", "Ordered two to compare"};
constexpr view notes_kind[] = {"Asked about delivery", "Changed the delivery address", "Praised the store staff",
                               "Asked for gift wrapping"};
constexpr view notes_plain[] = {"Asked about delivery", "Wants an exchange in another size", "Question on the invoice",
                                "Asked when it is back in stock"};
constexpr view notes_cross[] = {"Wants a refund", "Complains about a late parcel", "Asks for the manager",
                                "Says nobody calls back"};
constexpr view notes_dropped[] = {"Line dropped while on hold", "Cut off before the transfer",
                                  "Call lost, no callback yet"};

constexpr view complaints[] = {"Two weeks and still no", "Worst support ever, all I want is my",
                               "The zip of my new one broke: the", "Anyone else waiting for the"};
constexpr view praises[] = {"Soaked city, dry me: the", "Best buy this year: the", "Compliments all day for my",
                            "So glad I found the"};
constexpr view shares[] = {"Look what came today: the", "On my wishlist: the", "My colour of the year: the"};
constexpr view mentions[] = {"Has anyone tried the", "Thinking about the", "Is it too early for the"};

constexpr view all_shops[] = {"Trailhouse",    "Maison Verte",      "Booklane",
                              "Home & Hearth", "Greenfield Market", "Volt Electronics"};
constexpr view all_levels[] = {"secondary", "vocational", "bachelor", "master", "doctorate"};
constexpr view all_interests[] = {"cycling",   "travel", "cooking", "photography", "running",
                                  "gardening", "cinema", "sailing", "yoga",        "gaming"};
constexpr view all_values[] = {"sustainability", "family",        "independence", "tradition",
                               "adventure",      "craftsmanship", "thrift"};
constexpr view all_traits[] = {"curious", "careful", "spontaneous", "loyal", "sociable", "organised", "relaxed"};

constexpr std::pair<view, view> folded[] = {{"á", "a"}, {"ã", "a"}, {"æ", "ae"}, {"é", "e"}, {"è", "e"},
                                            {"ë", "e"}, {"í", "i"}, {"ı", "i"},  {"ł", "l"}, {"ñ", "n"},
                                            {"ó", "o"}, {"ò", "o"}, {"ö", "o"},  {"ø", "o"}, {"ş", "s"},
                                            {"ú", "u"}, {"ü", "u"}, {"Á", "a"},  {"É", "e"}, {"Ş", "s"}};

std::string sentence(std::initializer_list<view> parts) {
  std::string out;
  for (const auto part : parts) {
    if (!out.empty()) out += ' ';
    out += part;
  }
  return out;
}

}  // namespace

std::span<const culture> cultures() { return all_cultures; }
std::span<const city> cities() { return all_cities; }
words streets() { return all_streets; }
std::span<const department> departments() { return all_departments; }
words adjectives() { return all_adjectives; }
words brands() { return all_brands; }
words other_shops() { return all_shops; }
words education_levels() { return all_levels; }
words interests() { return all_interests; }
words values() { return all_values; }
words traits() { return all_traits; }

std::string plain(std::string_view name) {
  std::string out;
  while (!name.empty()) {
    const auto c = static_cast<unsigned char>(name.front());
    if (c < 0x80) {
      if (std::isalpha(c)) out += static_cast<char>(std::tolower(c));
      name.remove_prefix(1);
      continue;
    }
    for (const auto& [letter, base] : folded)
      if (name.starts_with(letter)) out += base;
    do name.remove_prefix(1);
    while (!name.empty() && (static_cast<unsigned char>(name.front()) & 0xC0) == 0x80);
  }
  return out;
}

std::string review_sentence(dice& d, int rating, const std::string& product) {
  if (rating >= 4)
    return sentence({d.of(good_openings), product + ":", d.of(good_details)}) + ". " + std::string(d.of(good_closings));
  if (rating == 3)
    return sentence({d.of(middling_openings), product + ":", d.of(middling_details)}) + ". " +
           std::string(d.of(middling_closings));
  return sentence({d.of(bad_openings), product + ":", d.of(bad_details)}) + ". " + std::string(d.of(bad_closings));
}

std::string search_query(dice& d, const product_details& wanted) {
  std::string kind;
  for (const char c : wanted.subcategory) kind += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  switch (d.below(4)) {
    case 0:
      return sentence({d.of(colours), kind});
    case 1:
      return sentence({kind, "sale"});
    case 2:
      return sentence({wanted.brand, kind});
    default:
      return kind;
  }
}

std::string return_reason(dice& d) { return std::string(d.of(all_return_reasons)); }

std::string call_note(dice& d, persona who, bool dropped) {
  if (dropped) return std::string(d.of(notes_dropped));
  if (who == persona::annoyed) return std::string(d.of(notes_cross));
  return std::string(who == persona::happy ? d.of(notes_kind) : d.of(notes_plain));
}

std::string post(dice& d, std::string_view kind, const std::string& product) {
  if (kind == "complaint") return sentence({d.of(complaints), product});
  if (kind == "praise") return sentence({d.of(praises), product});
  if (kind == "share" || kind == "like") return sentence({d.of(shares), product});
  return sentence({d.of(mentions), product}) + "?";
}

}  // namespace customer360
