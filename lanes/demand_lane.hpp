#pragma once

#include <string>
#include <type_traits>

#include <twinlane/lanes/detail/stateless_lane.hpp>

namespace twinlane {

template <auto Fn>
struct computed_t {};
/// Computes a demand lane by the agent's const member `T fn() const`, or `T fn(std::int64_t now_ms) const`.
template <auto Fn>
inline constexpr computed_t<Fn> computed{};

/// What demand lanes share, whatever their record.
class demand_lane_base : public detail::stateless_lane {
 public:
  /// Appends the value as it is now. What the member throws comes out.
  virtual void compute(std::int64_t now_ms, std::string& out) const = 0;
  /// It takes no records.
  decode_status apply(decoder& d, const lane_input& in) override;

 protected:
  using stateless_lane::stateless_lane;
};

/// A value that is computed when it is read and at no other time.
///
/// Shape    T, by a URL of its own; not part of the document, so nobody follows it
/// Cost     what the member costs, on the agent's thread, for each read
/// Threads  between its agent's turns: lanes can be read, and changing one throws
/// Errors   handler_failed for the reader when the member throws
template <class T>
class demand_lane final : public demand_lane_base {
 public:
  template <auto Fn>
  demand_lane(lane_owner& o, std::string_view name, computed_t<Fn>) : demand_lane_base(o, name, lane_kind::demand) {
    if (auto* info = registering()) info->computed_callback = detail::erase_callback(&call<Fn>);
  }

  void compute(std::int64_t now_ms, std::string& out) const override {
    encode(out, reinterpret_cast<compute_fn*>(info().computed_callback)(owner(), now_ms));
  }
  void describe_record(nlohmann::json& out) const override { describe<T>(out); }

 private:
  using compute_fn = T(const lane_owner&, std::int64_t);

  template <auto Fn>
  static T call(const lane_owner& o, std::int64_t now_ms) {
    const auto& self = static_cast<const detail::class_of<Fn>&>(o);
    if constexpr (std::is_invocable_v<decltype(Fn), decltype(self), std::int64_t>)
      return (self.*Fn)(now_ms);
    else
      return (self.*Fn)();
  }
};

}  // namespace twinlane
