#pragma once

#include <optional>
#include <utility>

#include <twinlane/lanes/detail/patching.hpp>
#include <twinlane/lanes/detail/row_text.hpp>
#include <twinlane/lanes/diff.hpp>
#include <twinlane/lanes/lane.hpp>

namespace twinlane {

/// One value that observers follow field by field.
///
/// Shape    T, or absent until it is first set and after clear()
/// Units    age in milliseconds since the epoch, UTC
/// Cost     set O(size of T); an equal value is not a change
/// Threads  inside its agent's turn only
/// Errors   bad_value when a record does not decode; the lane is unchanged then
/// Source   RFC 7396 (diffs)
template <class T>
class value_lane final : public lane_base {
 public:
  using value_type = T;

  template <class... Options>
  value_lane(lane_owner& o, std::string_view name, const Options&... options) : lane_base(o, name, lane_kind::value) {
    if (auto* info = registering()) (set_option(*info, options), ...);
  }

  const std::optional<T>& get() const noexcept { return value_; }
  bool has_value() const noexcept { return value_.has_value(); }
  explicit operator bool() const noexcept { return has_value(); }
  /// The value; undefined when absent, as with std::optional.
  const T& operator*() const noexcept { return *value_; }
  const T* operator->() const noexcept { return &*value_; }
  T value_or(T fallback) const { return value_ ? *value_ : std::move(fallback); }

  /// True when this was a change.
  bool set(T now) {
    validate(now);
    if (value_ && equal(*value_, now)) return false;
    if (is_null(now)) return clear();
    keep_before();
    std::optional<T> before = std::exchange(value_, std::move(now));
    time_ms_ = running_turn().event_ms;
    if (auto* f = info().update_callback) {
      detail::callback_depth guard(running_turn());
      const T held = *value_;  // the callback may change this lane
      reinterpret_cast<update_fn*>(f)(owner(), index(), held, before ? &*before : nullptr);
    }
    return true;
  }

  /// Changes a copy of the value (or of T{}) by f and sets it.
  template <class F>
  bool update(F&& f) {
    T copy = value_ ? *value_ : T{};
    std::forward<F>(f)(copy);
    return set(std::move(copy));
  }

  bool clear() {
    if (!value_) return false;
    keep_before();
    std::optional<T> before = std::exchange(value_, std::nullopt);
    if (auto* f = info().remove_callback) {
      detail::callback_depth guard(running_turn());
      reinterpret_cast<remove_fn*>(f)(owner(), index(), *before);
    }
    return true;
  }

  /// The value when the turn began; for rules.
  const std::optional<T>& before() const {
    return running_turn().touched & bit() ? this->template log<value_log>().before : value_;
  }

  decode_status apply(decoder& d, const lane_input& in) override {
    if (in.op == lane_input::kind::remove) {
      clear();
      return {};
    }
    T now{};
    auto status = in.op == lane_input::kind::patch
                      ? detail::decode_patched(d, value_ ? &*value_ : nullptr, in.value, now)
                      : d.decode(in.value, now);
    if (!status) return status;
    auto* const admits = info().admit_callback;
    if (admits && !is_null(now) && !reinterpret_cast<admit_fn*>(admits)(owner(), index(), now))
      running_turn().passed_over = true;
    else
      set(std::move(now));
    return status;
  }
  bool present() const override { return value_.has_value(); }
  void encode_value(std::string& out) const override { value_ ? encode(out, *value_) : void(out += "null"); }
  bool settle() override {
    const auto& before = this->template log<value_log>().before;
    return before.has_value() != value_.has_value() || (value_ && !equal(*before, *value_));
  }
  void encode_change(std::string& out) const override {
    const auto& before = this->template log<value_log>().before;
    if (!value_)
      out += "null";
    else if (!before)
      encode(out, *value_);
    else
      encode_diff(out, *before, *value_);
  }
  void mark_change(dirty_paths::node& paths) const override {
    const auto& before = this->template log<value_log>().before;
    mark_changes(paths, before ? &*before : nullptr, value_ ? &*value_ : nullptr);
  }
  void encode_marked(std::string& out, const dirty_paths::node& paths) const override {
    encode_dirty(out, paths, value_ ? &*value_ : nullptr);
  }
  void save_rows(row_sink& to) const override {
    if (!value_) {
      if (this->template log<value_log>().before) to.remove(name(), {});
      return;
    }
    auto& text = running_turn().row.value;
    text.clear();
    detail::append_number(text, time_ms_);
    encode(text, *value_);
    to.put(name(), {}, text);
  }
  decode_status load_row(decoder& d, std::string_view key, std::string_view row) override {
    if (!key.empty()) return detail::bad_row_key();
    if (value_) return detail::bad_row("the lane has a value already");
    std::int64_t time_ms = 0;
    if (!detail::take_number(row, time_ms)) return detail::bad_row("the row does not begin with its time");
    T value{};
    auto status = d.decode(row, value);
    if (!status) return status;
    if (is_null(value)) return detail::bad_row("a value lane holds no null");
    value_ = std::move(value);
    time_ms_ = time_ms;
    return status;
  }
  void undo() noexcept override {
    auto& l = this->template log<value_log>();
    value_ = std::move(l.before);
    time_ms_ = l.before_time_ms;
  }
  std::int64_t next_expiry() const override {
    const auto age = info().keep.age_ms;
    return age && value_ && time_ms_ <= never - age ? time_ms_ + age : never;
  }
  void evict(std::int64_t now_ms) override {
    if (const auto due = next_expiry(); due != never && due <= now_ms) clear();
  }
  std::unique_ptr<lane_log> make_log() const override { return std::make_unique<value_log>(); }
  void describe_record(nlohmann::json& out) const override { describe<T>(out); }

 private:
  using update_fn = void(lane_owner&, unsigned, const T&, const T*);
  using remove_fn = void(lane_owner&, unsigned, const T&);
  using admit_fn = bool(lane_owner&, unsigned, const T&);
  struct value_log final : lane_log {
    bool held = false;
    std::optional<T> before;
    std::int64_t before_time_ms = 0;
    void clear() noexcept override {
      held = false;
      before.reset();
    }
  };

  using lane_base::apply_option;
  template <class Option>
  static void set_option(lane_info& info, const Option& option) {
    apply_option(info, option);
  }
  template <auto Fn>
  static void set_option(lane_info& info, did_update_t<Fn>) {
    info.update_callback = detail::erase_callback(+[](lane_owner& o, unsigned, const T& now, const T* before) {
      (static_cast<detail::class_of<Fn>&>(o).*Fn)(now, before);
    });
  }
  template <auto Fn>
  static void set_option(lane_info& info, did_remove_t<Fn>) {
    info.remove_callback = detail::erase_callback(
        +[](lane_owner& o, unsigned, const T& before) { (static_cast<detail::class_of<Fn>&>(o).*Fn)(before); });
  }
  static void set_option(lane_info& i, when_updated_t<update_fn> f) {
    i.update_callback = detail::erase_callback(f.call);
  }
  static void set_option(lane_info& i, when_removed_t<remove_fn> f) {
    i.remove_callback = detail::erase_callback(f.call);
  }
  static void set_option(lane_info& i, admit_if_t<admit_fn> f) { i.admit_callback = detail::erase_callback(f.call); }
  void keep_before() {
    auto& l = this->template touch<value_log>();
    if (l.held) return;
    l.held = true;
    l.before = value_;
    l.before_time_ms = time_ms_;
  }

  std::optional<T> value_;
  std::int64_t time_ms_ = 0;
};

}  // namespace twinlane
