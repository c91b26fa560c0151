#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace twinlane {

/// Upper bounds of all duration histograms, in seconds; above the last one lies +Inf.
inline constexpr std::array duration_bounds{50e-6, 100e-6, 250e-6, 500e-6, 1e-3, 2.5e-3, 5e-3, 10e-3, 25e-3,
                                            50e-3, 100e-3, 250e-3, 500e-3, 1.0,  2.5,    5.0,  10.0};

/// Durations that one thread gathers and hands over together, as a shard does once a cut.
///
/// Units    seconds
/// Cost     no atomics; short durations leave the search at the first bound
/// Threads  one at a time
struct duration_batch {
  std::array<std::uint32_t, duration_bounds.size() + 1> counts{};
  double sum{};
  bool empty = true;

  void add(double seconds) noexcept;
};

/// The figures of a process, shown as Prometheus text.
///
/// Shape    a name that ends in `_total` is a counter, any other a gauge; names in docs/protocol.md
/// Cost     turn() and event_to_push() two atomic additions on a stripe of the thread's own; counter() and count()
///          one lookup under a mutex: keep the reference on hot paths
/// Threads  any. Callbacks run on the thread that calls text(), one text() at a time
/// Errors   a metric takes at most series_max label sets; later ones are counted together under `other`
class metrics {
 public:
  using labels = std::vector<std::pair<std::string, std::string>>;
  /// Takes one series of a metric whose series come and go.
  using emit = std::function<void(std::string_view name, const labels& l, double value)>;
  static constexpr std::size_t series_max = 5'000;

  metrics();
  ~metrics();
  metrics(const metrics&) = delete;
  metrics& operator=(const metrics&) = delete;

  /// One turn's duration, and a whole cut's; the batch is empty afterwards.
  void turn(double seconds) noexcept;
  void turns(duration_batch& cut) noexcept;
  void slow_turn() noexcept;
  void activation() noexcept;
  void passivation() noexcept;
  /// From an event's arrival in the process to its diff's hand-over to the socket.
  void event_to_push(double seconds) noexcept;
  /// From a cut's hand-over to the store until it is durable; see store::observe_commits().
  void store_commit(double seconds) noexcept;

  /// outcome: ok, or the problem's code.
  void command(std::string_view type, std::string_view lane, std::string_view outcome);
  void dead(std::string_view source, std::string_view reason, std::uint64_t n = 1);
  /// kind: sent | merged | snapshot
  void diffs(std::string_view kind, std::uint64_t n = 1);
  void websocket_closed(unsigned code);

  /// The counter of that name and label set, made on first use; valid as long as the metrics.
  std::atomic<std::uint64_t>& counter(std::string_view name, const labels& l = {});
  void count(std::string_view name, const labels& l = {}, std::uint64_t n = 1) { counter(name, l) += n; }

  /// A value asked for at each text(). What the function captures must stay until forget_callbacks().
  void gauge(std::string name, labels l, std::function<double()> value);
  /// The same for metrics with many series, as one per source partition or agent type.
  void collect(std::function<void(const emit&)> series);
  /// Returns when no callback runs, and none will.
  void forget_callbacks();

  /// The Prometheus text format, version 0.0.4.
  std::string text() const;

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace twinlane
