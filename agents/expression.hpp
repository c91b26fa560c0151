#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <boost/system/result.hpp>

#include <nlohmann/json_fwd.hpp>

namespace twinlane {

namespace detail::expr {
struct program;
}

/// What an expression may answer with; null is always possible.
enum class expression_kind : std::uint8_t { boolean = 1, number = 2, text = 4, list = 8, object = 16, any = 31 };

/// Why a text is not an expression, and where: line and column count characters from 1.
struct expression_error {
  std::size_t line = 1, column = 1;
  std::string message;
};

/// Thrown while evaluating when a bound is passed; the turn fails then.
class expression_overrun : public std::runtime_error {
 public:
  using runtime_error::runtime_error;
};

/// What names an expression may use.
struct expression_scope {
  /// single: one value. keyed: entries by key. unordered: the same, of which none is known to be the last.
  /// none: not to be read, as a command lane.
  enum class shape : std::uint8_t { single, keyed, unordered, none };
  struct lane {
    std::string name;
    shape is = shape::single;
  };
  std::vector<lane> lanes;
  std::vector<std::string> params;  // of the agent's route
  bool record = false;              // is there a record at hand?
};

/// What one evaluation sees. Indices are those of the scope; what is handed out stays until the evaluation has ended.
class expression_context {
 public:
  /// False ends the walk.
  using visitor = std::function<bool(std::string_view key, const nlohmann::json& entry)>;

  virtual ~expression_context() = default;
  virtual std::int64_t now_ms() const = 0;
  virtual std::int64_t event_ms() const = 0;
  virtual std::string_view uri() const { return {}; }
  virtual std::string_view param(std::size_t) const { return {}; }
  /// Null when there is none.
  virtual const nlohmann::json* record() const { return nullptr; }
  virtual std::string_view record_key() const { return {}; }
  /// The value of a single lane; null when it was never set.
  virtual const nlohmann::json* value(std::size_t) const { return nullptr; }
  /// Entries of a keyed lane. latest: the one written last. each: in the order of the lane.
  virtual std::size_t count(std::size_t) const { return 0; }
  virtual const nlohmann::json* entry(std::size_t, std::string_view) const { return nullptr; }
  virtual const nlohmann::json* latest(std::size_t) const { return nullptr; }
  virtual void each(std::size_t, const visitor&) const {}
};

/// A small function of a record, the lanes and the time, as agents without C++ are made of (docs/expressions.md).
///
/// Shape    no loops, no effects; the same answer for the same context
/// Units    times and durations in milliseconds, distances in metres
/// Cost     a comparison of numbers or short texts allocates nothing; names are resolved once
/// Threads  immutable, shared freely; copies share what was compiled
/// Errors   compile() answers every mistake with its place; evaluating throws expression_overrun
class expression {
 public:
  static constexpr std::size_t bytes_max = 4096;     // of its text
  static constexpr unsigned nesting_max = 32;        // parentheses and calls
  static constexpr unsigned height_max = 256;        // operators upon operators
  static constexpr std::size_t steps_max = 100'000;  // of one evaluation
  static constexpr std::size_t result_bytes_max =
      65'536;  // of one text or answer; of all it makes on the way, 16 times

  using outcome = boost::system::result<expression, expression_error>;
  static outcome compile(std::string_view text, const expression_scope& scope,
                         expression_kind wanted = expression_kind::any);

  /// True when it is true; false and null are not.
  bool holds(const expression_context& c) const;
  /// The answer; null members of objects are left out.
  nlohmann::json evaluate(const expression_context& c) const;
  /// The answer as text, for keys and URIs: numbers and booleans as in JSON; empty for null.
  std::string text(const expression_context& c) const;

  /// Indices of the lanes that it reads, ascending.
  const std::vector<std::size_t>& lanes() const noexcept;
  const std::string& source() const noexcept;

 private:
  explicit expression(std::shared_ptr<const detail::expr::program> p) noexcept : program_(std::move(p)) {}
  std::shared_ptr<const detail::expr::program> program_;
};

}  // namespace twinlane
