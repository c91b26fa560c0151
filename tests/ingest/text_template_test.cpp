#include <twinlane/ingest/text_template.hpp>

#include <stdexcept>

#include <gtest/gtest.h>

namespace twinlane::ingest {
namespace {

TEST(text_template, parts_come_in_order_and_fields_are_numbered_once) {
  field_paths fields;
  const text_template t("{a.b}-{$key}/{c}{a.b}", fields);
  ASSERT_EQ(t.parts().size(), 6u);
  EXPECT_EQ(t.parts()[0].kind, part_kind::field);
  EXPECT_EQ(t.parts()[1].text, "-");
  EXPECT_EQ(t.parts()[2].kind, part_kind::key);
  EXPECT_EQ(t.parts()[4].field_number, 1u);
  EXPECT_EQ(t.parts()[5].field_number, t.parts()[0].field_number);
  EXPECT_EQ(fields.size(), 2u);
  EXPECT_TRUE(t.uses(part_kind::key));
  EXPECT_FALSE(t.uses(part_kind::offset));
}

TEST(text_template, a_field_name_may_hold_dots_when_they_are_escaped) {
  field_paths fields;
  fields.add("a\\.b.c\\\\d");
  ASSERT_EQ(fields.root().children.size(), 1u);
  EXPECT_EQ(fields.root().children[0].name, "a.b");
  EXPECT_EQ(fields.root().children[0].children[0].name, "c\\d");
}

TEST(text_template, malformed_text_is_refused) {
  for (const auto* bad : {"{", "}", "{}", "{a", "a}", "{a{b}}", "{$nothing}", "{a..b}", "{.a}", "{a\\x}"}) {
    field_paths fields;
    EXPECT_THROW(text_template(bad, fields), std::invalid_argument) << bad;
  }
}

TEST(text_template, doubled_braces_are_braces) {
  field_paths fields;
  const text_template t(R"({{"a":{{"b":{x}}}}})", fields);
  ASSERT_EQ(t.parts().size(), 3u);
  EXPECT_EQ(t.parts()[0].text, R"({"a":{"b":)");
  EXPECT_EQ(fields.path(t.parts()[1].field_number), "x");
  EXPECT_EQ(t.parts()[2].text, "}}");
}

TEST(text_template, records_and_items_have_texts_of_their_own) {
  field_paths fields;
  EXPECT_TRUE(text_template("{$uri}{$id}{$value}", fields, template_of::item).uses(part_kind::id));
  EXPECT_THROW(text_template("{$offset}", fields, template_of::item), std::invalid_argument);
  EXPECT_THROW(text_template("{$uri}", fields), std::invalid_argument);
}

TEST(text_template, a_field_is_not_both_text_and_object) {
  field_paths fields;
  fields.add("a.b");
  EXPECT_THROW(fields.add("a"), std::invalid_argument);
  fields.add("c");
  EXPECT_THROW(fields.add("c.d"), std::invalid_argument);
}

TEST(uri_template, segments_are_templates_or_decoded_literals) {
  field_paths fields;
  const uri_template t("/my%20shop/{city}/s-{nr}", fields);
  ASSERT_EQ(t.segments().size(), 3u);
  EXPECT_TRUE(t.segments()[0].is_literal());
  EXPECT_EQ(t.segments()[0].parts()[0].text, "my shop");
  EXPECT_EQ(t.segments()[2].parts().size(), 2u);
  EXPECT_EQ(t.first_open_segment(), 1u);
}

TEST(uri_template, a_slash_within_braces_belongs_to_the_field) {
  field_paths fields;
  const uri_template t("/customer/{a/b}", fields);
  EXPECT_EQ(t.segments().size(), 2u);
  EXPECT_EQ(fields.path(0), "a/b");
}

TEST(uri_template, malformed_paths_are_refused) {
  for (const auto* bad : {"", "/", "customer/{id}", "/customer//{id}", "/a b/{id}", "/a%2/{id}", "/./{id}", "/a/{id"}) {
    field_paths fields;
    EXPECT_THROW(uri_template(bad, fields), std::invalid_argument) << bad;
  }
}

}  // namespace
}  // namespace twinlane::ingest
