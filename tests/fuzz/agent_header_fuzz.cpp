// Rows of a damaged store: a header is what was written or refused; an agent takes what rows it can, is the same again
// when those are loaded, and has its turns.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>
#include <twinlane/agents/agent.hpp>
#include <twinlane/agents/agent_loader.hpp>
#include <twinlane/agents/turn.hpp>

using namespace twinlane;

namespace {

struct part {
  std::string name;
  int price = 0;
};
BOOST_DESCRIBE_STRUCT(part, (), (name, price))

struct thing final : agent {
  using agent::agent;
  value_lane<part> v{*this, "v", keep_for(std::chrono::milliseconds{1000})};
  map_lane<int, part> m{*this, "m", keep_last(3), keep_for(std::chrono::milliseconds{1000})};
  map_lane<std::string, nlohmann::json> t{*this, "t", keep_last(300)};
  log_lane<nlohmann::json> l{*this, "l", keep_last(2), keep_for(std::chrono::milliseconds{1000})};
  join_value_lane<int, nlohmann::json> j{*this, "j"};
  join_map_lane<std::string, int> k{*this, "k"};
  value_lane<int> ping{*this, "p", transient};
  timer alarm{*this, "a", &thing::ring};

 private:
  void ring() { l.append(1); }
};

using row_map = std::map<std::pair<std::string, std::string>, std::string>;

class rows final : public row_sink {
 public:
  explicit rows(row_map& all) : all_(all) {}
  void put(std::string_view lane, std::string_view key, std::string_view value) override {
    all_[{std::string(lane), std::string(key)}] = value;
  }
  void remove(std::string_view lane, std::string_view key) override {
    all_.erase({std::string(lane), std::string(key)});
  }

 private:
  row_map& all_;
};

void check(bool holds) {
  if (!holds) std::abort();
}

std::string_view take(std::string_view& text) {
  const auto cut = text.find('\xFE');
  const auto first = text.substr(0, cut);
  text.remove_prefix(cut == text.npos ? text.size() : cut + 1);
  return first;
}

void check_header(std::string_view text) {
  agent_header h;
  if (!h.parse(text)) return;
  std::string written, again;
  h.append(written);
  agent_header back;
  check(bool(back.parse(written)));
  back.append(again);
  check(again == written);
}

std::string document_of(const agent& a) {
  std::string text;
  encode_document(text, a, ~std::uint64_t{0});
  return text;
}

// Adds what can be read of all, and keeps that.
void load(agent_loader& loader, agent& a, row_map& all) {
  loader.begin(a);
  for (auto it = all.begin(); it != all.end();) {
    const auto before = it->first == std::pair<std::string, std::string>() ? "" : document_of(a);
    const auto status = loader.add(it->first.first, it->first.second, it->second);
    check(status || !status.detail.empty());
    check(status || before.empty() || document_of(a) == before);
    it = status ? std::next(it) : all.erase(it);
  }
}

void one_turn(turn& t, agent& a, std::int64_t now_ms, row_map& all) {
  t.begin(a, now_ms, false);
  for (const unsigned lane : {1u, 2u, 3u}) t.apply(lane, {lane_input::kind::put, "1", R"({"price":1})", {}}, now_ms);
  t.evict();
  t.finish();
  rows to(all);
  t.save(to);
  auto& header = all[{"", ""}];
  header.clear();
  append_header(header, a, 1, 1);
  t.end();
}

// Rows that an older version has written: what is migrated is stored, and is the same when it is read again.
void check_migration(row_map all) {
  static const auto type = make_agent_type<thing>("thing", "/thing/:id", {.version = 2, .migrate = [](stored_row& r) {
                                                                            if (r.lane == "x") r.lane = "t";
                                                                            if (r.key == "7") r.drop();
                                                                          }});
  static agent_loader loader;
  const auto self = type->make("/thing/1");
  loader.begin(*self);
  bool fine = true;
  for (const auto& [place, value] : all) fine = bool(loader.add(place.first, place.second, value)) && fine;
  if (!bool(loader.finish()) || !fine || !loader.migrated()) return;
  rows to(all);
  loader.save_migrated(to);
  auto& header = all[{"", ""}];
  header.clear();
  append_header(header, *self, loader.birth(), loader.rev());
  const auto again = type->make("/thing/1");
  const auto kept = all.size();
  load(loader, *again, all);
  check(all.size() == kept && bool(loader.finish()) && !loader.migrated());
  check(document_of(*again) == document_of(*self));
}

}  // namespace

// The input is a header and triples of lane, key and value, with 0xFE bytes between them.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto type = make_agent_type<thing>("thing", "/thing/:id");
  static agent_loader loader;
  static turn turns(*type);
  std::string_view input(reinterpret_cast<const char*>(data), size);
  // The next number after the greatest that is taken is one that is not; a lane does not get there by writing.
  if (input.find("46116860184273879") != input.npos) return 0;
  row_map all;
  const auto header = take(input);
  check_header(header);
  all[{"", ""}] = header;
  while (!input.empty()) {
    auto& value = all[{std::string(take(input)), std::string(take(input))}];
    value = take(input);
  }
  check_migration(all);
  const auto self = type->make("/thing/1");
  load(loader, *self, all);
  check(nlohmann::json::accept(document_of(*self)));
  for (const std::int64_t now_ms : {5, 2000}) {
    one_turn(turns, *self, now_ms, all);
    const auto again = type->make("/thing/1");
    const auto kept = all.size();
    load(loader, *again, all);
    check(all.size() == kept && bool(loader.finish()));
    check(document_of(*again) == document_of(*self));
    check(again->next_expiry_ms() >= self->next_expiry_ms());
  }
  return 0;
}
