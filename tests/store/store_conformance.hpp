#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

#include <twinlane/runtime/store.hpp>

/// What every store that keeps rows must do. A store takes part with one store_kind (store_test.cpp).
namespace twinlane::testing {

using place = std::tuple<std::string, std::string, std::string>;
using content = std::map<place, std::string>;

/// A kind of store; `open` makes and opens one over what lies in the folder.
struct store_kind {
  std::string name;
  std::function<std::unique_ptr<twinlane::store>(const std::filesystem::path&)> make;
};
inline void PrintTo(const store_kind& k, std::ostream* to) { *to << k.name; }

/// A folder of a test's own.
class scratch_folder {
 public:
  scratch_folder();
  ~scratch_folder();
  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(const char* name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

/// Applies a batch to what a store should hold.
void apply_rows(const row_batch& rows, content& to);
/// All that a store holds under a prefix, found owner by owner. Adds a failure when rows come out of order.
content all_of(twinlane::store& store, std::string_view prefix = "");
content of_owner(const content& all, const std::string& owner);

/// A batch of some rows that depends on the numbers alone: few owners and keys, so that places meet again.
row_batch batch_of(std::uint64_t seed, std::uint64_t n);

/// Waits until all that was commited before is durable.
void settle(twinlane::store& store, durability d = durability::soon);

class store_conformance : public ::testing::TestWithParam<store_kind> {
 protected:
  void open();
  void reopen();
  void TearDown() override { store.reset(); }

  scratch_folder folder;
  std::unique_ptr<twinlane::store> store;
};

}  // namespace twinlane::testing
