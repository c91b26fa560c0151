#include <twinlane/web/access/token_text.hpp>

#include <set>

#include <gtest/gtest.h>

namespace twinlane::web {
namespace {

TEST(token_text, base64url_goes_there_and_back) {
  EXPECT_EQ(base64url("\xfb\xff"), "-_8");
  std::string bytes;
  for (int i = 0; i < 300; ++i) {
    EXPECT_EQ(base64url_decoded(base64url(bytes)), bytes);
    bytes += static_cast<char>(i * 37);
  }
}

TEST(token_text, a_text_has_one_spelling) {
  EXPECT_EQ(base64url_decoded("YQ"), "a");
  for (const std::string wrong : {"YQ==", "YR", "Y", "Y Q", "Y+", "Y/", "YWE\n"})
    EXPECT_FALSE(base64url_decoded(wrong)) << wrong;
}

TEST(token_text, the_hash_is_sha_256) {
  EXPECT_EQ(hex(sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_TRUE(same_hash(sha256("abc"), sha256("abc")));
  EXPECT_FALSE(same_hash(sha256("abc"), sha256("abd")));
}

TEST(token_text, new_tokens_are_long_and_differ) {
  std::set<std::string> all;
  for (int i = 0; i < 100; ++i) all.insert(random_token());
  EXPECT_EQ(all.size(), 100u);
  EXPECT_EQ(base64url_decoded(all.begin()->substr(4))->size(), 32u);
}

}  // namespace
}  // namespace twinlane::web
