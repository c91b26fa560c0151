#pragma once

#include <string>
#include <utility>

#include <twinlane/lanes/detail/stateless_lane.hpp>

namespace twinlane {

/// What a command answers: nothing, a record, or a refusal with its reason.
class reply {
 public:
  /// Done, nothing to tell.
  reply() = default;
  template <class T>
  static reply with(const T& result) {
    reply r;
    r.json_.clear();
    encode(r.json_, result);
    return r;
  }
  /// The command cannot be carried out now; the caller gets 409 `conflict` with the reason. Refuse before changing.
  static reply refuse(std::string reason) {
    reply r;
    r.json_ = std::move(reason);
    r.refused_ = true;
    return r;
  }

  bool refused() const noexcept { return refused_; }
  /// JSON text of the result; `null` when there is none. The reason when refused.
  const std::string& text() const noexcept { return json_; }

 private:
  std::string json_ = "null";
  bool refused_ = false;
};

template <auto Fn>
struct on_command_t {};
/// Handles the command by the agent's member `reply fn(const T&)`.
template <auto Fn>
inline constexpr on_command_t<Fn> on_command{};

/// What command lanes share, whatever their record.
class command_lane_base : public detail::stateless_lane {
 public:
  /// Decodes and runs one command. The reply is set when the status is good; the handler may throw.
  virtual decode_status run(decoder& d, std::string_view padded, reply& answer) = 0;

  decode_status apply(decoder& d, const lane_input& in) override;

 protected:
  using stateless_lane::stateless_lane;
};

/// Takes requests from outside or from other agents and answers them; not part of the document.
///
/// Threads  the handler runs inside its agent's turn
/// Errors   bad_value when the request does not decode; handler_failed when the handler throws, and the turn is undone
template <class T>
class command_lane final : public command_lane_base {
 public:
  template <auto Fn, class... Options>
  command_lane(lane_owner& o, std::string_view name, on_command_t<Fn>, const Options&... options)
      : command_lane_base(o, name, lane_kind::command) {
    if (auto* info = registering()) {
      info->command_callback = detail::erase_callback(+[](lane_owner& self, const T& request) -> reply {
        return (static_cast<detail::class_of<Fn>&>(self).*Fn)(request);
      });
      (apply_option(*info, options), ...);
    }
  }

  decode_status run(decoder& d, std::string_view padded, reply& answer) override {
    T request{};
    auto status = d.decode(padded, request);
    if (status) answer = reinterpret_cast<handler_fn*>(info().command_callback)(owner(), request);
    return status;
  }
  void describe_record(nlohmann::json& out) const override { describe<T>(out); }

 private:
  using handler_fn = reply(lane_owner&, const T&);
};

}  // namespace twinlane
