#include "small_world.hpp"

#include <algorithm>
#include <stdexcept>

#include <customer360/customer.hpp>
#include <customer360/product.hpp>
#include <support/fire_due.hpp>

namespace tests {
namespace {

constexpr std::size_t padding = 64;  // that a lane may read behind a value

/// Text with the padding that lanes ask for.
struct padded {
  explicit padded(const std::string& text) : bytes(text + std::string(padding, '\0')), size(text.size()) {}
  operator std::string_view() const { return std::string_view(bytes).substr(0, size); }
  std::string bytes;
  std::size_t size;
};

}  // namespace

small_world::small_world(std::int64_t now_ms)
    : now_ms_(now_ms),
      customers_(twinlane::make_agent_type<customer360::customer>("customer", "/customer/:id")),
      products_(twinlane::make_agent_type<customer360::product>("product", "/product/:id")) {
  for (const auto* type : {customers_.get(), products_.get()})
    turn_of_.emplace(type, std::make_unique<twinlane::turn>(*type));
}

const twinlane::agent_type& small_world::type_of(std::string_view uri) const {
  for (const auto* type : {customers_.get(), products_.get()})
    if (type->path().matches(uri)) return *type;
  throw std::invalid_argument("no route for " + std::string(uri));
}

template <class Work>
void small_world::run_turn(const std::string& uri, Work&& work) {
  const auto& type = type_of(uri);
  auto& agent = agents_[uri];
  const bool born = !agent;
  if (born) agent = type.make(uri);
  auto& t = *turn_of_.at(&type);
  t.begin(*agent, now_ms_, born);
  work(t);
  const bool changed = t.finish();
  ++turns_;
  for (const auto& j : t.joins) {
    const follower f{uri, j.lane, j.key, j.from_lane};
    auto& all = followers_[j.uri];
    std::erase(all, f);
    if (j.leave) continue;
    all.push_back(f);
    updates_.push_back({f, j.uri});
  }
  const auto lanes = t.changed();
  t.end();
  if (changed) did_change(uri, lanes);
}

void small_world::did_change(const std::string& uri, std::uint64_t lanes) {
  const auto it = followers_.find(uri);
  if (it == followers_.end()) return;
  for (const auto& f : it->second)
    if (lanes >> type_of(uri).lane_index(f.from_lane) & 1) updates_.push_back({f, uri});
}

void small_world::deliver(const update& u) {
  const auto it = agents_.find(u.from);
  const auto* lane = it == agents_.end() || !it->second
                         ? nullptr
                         : &it->second->lane_at(static_cast<std::size_t>(type_of(u.from).lane_index(u.to.from_lane)));
  std::string value;
  if (lane && lane->present()) lane->encode_value(value);
  const padded text(value);
  const auto op = value.empty() ? twinlane::lane_input::kind::remove : twinlane::lane_input::kind::join;
  run_turn(u.to.uri, [&](twinlane::turn& t) {
    const auto status = t.apply(u.to.lane, {op, u.to.key, text, u.from}, now_ms_);
    if (!status) bad_.push_back("join: " + status.detail);
  });
}

void small_world::hear(const std::vector<told>& batch) {
  std::vector<std::string> uris;
  for (const auto& e : batch)
    if (std::find(uris.begin(), uris.end(), e.uri) == uris.end()) uris.push_back(e.uri);
  for (const auto& uri : uris) {
    run_turn(uri, [&](twinlane::turn& t) {
      for (const auto& e : batch) {
        if (e.uri != uri) continue;
        const padded text(e.value.dump());
        const auto op = e.value.is_null() ? twinlane::lane_input::kind::remove : twinlane::lane_input::kind::put;
        const auto status =
            t.apply(static_cast<unsigned>(type_of(uri).lane_index(e.lane)), {op, e.key, text, {}}, now_ms_);
        if (!status) bad_.push_back(e.lane + ": " + status.detail);
      }
    });
  }
  while (!updates_.empty()) {
    const auto next = std::move(updates_.front());
    updates_.pop_front();
    deliver(next);
  }
}

std::string small_world::command(const std::string& uri, std::string_view lane, const nlohmann::json& value) {
  std::string said;
  run_turn(uri, [&](twinlane::turn& t) {
    twinlane::reply answer;
    const padded text(value.dump());
    const auto status = t.command(static_cast<unsigned>(type_of(uri).lane_index(lane)), text, answer);
    said = !status ? "bad: " + status.detail : answer.refused() ? "refused: " + answer.text() : answer.text();
  });
  return said;
}

void small_world::wait(std::int64_t ms) {
  now_ms_ += ms;
  for (const auto& uri : agents())
    if (agents_.at(uri)->next_due_ms() <= now_ms_) run_turn(uri, [&](twinlane::turn& t) { fire_due(*agents_.at(uri), t); });
}

nlohmann::json small_world::document(const std::string& uri) const {
  const auto it = agents_.find(uri);
  if (it == agents_.end()) return nullptr;
  std::string text;
  twinlane::encode_document(text, *it->second, ~std::uint64_t{0});
  return nlohmann::json::parse(text);
}

nlohmann::json small_world::lane(const std::string& uri, const char* name) const {
  const auto all = document(uri);
  return all.is_object() && all.contains(name) ? all.at(name) : nlohmann::json();
}

std::vector<std::string> small_world::agents() const {
  std::vector<std::string> uris;
  for (const auto& [uri, agent] : agents_) uris.push_back(uri);
  return uris;
}

told rain(const char* condition, const std::string& customer) {
  return {"/customer/" + customer,
          "weather",
          "",
          {{"id", 1},
           {"customer_id", std::stoi(customer)},
           {"event_type", "observation"},
           {"event_date", 1'760'000'000'000},
           {"temperature", 9.5},
           {"weather_condition", condition}}};
}

told opt(bool in, const std::string& customer) {
  return {"/customer/" + customer,
          "profile",
          "",
          {{"id", std::stoi(customer)}, {"name", "Ann Rain"}, {"birthdate", "1984-05-06"}, {"marketing_opt_in", in}}};
}

told wish_for(int product, int id, const std::string& customer) {
  return {
      "/customer/" + customer,
      "wishlist",
      std::to_string(id),
      {{"id", id}, {"customer_id", std::stoi(customer)}, {"product_id", product}, {"date_added", 1'760'000'000'000}}};
}

told umbrella(double price, double discount, int stock, int id) {
  return {"/product/" + std::to_string(id),
          "details",
          "",
          {{"id", id},
           {"product_name", "Storm Umbrella"},
           {"category", "rainwear"},
           {"price", price},
           {"discount", discount},
           {"stock", stock}}};
}

}  // namespace tests
