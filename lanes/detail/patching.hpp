#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include <twinlane/lanes/codec.hpp>

namespace twinlane::detail {

/// Decodes a merge patch applied to the present value (null: none). Goes through a DOM: writes from outside are rare.
template <class T>
decode_status decode_merged(decoder& d, const T* present, const nlohmann::json& patch, T& out) {
  nlohmann::json whole;
  if (present) {
    std::string text;
    encode(text, *present);
    whole = nlohmann::json::parse(text);
  }
  whole.merge_patch(patch);
  return d.decode(whole.dump(), out);
}

/// The same from text. The decoder checks the text but drops nulls, which mean removal here, so it is parsed again.
template <class T>
decode_status decode_patched(decoder& d, const T* present, std::string_view padded_patch, T& out) {
  nlohmann::json checked;
  if (auto status = d.decode(padded_patch, checked); !status) return status;
  return decode_merged(d, present, nlohmann::json::parse(padded_patch), out);
}

/// Takes an object apart into its members, nulls included.
decode_status decode_members(decoder& d, std::string_view padded, nlohmann::json::object_t& members);

}  // namespace twinlane::detail
