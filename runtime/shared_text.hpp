#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

namespace twinlane {

/// Text that many readers share and nobody changes.
///
/// Cost     a copy is a reference
/// Threads  any
class shared_text {
 public:
  shared_text() = default;
  shared_text(std::string text) : held_(std::make_shared<held>(std::move(text))) {}

  explicit operator bool() const noexcept { return held_ != nullptr; }
  const std::string& operator*() const noexcept { return held_->text; }
  const std::string* operator->() const noexcept { return &held_->text; }
  void reset() noexcept { held_.reset(); }
  long use_count() const noexcept { return held_.use_count(); }

  /// The same in another encoding, made once, by the first of all readers who asks. All must ask for the same one.
  const std::string& encoded(std::string (*encode)(std::string_view)) const {
    std::call_once(held_->once, [&] { held_->other = encode(held_->text); });
    return held_->other;
  }

 private:
  struct held {
    explicit held(std::string t) : text(std::move(t)) {}
    const std::string text;
    std::once_flag once;
    std::string other;
  };
  std::shared_ptr<held> held_;
};

}  // namespace twinlane
