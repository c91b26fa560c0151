#pragma once

#include <string>
#include <utility>
#include <vector>

#include <twinlane/ingest/generator.hpp>

namespace customer360 {

/// The streams' generators, by the names of their topics. All of one seed tell of the same customers and products:
/// an order is paid, shipped and perhaps returned, and who is annoyed shows it everywhere.
///
/// Shape    parameters `customers` (default 200) and `products` (default 60); a record's key is its customer's or
///          product's id
/// Cost     the world of one seed and size is made once and kept, at most 16 of them
/// Threads  any
/// Errors   std::invalid_argument for a parameter that is no number or out of range, or a world too many
std::vector<std::pair<std::string, twinlane::ingest::generator_fn>> generators();

}  // namespace customer360
