#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <twinlane/agents/agent.hpp>
#include <twinlane/agents/detail/row_parts.hpp>
#include <twinlane/agents/stored_row.hpp>

namespace twinlane {

/// Brings the rows of one agent from an older version of its type to the present one: hands each to the type's
/// migrate hook, then to the lane that it is for.
///
/// What a row keeps beside its JSON goes with it: its time, its order of writing, whom a join follows. Where rows of
/// several lanes come together in a map lane, or some that had no order, they are in the order of their times. The
/// numbers of a log lane's dropped entries are not given again. Rows of lanes that the type does not have, and that the
/// hook leaves there, stay in the store.
///
/// Cost     off the hot path: a JSON tree for each row
/// Threads  one at a time
class row_migration {
 public:
  void clear() noexcept { items_ = {}; }
  bool empty() const noexcept { return items_.empty(); }
  void hold(std::string_view lane, std::string_view key, std::string_view text);
  /// f(lane, key, text) for each row as it was held, until one answers an error.
  template <class F>
  decode_status for_each_held(F&& f) const {
    for (const auto& i : items_)
      if (auto status = f(i.lane, i.key, i.text); !status) return status;
    return {};
  }

  /// Into an agent that has had no turn. Errors: what the hook threw, or why a lane does not take what it made.
  decode_status run(agent& to, decoder& d, std::uint32_t version);
  /// Rows for which the type has no lane, after run().
  std::size_t left_out() const noexcept { return left_out_; }
  /// What differs in the store after run(): removals, then rows.
  void save(row_sink& to) const;

 private:
  enum class fate : std::uint8_t { stays, goes, is_loaded };
  struct item {
    std::string lane, key, text;  // as stored
    detail::row_parts parts;      // of that text
    stored_row row;               // what the hook made of it
    std::string now;              // its text after that
    std::size_t to = 0;           // index of its lane
    fate what = fate::stays;
  };

  static decode_status change(const agent& a, item& i, std::uint32_t version);
  static decode_status place(const agent_type& type, item& i);
  void order(const agent_type& type);
  static void keep_number(agent& a, const item& i);

  std::vector<item> items_;
  std::size_t left_out_ = 0;
};

}  // namespace twinlane
