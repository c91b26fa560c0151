#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace twinlane::app {

/// The words of a name, in small letters: `customerAccount_ID` is customer, account, id. What is neither a Latin letter
/// nor a digit separates words.
std::vector<std::string> words_of(std::string_view name);

/// `orders` → `order`, `categories` → `category`; words that do not look like a plural stay.
std::string singular(std::string_view word);

/// The topic's own word, without namespaces before it and a version behind it: `shop.public.orders.v2` → `orders`.
std::string_view topic_word(std::string_view topic);

/// A lane's name: `shop.public.orders` → `orders`.
std::string proposed_lane(std::string_view topic);
/// A source's name, which is the topic's where that is allowed.
std::string proposed_source(std::string_view topic);
/// The type of the agents that a field names, which is their route's first segment, too: `customer_id` or `customer.id`
/// → `customer`. Of a bare `id` the topic tells.
std::string proposed_type(const std::vector<std::string>& names, std::string_view topic);

}  // namespace twinlane::app
