#pragma once

#include <vector>

#include <twinlane/runtime/row_batch.hpp>

namespace twinlane::detail {

/// The rows of a batch as views of its text, in order of writing.
std::vector<store_row> rows_of(const row_batch& batch);

/// Rows of one owner, both in order of (lane, key); of the same place, `over` wins. Removals stay in.
std::vector<store_row> overlay(const std::vector<store_row>& over, const std::vector<store_row>& under);

}  // namespace twinlane::detail
