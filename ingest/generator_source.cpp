#include <twinlane/ingest/generator_source.hpp>

#include <algorithm>

#include <twinlane/ingest/pacer.hpp>

namespace twinlane::ingest {
namespace {

constexpr std::size_t batch_records_max = 1'000;

}  // namespace

generator_source::generator_source(source_context c, const generator_fn& make)
    : reading_source(std::move(c), "generator", std::get<generator_spec>(c.spec.from).name),
      spec_(std::get<generator_spec>(context_.spec.from)),
      make_(make),
      made_(batch_records_max) {
  set_end(static_cast<std::int64_t>(spec_.preload));
}

std::int64_t generator_source::time_of(std::uint64_t n) const noexcept {
  if (n < spec_.preload || spec_.rate <= 0) return start_ms_;
  return start_ms_ + static_cast<std::int64_t>(static_cast<double>(n - spec_.preload) / spec_.rate * 1e3);
}

void generator_source::run(std::stop_token stop) {
  auto n = static_cast<std::uint64_t>(std::max<std::int64_t>(partition_->stored_low_mark.value_or(0), 0));
  paced_from_ = std::max(n, spec_.preload);
  // A resumed stream goes on at the present time: its start lies as far back as its records take.
  start_ms_ = 0;
  start_ms_ = context_.time->wall_ms() - time_of(paced_from_);
  const pacer pace(spec_.rate, context_.time->now());
  while (wait_for_room(stop)) {
    const auto due = paced_from_ + (spec_.rate > 0 ? pace.due(context_.time->now()) : 0);
    if (n < due) {
      const auto count = std::min<std::uint64_t>(due - n, batch_records_max);
      make_batch(n, static_cast<std::size_t>(count));
      n += count;
    } else if (spec_.rate > 0) {
      context_.time->wait_until(pace.time_of(n - paced_from_), stop);
    } else {
      set_state(source_state::ended);
      return;
    }
  }
}

void generator_source::make_batch(std::uint64_t n, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    auto& made = made_[i];
    made.key.clear();
    made.value.clear();
    made.has_key = made.remove = false;
    made.time_ms = time_of(n + i);
    make_(spec_.seed, n + i, spec_.parameters, made);
    raw_record r;
    r.value = made.value;
    r.has_value = !made.remove;
    r.key = made.key;
    r.has_key = made.has_key;
    r.offset = static_cast<std::int64_t>(n + i);
    r.timestamp_ms = made.time_ms;
    feed_.add(r, texts_);
  }
  const auto next = static_cast<std::int64_t>(n + count);
  partition_->log_end = next;
  feed_.post(next, steady_time::clock::now());
  texts_.clear();
}

}  // namespace twinlane::ingest
