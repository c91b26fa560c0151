#pragma once

#include <filesystem>
#include <string>

// What lies in a data directory.
namespace twinlane::app::detail {

inline std::string store_file(const std::filesystem::path& data_dir) { return (data_dir / "state.db").string(); }
inline std::filesystem::path dead_letter_folder(const std::filesystem::path& data_dir) { return data_dir / "dead"; }

}  // namespace twinlane::app::detail
