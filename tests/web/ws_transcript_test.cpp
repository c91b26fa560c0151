#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <web/served.hpp>

namespace twinlane::testing {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using nlohmann::ordered_json;

std::vector<fs::path> transcripts() {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(TWINLANE_TRANSCRIPTS)) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

std::string rest_of(std::istringstream& in) {
  std::string text;
  std::getline(in >> std::ws, text);
  return text;
}

// `! set URI LANE JSON`, `! entry URI LANE KEY JSON`, `! emit URI LANE JSON`, `! erase URI`,
// `! life URI EVENT CAUSE`
void drive(fake_port& port, const std::string& line) {
  std::istringstream in(line);
  std::string verb, uri, lane, key;
  in >> verb >> uri;
  if (verb == "set") {
    in >> lane;
    port.set(uri, lane, json::parse(rest_of(in)));
  } else if (verb == "entry") {
    in >> lane >> key;
    port.set_entry(uri, lane, key, json::parse(rest_of(in)));
  } else if (verb == "erase") {
    port.erase(uri);
  } else if (verb == "emit") {
    in >> lane;
    port.emit(uri, lane, json::parse(rest_of(in)));
  } else if (verb == "life") {
    in >> key;
    port.announce(uri, key, rest_of(in));
  } else {
    FAIL() << "no such verb: " << verb;
  }
}

// `< A | B`: one of the two.
bool expected(const std::string& wanted, const ordered_json& got) {
  const auto bar = wanted.find(" | ");
  if (bar != std::string::npos) return expected(wanted.substr(0, bar), got) || expected(wanted.substr(bar + 3), got);
  return ordered_json::parse(wanted).dump() == got.dump();
}

void play(const fs::path& file) {
  served s;
  auto client = s.ws();
  std::ifstream in(file);
  int number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    if (line.size() < 2 || line[0] == '#') continue;
    const auto text = line.substr(2);
    if (line[0] == '>') {
      client.send(text);
    } else if (line[0] == '!') {
      drive(*s.port, text);
    } else if (line[0] == '<') {
      const auto got = client.next();
      ASSERT_TRUE(expected(text, got)) << file.filename() << ":" << number << "\n  wanted " << text << "\n  got    "
                                       << got;
    } else if (line[0] == 'x') {
      ASSERT_EQ(client.close_code(), std::stoul(text)) << file.filename() << ":" << number;
      ASSERT_TRUE(eventually([&] { return s.server->subscriptions() == 0; }));
    } else {
      FAIL() << file.filename() << ":" << number << ": " << line;
    }
  }
  ASSERT_GT(number, 1) << file;
}

TEST(ws_transcript, each_one_is_spoken_word_for_word) {
  const auto files = transcripts();
  ASSERT_GE(files.size(), 10u);
  for (const auto& file : files) {
    SCOPED_TRACE(file.filename());
    play(file);
  }
}

}  // namespace
}  // namespace twinlane::testing
