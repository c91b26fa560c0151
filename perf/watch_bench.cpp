// What following costs a turn: agents that nobody watches, that one subscriber watches, and ten; an event a turn.
// Orders change in place, then new ones come and old ones go, which leaves more for those who were away to be told.
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include <twinlane/agents/agent.hpp>
#include <twinlane/agents/uri.hpp>
#include <twinlane/runtime/runtime.hpp>

#include "measure.hpp"

namespace twinlane::perf {
namespace {

struct order {
  std::string status;
  int amount{};
};
BOOST_DESCRIBE_STRUCT(order, (), (status, amount))

class customer final : public agent {
 public:
  using agent::agent;
  map_lane<int, order> orders{*this, "orders", keep_last(50)};
};

constexpr unsigned agents = 1'000, rounds = 400;

std::string uri_of(unsigned n) { return "/customer/" + std::to_string(n); }

/// Takes everything and counts it.
class counting final : public subscriber {
 public:
  bool on_snapshot(std::uint64_t, const snapshot&) override { return true; }
  bool on_diff(std::uint64_t, const diff& d) override {
    ++diffs;
    bytes += d.patch().size();
    return true;
  }
  void on_life(std::uint64_t, const life_event&) override {}
  void on_done(std::uint64_t, std::string_view) override {}
  std::atomic<std::uint64_t> diffs{0}, bytes{0};
};

struct followed {
  unsigned links;
  view what;
};

class bench {
 public:
  bench(const followed& by, unsigned keys) : keys_(keys) {
    runtime_options o;
    o.shards = 16;
    o.workers = 1;
    on_ = std::make_unique<runtime>(std::move(o));
    on_->add<customer>("customer", "/customer/:id");
    on_->start();
    source_ = on_->partition("bench", "topic", 0);
    target_ = std::get<0>(on_->resolve_target("/customer/{id}", "orders"));
    for (unsigned n = 0; n < agents; ++n) {
      uris_.push_back(uri_of(n));
      hashes_.push_back(murmur2(std::to_string(n)));
    }
    for (unsigned n = 0; n < 10; ++n) post();
    for (unsigned n = 0; n < agents * by.links; ++n)
      if (!ok(on_->subscribe({uris_[n % agents], by.what, false}, heard_, n))) std::exit(1);
    on_->drain(std::chrono::seconds(60));
  }
  ~bench() { on_->stop(std::chrono::seconds(10)); }

  /// Seconds of processor time.
  double run() {
    const auto before = cpu_seconds();
    for (unsigned n = 0; n < rounds; ++n) post();
    return cpu_seconds() - before;
  }
  const counting& heard() const { return *heard_; }

 private:
  void post() {
    const auto key = std::to_string(at_ % keys_);
    const auto value = R"({"status":"shipped","amount":)" + std::to_string(at_) + '}';
    ++at_;
    std::vector<routed_record> records;
    for (unsigned n = 0; n < agents; ++n)
      records.push_back({uris_[n], hashes_[n], target_.id, key, value, false, offset_++, 0});
    on_->post(source_, records, {}, offset_, std::chrono::steady_clock::now());
    on_->drain(std::chrono::seconds(60));
  }

  const unsigned keys_;
  std::unique_ptr<runtime> on_;
  std::shared_ptr<source_partition> source_;
  target_info target_;
  std::vector<std::string> uris_;
  std::vector<std::uint32_t> hashes_;
  std::shared_ptr<counting> heard_ = std::make_shared<counting>();
  std::uint64_t at_ = 0;
  std::int64_t offset_ = 0;
};

void measure(const char* what, const followed& by, unsigned keys) {
  double best = 1e9;
  bench b(by, keys);
  for (int run = 0; run < 3; ++run) best = std::min(best, b.run());
  const double turns = static_cast<double>(agents) * rounds;
  std::printf("%-40s %7.0f ns a turn  %9llu diffs  %6.1f MB resident\n", what, best / turns * 1e9,
              static_cast<unsigned long long>(b.heard().diffs.load()), resident_mb());
}

}  // namespace
}  // namespace twinlane::perf

int main() {
  using namespace twinlane::perf;
  using twinlane::field_set;
  measure("in place, nobody watches", {0, {}}, 10);
  measure("in place, one watches", {1, {}}, 10);
  measure("in place, ten watch", {10, {}}, 10);
  const auto amount = std::make_shared<const field_set>(field_set::of({{"orders", "3", "amount"}}));
  measure("in place, ten watch a field", {10, {true, {}, amount}}, 10);
  measure("new orders, nobody watches", {0, {}}, 1'000'000);
  measure("new orders, one watches", {1, {}}, 1'000'000);
  measure("new orders, ten watch", {10, {}}, 1'000'000);
}
