#include <twinlane/agents/json_agent.hpp>

#include <stdexcept>

#include <twinlane/agents/agent.hpp>
#include <twinlane/agents/detail/expression_value.hpp>
#include <twinlane/agents/detail/json_context.hpp>

namespace twinlane {
namespace {

using json = nlohmann::json;
using detail::json_context, detail::json_plan;
using accumulator = reduce::dynamic;

class json_agent final : public agent {
 public:
  json_agent(construction c, std::shared_ptr<const json_plan> plan) : agent(std::move(c)), plan_(std::move(plan)) {
    lanes_.reserve(plan_->lanes.size());
    for (std::size_t i = 0; i < plan_->lanes.size(); ++i) lanes_.push_back(make_lane(i));
    if (!plan_->computed.empty()) compute_.emplace(*this, lane_set{plan_->watched}, &json_agent::compute);
  }
  lane_base& lane_at(std::size_t index) noexcept override { return *lanes_[index]; }

 protected:
  // What is computed is there from the beginning, and as the expressions of today have it.
  void did_start() override { compute(); }

 private:
  template <class Lane>
  Lane& as(std::size_t lane) {
    return static_cast<Lane&>(*lanes_[lane]);
  }
  static json_agent& self(lane_owner& o) { return static_cast<json_agent&>(o); }

  std::unique_ptr<lane_base> make_lane(std::size_t index);
  std::unique_ptr<lane_base> make_records(const json_lane_spec& spec, bool quiet);
  std::unique_ptr<lane_base> make_window(std::size_t index);
  template <class Lane, class... Options>
  std::unique_ptr<lane_base> make(const json_lane_spec& spec, const Options&... options);

  // What lanes call. A log's key is its number; a value has none.
  static void value_updated(lane_owner& o, unsigned lane, const json& now, const json*) {
    self(o).passed(lane, {}, now);
  }
  static void value_removed(lane_owner& o, unsigned lane, const json&) { self(o).left(lane, {}); }
  static bool value_admits(lane_owner& o, unsigned lane, const json& now) { return self(o).admits(lane, {}, now); }
  static void supply_updated(lane_owner& o, unsigned lane, const json& now) { self(o).passed(lane, {}, now); }
  static void map_updated(lane_owner& o, unsigned lane, const std::string& key, const json& now, const json*) {
    self(o).passed(lane, key, now);
  }
  static void map_removed(lane_owner& o, unsigned lane, const std::string& key, const json&) {
    self(o).left(lane, key);
  }
  static bool map_admits(lane_owner& o, unsigned lane, const std::string& key, const json& now) {
    return self(o).admits(lane, key, now);
  }
  static void log_updated(lane_owner& o, unsigned lane, std::uint64_t number, const json& now) {
    self(o).passed(lane, std::to_string(number), now);
  }
  static void log_removed(lane_owner& o, unsigned lane, std::uint64_t number, const json&) {
    self(o).left(lane, std::to_string(number));
  }
  static bool log_admits(lane_owner& o, unsigned lane, const json& now) { return self(o).admits(lane, {}, now); }

  bool admits(std::size_t lane, std::string_view key, const json& now) const {
    const auto& spec = plan_->lanes[lane];
    return !spec.when || spec.from || spec.when->holds(json_context(*this, *plan_, {now_ms(), event_ms()}, &now, key));
  }
  void passed(std::size_t lane, std::string_view key, const json& record) {
    passed(lane, json_context(*this, *plan_, {now_ms(), event_ms()}, &record, key));
  }
  void passed(std::size_t lane, const json_context& c);
  void left(std::size_t lane, std::string_view key);
  void derive(std::size_t lane, const json_context& c);
  void follow(std::size_t lane, const json_context& c);
  void add_up(std::size_t lane, const json_context& c);
  void reduce_record(std::size_t lane, const json_context& c);
  std::string key_of(const std::optional<expression>& key, const json_context& c) const {
    return key ? key->text(c) : std::string(c.record_key());
  }
  std::string join_key(std::size_t lane, std::string_view key) const {
    return std::string(key.empty() ? std::string_view(plan_->lanes[*plan_->lanes[lane].from].name) : key);
  }
  void send_on(const json_send_spec& s, const json_context& c);
  void compute();

  std::shared_ptr<const json_plan> plan_;
  std::vector<std::unique_ptr<lane_base>> lanes_;
  std::optional<rule> compute_;
};

template <class Lane, class... Options>
std::unique_ptr<lane_base> json_agent::make(const json_lane_spec& spec, const Options&... options) {
  if (spec.transient && spec.writable)
    return std::make_unique<Lane>(*this, spec.name, spec.keep, transient, writable, options...);
  if (spec.transient) return std::make_unique<Lane>(*this, spec.name, spec.keep, transient, options...);
  if (spec.writable) return std::make_unique<Lane>(*this, spec.name, spec.keep, writable, options...);
  return std::make_unique<Lane>(*this, spec.name, spec.keep, options...);
}

// A quiet lane calls nobody, and so makes no copies for it.
std::unique_ptr<lane_base> json_agent::make_records(const json_lane_spec& spec, bool quiet) {
  using detail::json_log_lane, detail::json_map_lane, detail::json_value_lane;
  switch (spec.kind) {
    case lane_kind::value:
      return quiet ? make<json_value_lane>(spec)
                   : make<json_value_lane>(spec, when_updated(value_updated), when_removed(value_removed),
                                           admit_if(value_admits));
    case lane_kind::map:
      return quiet ? make<json_map_lane>(spec)
                   : make<json_map_lane>(spec, when_updated(map_updated), when_removed(map_removed),
                                         admit_if(map_admits));
    default:
      return quiet ? make<json_log_lane>(spec)
                   : make<json_log_lane>(spec, when_updated(log_updated), when_removed(log_removed),
                                         admit_if(log_admits));
  }
}

std::unique_ptr<lane_base> json_agent::make_window(std::size_t index) {
  const auto& spec = plan_->lanes[index];
  if (!spec.window) throw std::invalid_argument("window lane '" + spec.name + "' says no shape");
  std::vector<reduce::part> parts;
  for (const auto& p : spec.window->parts) parts.push_back({p.name, p.what});
  const auto closed = when_closed([index](lane_owner& o, std::int64_t start_ms, const window<accumulator>& w) {
    auto& me = self(o);
    const auto record = detail::window_record(start_ms, w);
    const auto key = std::to_string(start_ms);
    me.passed(index, json_context(me, *me.plan_, {me.now_ms(), start_ms}, &record, key));
  });
  const auto first = fresh([parts] { return accumulator(parts); });
  const grace_t late{spec.window->grace_ms};
  const close_after_idle_t idle{spec.window->idle_ms};
  if (spec.transient)
    return std::make_unique<detail::json_window_lane>(*this, spec.name, spec.window->shape, late, idle, spec.keep,
                                                      first, closed, transient);
  return std::make_unique<detail::json_window_lane>(*this, spec.name, spec.window->shape, late, idle, spec.keep, first,
                                                    closed);
}

std::unique_ptr<lane_base> json_agent::make_lane(std::size_t index) {
  const auto& spec = plan_->lanes[index];
  switch (spec.kind) {
    case lane_kind::value:
    case lane_kind::map:
    case lane_kind::log:
      return make_records(spec, plan_->follows[index].empty() && (spec.from || !spec.when));
    case lane_kind::supply:
      return std::make_unique<detail::json_supply_lane>(*this, spec.name, when_updated(supply_updated),
                                                        admit_if(value_admits));
    case lane_kind::window:
      return make_window(index);
    case lane_kind::join_value:
      return std::make_unique<detail::json_join_lane>(*this, spec.name);
    case lane_kind::join_map:
      return std::make_unique<detail::json_join_map_lane>(*this, spec.name);
    default:
      throw std::invalid_argument("lane '" + spec.name + "': a " + std::string(name_of(spec.kind)) +
                                  " lane needs a C++ agent. Use value, map, log, counter, window, join or supply.");
  }
}

void json_agent::passed(std::size_t lane, const json_context& c) {
  const auto& after = plan_->follows[lane];
  for (const auto i : after.lanes) derive(i, c);
  for (const auto i : after.sends) send_on(plan_->sends[i], c);
}

// An entry left its lane: nobody is followed for it any more.
void json_agent::left(std::size_t lane, std::string_view key) {
  for (const auto i : plan_->follows[lane].joins) {
    if (plan_->lanes[i].kind == lane_kind::join_value)
      as<detail::json_join_lane>(i).leave(join_key(i, key));
    else
      as<detail::json_join_map_lane>(i).leave(join_key(i, key));
  }
}

void json_agent::derive(std::size_t lane, const json_context& c) {
  const auto& spec = plan_->lanes[lane];
  if (spec.join) return follow(lane, c);
  if (spec.when && !spec.when->holds(c)) return;
  if (spec.counts) return add_up(lane, c);
  if (spec.kind == lane_kind::window) return reduce_record(lane, c);
  json now = spec.value ? spec.value->evaluate(c) : *c.record();
  if (spec.kind == lane_kind::value) {
    as<detail::json_value_lane>(lane).set(std::move(now));
  } else if (spec.kind == lane_kind::map) {
    const auto key = key_of(spec.key, c);
    if (!key.empty()) as<detail::json_map_lane>(lane).put(key, std::move(now));
  } else if (now.is_null()) {
    return;
  } else if (spec.kind == lane_kind::supply) {
    as<detail::json_supply_lane>(lane).emit(now);
  } else {
    as<detail::json_log_lane>(lane).append(std::move(now));
  }
}

void json_agent::follow(std::size_t lane, const json_context& c) {
  const auto& spec = plan_->lanes[lane];
  const auto key = join_key(lane, c.record_key());
  auto whom = !spec.when || spec.when->holds(c) ? spec.join->whom.uri(c) : std::nullopt;
  const auto update = [&](auto& joins) {
    if (whom)
      joins.join(key, std::move(*whom), spec.join->lane);
    else
      joins.leave(key);
  };
  if (spec.kind == lane_kind::join_value)
    update(as<detail::json_join_lane>(lane));
  else
    update(as<detail::json_join_map_lane>(lane));
}

void json_agent::add_up(std::size_t lane, const json_context& c) {
  using detail::expr::value;
  const auto& spec = plan_->lanes[lane];
  const json amount = spec.value ? spec.value->evaluate(c) : json(1);
  if (!amount.is_number()) return;
  const auto sum = [&](const json* before) {
    return to_json(before ? add(value::of(*before), value::of(amount)) : value::of(amount));
  };
  if (spec.kind == lane_kind::value) {
    as<detail::json_value_lane>(lane).set(sum(c.value(lane)));
    return;
  }
  const auto key = key_of(spec.key, c);
  if (!key.empty()) as<detail::json_map_lane>(lane).put(key, sum(c.entry(lane, key)));
}

// What a part cannot take is as if it were not there, as everywhere in expressions.
void json_agent::reduce_record(std::size_t lane, const json_context& c) {
  std::vector<json> values;
  for (const auto& part : plan_->lanes[lane].window->parts) {
    const auto is = part.what;
    if (is == reduce::kind::count) {
      values.push_back(!part.value || part.value->holds(c) ? json(true) : json());
      continue;
    }
    auto v = part.value->evaluate(c);
    const bool any = is == reduce::kind::collect || is == reduce::kind::distinct;
    const bool ordered = is == reduce::kind::min || is == reduce::kind::max;
    if (!any && !v.is_number() && !(ordered && v.is_string())) v = nullptr;
    values.push_back(std::move(v));
  }
  const auto& time = plan_->lanes[lane].window->time;
  const json at = time ? time->evaluate(c) : json(c.event_ms());
  if (at.is_number_integer())
    as<detail::json_window_lane>(lane).add_at(at.get<std::int64_t>(), std::span<const json>(values));
}

void json_agent::send_on(const json_send_spec& s, const json_context& c) {
  if (s.when && !s.when->holds(c)) return;
  const json value = s.value ? s.value->evaluate(c) : *c.record();
  if (value.is_null()) return;
  auto key = s.key ? s.key->text(c) : std::string();
  if (!s.to) return emit(s.sink, std::move(key), value);
  if (auto uri = s.to->uri(c)) send(std::move(*uri), s.lane, std::move(key), value);
}

void json_agent::compute() {
  const json_context c(*this, *plan_, {now_ms(), event_ms()});
  for (const auto i : plan_->computed) as<detail::json_value_lane>(i).set(plan_->lanes[i].compute->evaluate(c));
}

}  // namespace

std::shared_ptr<const agent_type> make_json_agent_type(const json_type_spec& spec) {
  const auto plan = std::make_shared<const json_plan>(spec);
  return std::make_shared<const agent_type>(spec.name, spec.route, spec.options, [plan](construction c) {
    return std::make_unique<json_agent>(std::move(c), plan);
  });
}

}  // namespace twinlane
