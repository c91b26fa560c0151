// What one core decodes, encodes, compares and diffs of a 90-byte record with five fields.
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>
#include <twinlane/lanes/codec.hpp>
#include <twinlane/lanes/diff.hpp>
#include <twinlane/lanes/dirty_paths.hpp>

namespace {

enum class status { open, paid, shipped, returned };
BOOST_DESCRIBE_ENUM(status, open, paid, shipped, returned)

struct order {
  std::int64_t id{};
  std::int64_t customer_id{};
  double amount{};
  status state{};
  std::string note;
};
BOOST_DESCRIBE_STRUCT(order, (), (id, customer_id, amount, state, note))

std::size_t sink = 0;

template <class F>
void measure(const char* what, std::size_t count, F&& f) {
  double best = 1e9;
  for (int run = 0; run < 5; ++run) {
    const auto start = std::chrono::steady_clock::now();
    for (std::size_t i = 0; i < count; ++i) f(i);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    best = std::min(best, took.count());
  }
  std::printf("%-34s %7.2f M/s  %6.1f ns\n", what, static_cast<double>(count) / best / 1e6,
              best / static_cast<double>(count) * 1e9);
}

order sample(std::size_t i) {
  return {static_cast<std::int64_t>(10'000'000 + i * 7), static_cast<std::int64_t>(4'000 + i % 1000),
          static_cast<double>(i % 20'000) / 100, static_cast<status>(i % 4), i % 3 ? "two parcels" : "none"};
}

std::vector<std::string> sample_texts(bool with_unknown) {
  std::vector<std::string> texts(1024);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    twinlane::encode(texts[i], sample(i));
    if (with_unknown) texts[i].replace(texts[i].size() - 1, 1, R"(,"source":{"topic":"orders","at":[12,3.5,null]}})");
    texts[i].reserve(texts[i].size() + 64);
  }
  return texts;
}

void measure_decoding(std::size_t count) {
  twinlane::decoder decoder;
  const auto run = [&](const char* what, const std::vector<std::string>& texts, auto& target) {
    measure(what, count, [&](std::size_t i) { sink += bool(decoder.decode(texts[i % texts.size()], target)); });
  };
  order o;
  nlohmann::json j;
  run("decode", sample_texts(false), o);
  run("decode, a nested unknown field", sample_texts(true), o);
  run("decode into json", sample_texts(false), j);
}

}  // namespace

int main() {
  constexpr std::size_t count = 2'000'000;
  std::printf("record: %s\n", sample_texts(false)[7].c_str());
  measure_decoding(count);

  std::vector<order> orders;
  for (std::size_t i = 0; i < 1024; ++i) orders.push_back(sample(i));
  auto changed = orders;
  for (auto& o : changed) o.customer_id += 1;
  auto reals = orders;
  for (auto& o : reals) o.amount += 0.25;
  std::string out;
  const auto fresh = [&]() -> std::string& {
    out.clear();
    return out;
  };
  measure("encode", count, [&](std::size_t i) {
    twinlane::encode(fresh(), orders[i % 1024]);
    sink += out.size();
  });
  measure("equal", count, [&](std::size_t i) { sink += twinlane::equal(orders[i % 1024], orders[(i * 7) % 1024]); });
  measure("encode_diff, one integer changed", count,
          [&](std::size_t i) { sink += twinlane::encode_diff(fresh(), orders[i % 1024], changed[i % 1024]); });
  measure("encode_diff, one double changed", count,
          [&](std::size_t i) { sink += twinlane::encode_diff(fresh(), orders[i % 1024], reals[i % 1024]); });
  measure("encode_diff, nothing changed", count,
          [&](std::size_t i) { sink += twinlane::encode_diff(fresh(), orders[i % 1024], orders[i % 1024]); });
  measure("validate", count, [&](std::size_t i) { twinlane::validate(orders[i % 1024]); });
  measure("mark_changes and encode_dirty", count, [&](std::size_t i) {
    twinlane::dirty_paths dirty;
    twinlane::mark_changes(dirty.root(), orders[i % 1024], changed[i % 1024]);
    twinlane::encode_dirty(fresh(), dirty.root(), changed[i % 1024]);
  });
  std::printf("(%zu)\n", sink);
}
