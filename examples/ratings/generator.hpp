#pragma once

#include <string>
#include <utility>
#include <vector>

#include <twinlane/ingest/generator.hpp>

namespace ratings {

/// The two topics' generators, `customers` and `ratings`: an invented airline with twenty customers.
///
/// Shape    the first twenty records of `customers` are everyone's row; after them, now and then, somebody's club
/// status
///          moves a step and later back. A record's key is the customer's or the rating's id
/// Units    a rating's time is its record's
/// Threads  any
std::vector<std::pair<std::string, twinlane::ingest::generator_fn>> generators();

}  // namespace ratings
