#include <twinlane/ingest/generator_source.hpp>

#include <algorithm>
#include <cmath>

#include <twinlane/ingest/pacer.hpp>
#include <twinlane/runtime/log.hpp>

namespace twinlane::ingest {
namespace {

constexpr std::size_t batch_records_max = 1'000;
constexpr std::int64_t clock_slack_ms = 1'000;  // that clocks are nudged by

}  // namespace

generator_source::generator_source(source_context c, const generator_fn& make)
    : reading_source(std::move(c), "generator", std::get<generator_spec>(c.spec.from).name),
      spec_(std::get<generator_spec>(context_.spec.from)),
      make_(make),
      made_(batch_records_max) {
  read_as(partition(0));
}

void generator_source::open() {
  resume();
  auto end = spec_.preload;
  if (start_ms_) end += count_before(context_.time->wall_ms());
  set_end(static_cast<std::int64_t>(end));
}

void generator_source::resume() {
  next_ = static_cast<std::uint64_t>(std::max<std::int64_t>(partition_->low_mark(), 0));
  start_ms_ = partition_->origin;
  if (next_ == 0) return;
  const auto now = context_.time->wall_ms();
  if (start_ms_ && time_of(next_ - 1) <= now + clock_slack_ms) return;
  if (start_ms_)
    log_limited(log_level::warn, "source/" + context_.spec.name + "/start",
                "source '" + context_.spec.name + "': record " + std::to_string(next_ - 1) +
                    " would have a time that is still to come, for the clock was set back or the rate lowered. The "
                    "stream goes on at the present time");
  start_ms_ = 0;
  set_start(now - time_of(next_));
}

void generator_source::set_start(std::int64_t ms) {
  start_ms_ = ms;
  partition_->keep_origin(ms);
}

std::int64_t generator_source::time_of(std::uint64_t n) const noexcept {
  const auto start = start_ms_.value_or(0);
  if (n < spec_.preload || spec_.rate <= 0) return start;
  return start + static_cast<std::int64_t>(static_cast<double>(n - spec_.preload) / spec_.rate * 1e3);
}

std::uint64_t generator_source::count_before(std::int64_t ms) const noexcept {
  const auto passed = static_cast<double>(std::max<std::int64_t>(ms - start_ms_.value_or(ms), 0));
  return static_cast<std::uint64_t>(std::ceil(passed / 1e3 * spec_.rate));
}

void generator_source::run(std::stop_token stop) {
  if (!start_ms_) set_start(context_.time->wall_ms());
  const auto since_start = std::chrono::milliseconds(context_.time->wall_ms() - *start_ms_);
  const pacer pace(spec_.rate, context_.time->now() - since_start);
  while (wait_for_room(stop)) {
    const auto due = spec_.preload + (spec_.rate > 0 ? pace.due(context_.time->now()) : 0);
    partition_->log_end = static_cast<std::int64_t>(due);
    if (next_ < due) {
      make_batch(static_cast<std::size_t>(std::min<std::uint64_t>(due - next_, batch_records_max)));
    } else if (spec_.rate > 0) {
      context_.time->wait_until(pace.time_of(next_ - spec_.preload), stop);
    } else {
      set_state(source_state::ended);
      return;
    }
  }
}

void generator_source::make_batch(std::size_t count) {
  for (std::size_t i = 0; i < count; ++i, ++next_) {
    auto& made = made_[i];
    made.key.clear();
    made.value.clear();
    made.has_key = made.remove = false;
    made.time_ms = time_of(next_);
    make_(spec_.seed, next_, spec_.parameters, made);
    raw_record r;
    r.value = made.value;
    r.has_value = !made.remove;
    r.key = made.key;
    r.has_key = made.has_key;
    r.offset = static_cast<std::int64_t>(next_);
    r.timestamp_ms = made.time_ms;
    feed_->add(r, texts_);
  }
  feed_->post(static_cast<std::int64_t>(next_), steady_time::clock::now());
  texts_.clear();
}

}  // namespace twinlane::ingest
