#pragma once

#include <cstddef>
#include <string>

#include <nlohmann/json_fwd.hpp>

namespace twinlane {

/// Removes null members of objects at every depth; nulls in arrays stay. What a merge patch cannot say is then gone
/// from the value. All functions below treat a null member as absent, so that calling this is a matter of memory only.
void remove_nulls(nlohmann::json& v);

namespace detail {

// The json side of codec.hpp and diff.hpp. `depth` counts the objects and arrays around the value.
void write_json(std::string& out, const nlohmann::json& v, unsigned depth);
void check_json_value(const nlohmann::json& v, unsigned depth);
bool equal_json(const nlohmann::json& a, const nlohmann::json& b) noexcept;
bool is_null_json(const nlohmann::json& v) noexcept;
bool diff_json(std::string& out, const nlohmann::json& before, const nlohmann::json& now, unsigned depth);

}  // namespace detail
}  // namespace twinlane
