#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <twinlane/lanes/lane.hpp>

namespace twinlane::detail {

/// What lanes share that hold nothing: commands, supply and demand lanes. They are no part of the document, never
/// change, and have no rows.
class stateless_lane : public lane_base {
 public:
  bool present() const override { return false; }
  void encode_value(std::string& out) const override { out += "null"; }
  bool settle() override { return false; }
  void encode_change(std::string& out) const override { out += "null"; }
  void mark_change(dirty_paths::node&) const override {}
  void encode_marked(std::string& out, const dirty_paths::node&) const override { out += "null"; }
  void save_rows(row_sink&) const override {}
  decode_status load_row(decoder& d, std::string_view key, std::string_view value) override;
  void undo() noexcept override {}
  std::unique_ptr<lane_log> make_log() const override;

 protected:
  using lane_base::lane_base;
};

}  // namespace twinlane::detail
