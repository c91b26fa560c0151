// Lines that other programs wrote for an import: refused with a reason, or an agent whose own line brings it back.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>
#include <twinlane/agents/agent.hpp>
#include <twinlane/lanes/by_key.hpp>
#include <twinlane/lanes/reduce.hpp>
#include <twinlane/runtime/app/agent_line.hpp>

using namespace twinlane;
using namespace twinlane::app;

namespace {

struct part {
  std::string name;
  double price = 0;
};
BOOST_DESCRIBE_STRUCT(part, (), (name, price))

struct sums {
  reduce::mean mean;
  reduce::median median;
  reduce::sum<std::int64_t> sum;
  reduce::min<std::string> least;
  reduce::collect<int, 2> list;
  reduce::distinct<std::string, 2> different;
  reduce::by_key<reduce::count, 2> keys;
};
BOOST_DESCRIBE_STRUCT(sums, (), (mean, median, sum, least, list, different, keys))

struct thing final : agent {
  using agent::agent;
  value_lane<part> v{*this, "v"};
  value_lane<nlohmann::json> w{*this, "w"};
  map_lane<int, part> m{*this, "m", keep_last(3)};
  map_lane<std::string, nlohmann::json> t{*this, "t"};
  log_lane<nlohmann::json> l{*this, "l", keep_last(2)};
  join_value_lane<int, nlohmann::json> j{*this, "j"};
  join_map_lane<std::string, int> k{*this, "k"};
  window_lane<sums> tumbled{*this, "tumbled", tumbling(seconds{1}), keep_last(2)};
  window_lane<reduce::count> visits{*this, "visits", session(seconds{1}), grace(seconds{1})};
  value_lane<int> ping{*this, "p", transient};
  timer alarm{*this, "a", &thing::ring};

 private:
  void ring() { l.append(1); }
};

void check(bool holds) {
  if (!holds) std::abort();
}

std::string line_of(agent_line_writer& writer, const imported_agent& a) {
  std::vector<store_row> rows;
  for (const auto& r : a.rows) rows.push_back({a.uri, r.lane, r.key, r.value});
  std::sort(rows.begin(), rows.end(),
            [](const store_row& x, const store_row& y) { return x.lane != y.lane ? x.lane < y.lane : x.key < y.key; });
  std::string line;
  check(static_cast<bool>(writer.write(a.uri, rows, line)));
  return line;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const agent_types types{make_agent_type<thing>("thing", "/t/:id")};
  static agent_line_reader reader(types);
  static agent_line_writer writer(types);
  imported_agent a, b;
  const auto status = reader.read(std::string_view(reinterpret_cast<const char*>(data), size), 1, 1000, a);
  check(static_cast<bool>(status) == status.detail.empty());
  if (!status) return 0;
  const auto line = line_of(writer, a);
  check(nlohmann::json::accept(line));
  check(static_cast<bool>(reader.read(line, 1, 2000, b)));
  check(b.left_out == 0);
  check(line_of(writer, b) == line);
  return 0;
}
