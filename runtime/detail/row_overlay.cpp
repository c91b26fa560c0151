#include <twinlane/runtime/detail/row_overlay.hpp>

#include <algorithm>
#include <iterator>

#include <twinlane/runtime/detail/sqlite_chunks.hpp>

namespace twinlane::detail {

std::vector<store_row> rows_of(const row_batch& batch) {
  std::vector<store_row> rows;
  rows.reserve(batch.rows());
  batch.for_each([&](const store_row& r) { rows.push_back(r); });
  return rows;
}

std::vector<store_row> overlay(const std::vector<store_row>& over, const std::vector<store_row>& under) {
  std::vector<store_row> all;
  all.reserve(over.size() + under.size());
  std::set_union(over.begin(), over.end(), under.begin(), under.end(), std::back_inserter(all), comes_before);
  return all;
}

}  // namespace twinlane::detail
