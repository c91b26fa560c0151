// The stores that take part in the conformance tests.
#include <mutex>

#include <twinlane/runtime/sqlite_store.hpp>

#include "store_conformance.hpp"

namespace twinlane::testing {

namespace {

/// Rows in a map, which outlives the store as a file would: what the other stores are measured by.
class map_store final : public store {
 public:
  explicit map_store(std::shared_ptr<content> kept) : kept_(std::move(kept)) {}
  store_opened open() override { return {1, true}; }
  bool keeps_rows() const noexcept override { return true; }
  void commit(row_batch rows, durability, std::unique_ptr<commit_waiter> waiter) override {
    std::lock_guard lock(mutex_);
    apply_rows(rows, *kept_);
    if (waiter) waiter->durable();
  }
  void read(std::string_view owner, const std::function<void(const store_row&)>& f) override {
    std::lock_guard lock(mutex_);
    for (auto at = kept_->lower_bound({std::string(owner), "", ""}); at != kept_->end(); ++at) {
      const auto& [o, lane, key] = at->first;
      if (o != owner) break;
      f({o, lane, key, at->second});
    }
  }
  std::vector<std::string> owners(std::string_view prefix, std::string_view after, std::size_t limit) override {
    std::lock_guard lock(mutex_);
    std::vector<std::string> names;
    for (const auto& [at, value] : *kept_) {
      const auto& o = std::get<0>(at);
      if (names.size() < limit && o.starts_with(prefix) && o > after && (names.empty() || names.back() != o))
        names.push_back(o);
    }
    return names;
  }
  std::optional<std::string> trouble() const override { return std::nullopt; }
  bool close() override { return true; }

 private:
  std::shared_ptr<content> kept_;
  std::mutex mutex_;
};

store_kind in_map() {
  return {"map", [](const std::filesystem::path& folder) {
            static std::map<std::filesystem::path, std::shared_ptr<content>> kept;
            // A folder that was emptied is a new one.
            auto& mine = kept[folder];
            if (!mine || std::filesystem::is_empty(folder)) mine = std::make_shared<content>();
            std::filesystem::create_directories(folder / "kept");
            return std::make_unique<map_store>(mine);
          }};
}

store_kind in_sqlite(const char* name, const sqlite_store_options& like) {
  return {name, [like](const std::filesystem::path& folder) {
            auto o = like;
            o.file = (folder / "store.db").string();
            return std::make_unique<sqlite_store>(o);
          }};
}

sqlite_store_options folding_always() {
  sqlite_store_options o;
  o.fold_bytes = 1;
  o.transaction_bytes_max = 1;
  o.linger = std::chrono::microseconds(0);
  o.log_bytes_max = 64 * 1024;
  return o;
}

sqlite_store_options splitting_the_log() {
  sqlite_store_options o;
  o.fold_bytes = 200 * 1024;
  o.redo_row_bytes_max = 500;
  return o;
}

sqlite_store_options folding_at_times() {
  sqlite_store_options o;
  o.fold_bytes = 100 * 1024;
  o.log_bytes_max = 1024 * 1024;
  return o;
}

}  // namespace

INSTANTIATE_TEST_SUITE_P(kinds, store_conformance,
                         ::testing::Values(in_map(), in_sqlite("sqlite", {}),
                                           in_sqlite("sqlite_folding", folding_at_times()),
                                           in_sqlite("sqlite_splitting_the_log", splitting_the_log()),
                                           in_sqlite("sqlite_folding_always", folding_always())),
                         [](const auto& i) { return i.param.name; });

TEST(memory_store, calls_waiters_at_once_and_keeps_nothing) {
  memory_store store;
  EXPECT_GT(store.open().epoch, 0u);
  row_batch rows;
  rows.put("/a", "", "", "x");
  store.commit(std::move(rows), durability::now, nullptr);
  EXPECT_FALSE(store.keeps_rows());
  EXPECT_TRUE(store.owners("", "", 10).empty());
  EXPECT_TRUE(store.close());
}

}  // namespace twinlane::testing
