#include <twinlane/agents/json_agent.hpp>

#include <stdexcept>

#include <twinlane/agents/agent.hpp>

namespace twinlane {
namespace {

using json = nlohmann::json;

class json_agent final : public agent {
 public:
  json_agent(construction c, const std::vector<json_lane_spec>& specs) : agent(std::move(c)) {
    lanes_.reserve(specs.size());
    for (const auto& spec : specs) lanes_.push_back(make_lane(spec));
  }
  lane_base& lane_at(std::size_t index) noexcept override { return *lanes_[index]; }

 private:
  template <class Lane>
  std::unique_ptr<lane_base> make(const json_lane_spec& spec) {
    if (spec.transient && spec.writable)
      return std::make_unique<Lane>(*this, spec.name, spec.keep, transient, writable);
    if (spec.transient) return std::make_unique<Lane>(*this, spec.name, spec.keep, transient);
    if (spec.writable) return std::make_unique<Lane>(*this, spec.name, spec.keep, writable);
    return std::make_unique<Lane>(*this, spec.name, spec.keep);
  }
  std::unique_ptr<lane_base> make_lane(const json_lane_spec& spec) {
    switch (spec.kind) {
      case lane_kind::value:
        return make<twinlane::value_lane<json>>(spec);
      case lane_kind::map:
        return make<twinlane::map_lane<std::string, json>>(spec);
      case lane_kind::log:
        return make<twinlane::log_lane<json>>(spec);
      default:
        throw std::invalid_argument("lane '" + spec.name + "': a " + std::string(name_of(spec.kind)) +
                                    " lane needs a C++ agent. Use value, map or log.");
    }
  }

  std::vector<std::unique_ptr<lane_base>> lanes_;
};

}  // namespace

std::shared_ptr<const agent_type> make_json_agent_type(const json_type_spec& spec) {
  return std::make_shared<const agent_type>(spec.name, spec.route, spec.options, [lanes = spec.lanes](construction c) {
    return std::make_unique<json_agent>(std::move(c), lanes);
  });
}

}  // namespace twinlane
