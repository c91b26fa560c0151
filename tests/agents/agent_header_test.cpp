#include <gtest/gtest.h>
#include <twinlane/agents/agent_header.hpp>

using namespace twinlane;

namespace {

std::string text_of(const agent_header& h) {
  std::string text;
  h.append(text);
  return text;
}

TEST(agent_header, holds_birth_rev_timers_and_notes) {
  agent_header h;
  h.birth = 42;
  h.rev = 17;
  EXPECT_EQ(text_of(h), "1 42 17");
  h.timers = {{"alarm", 1'700'000'000'000}, {"a b:9", -5}};
  h.notes = {{"diary", "12"}, {"", "any text, t5: l6:"}};
  const auto text = text_of(h);
  EXPECT_EQ(text, "1 42 17 t5:alarm1700000000000 t5:a b:9-5 l5:diary2:12 l0:17:any text, t5: l6:");
  agent_header back;
  ASSERT_TRUE(back.parse(text));
  EXPECT_EQ(back.birth, 42u);
  EXPECT_EQ(back.rev, 17u);
  ASSERT_EQ(back.timers.size(), 2u);
  EXPECT_EQ(back.timers[1].name, "a b:9");
  EXPECT_EQ(back.timers[1].due_ms, -5);
  ASSERT_EQ(back.notes.size(), 2u);
  EXPECT_EQ(back.notes[1].text, "any text, t5: l6:");
  EXPECT_EQ(text_of(back), text);
}

TEST(agent_header, parsing_again_forgets_what_was_there) {
  agent_header h;
  ASSERT_TRUE(h.parse("1 42 17 t5:alarm7 l1:x1:y"));
  ASSERT_TRUE(h.parse("1 1 2"));
  EXPECT_EQ(text_of(h), "1 1 2");
}

TEST(agent_header, tells_the_version_of_the_type_when_it_is_not_the_first) {
  agent_header h;
  ASSERT_TRUE(h.parse("1 42 17 v3 t5:alarm7"));
  EXPECT_EQ(h.type_version, 3u);
  EXPECT_EQ(text_of(h), "1 42 17 v3 t5:alarm7");
  ASSERT_TRUE(h.parse("1 42 17"));
  EXPECT_EQ(h.type_version, 1u);
  for (const char* bad : {"1 2 3 v", "1 2 3 v0", "1 2 3 vx", "1 2 3 v-1", "1 2 3 v4294967296", "1 2 3 v2 "})
    EXPECT_FALSE(h.parse(bad)) << bad;
}

TEST(agent_header, refuses_what_is_damaged_or_of_another_version) {
  agent_header h;
  for (const char* bad : {"", "1", "1 ", "1 2", "1 2 ", "1 2 x", "1 2 3 ", "1 2 3 x", "1 2 3 t", "1 2 3 t5:alar",
                          "1 2 3 t5:alarm", "1 2 3 t5alarm7", "1 2 3 l5:diary", "1 2 3 l5:diary9:1", "1 -2 3",
                          "1 2 99999999999999999999", "1 2 3 t5:alarm7x", "1 2 3 t99999999999999999999:a7"})
    EXPECT_FALSE(h.parse(bad)) << bad;
  EXPECT_EQ(h.parse("2 1 1").detail, "the agent's header has version 2, this program reads 1");
}

}  // namespace
