#include <twinlane/ingest/kafka_sink.hpp>

#include <algorithm>
#include <stdexcept>
#include <unordered_set>
#include <utility>

#include <twinlane/ingest/detail/kafka_producer.hpp>
#include <twinlane/runtime/log.hpp>

namespace twinlane::ingest {

using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

constexpr std::size_t items_max = 10'000, bytes_max = 16 * 1024 * 1024, take_max = 1'000;

std::size_t size_of(const sink_item& i) { return i.id.size() + i.uri.size() + i.key.size() + i.value.size(); }

const std::string& key_of(const sink_item& i) { return i.key.empty() ? i.uri : i.key; }

// The item itself is at fault, or another one of its batch.
bool is_refusal(rd_kafka_resp_err_t err) {
  switch (err) {
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE:
    case RD_KAFKA_RESP_ERR_INVALID_RECORD:
    case RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP:
    case RD_KAFKA_RESP_ERR_POLICY_VIOLATION:
      return true;
    default:
      return false;
  }
}

bool is_purge(rd_kafka_resp_err_t err) {
  return err == RD_KAFKA_RESP_ERR__PURGE_QUEUE || err == RD_KAFKA_RESP_ERR__PURGE_INFLIGHT;
}

}  // namespace

struct kafka_sink::slot {
  sink_queue::entry entry;
  std::size_t bytes = 0;
  bool tried = false;
  bool settled = false;  // arrived, or dead and on disk
  rd_kafka_resp_err_t refused = RD_KAFKA_RESP_ERR_NO_ERROR;
};

/// What one producer has come to.
struct kafka_sink::round {
  bool over = false;        // a new producer is needed
  bool went_well = false;   // something arrived
  bool one_by_one = false;  // the next one has to find out which item is refused
  // Keys of which an item has failed: what succeeds behind it goes again, behind it.
  std::unordered_set<std::string> failed_keys;
  std::unique_ptr<detail::kafka_producer> producer;
};

kafka_sink::kafka_sink(sink_context c) : sink(std::move(c), "kafka") {}
kafka_sink::~kafka_sink() = default;

std::optional<std::string> kafka_sink::refusal(const kafka_sink_spec& spec) {
  try {
    detail::kafka_producer::check(spec);
    return std::nullopt;
  } catch (const std::invalid_argument& e) {
    return e.what();
  }
}

void kafka_sink::run(std::stop_token stop) {
  begin_round();
  while (!stop.stop_requested() && !round_->over) {
    const auto now = steady_time::clock::now();
    fill();
    send_unsent();
    round_->producer->poll(milliseconds{slots_.empty() ? 0 : 10});
    bury_refused(now);
    while (!slots_.empty() && slots_.front().settled) slots_.pop_front();
    if ((doubtful_ || !is(sink_state::running)) && now >= next_look_) look();
    if (one_by_one_ && open_ == 0) round_->over = true;  // on with batches
  }
  end_round(stop);
}

void kafka_sink::begin_round() {
  round_.reset();  // before anything that its producer may point to
  round_ = std::make_unique<round>();
  const auto& kafka = std::get<kafka_sink_spec>(spec().to);
  round_->producer = std::make_unique<detail::kafka_producer>(
      kafka, one_by_one_,
      detail::kafka_producer::events{
          [this](void* tag, rd_kafka_resp_err_t err) { did_deliver(*static_cast<slot*>(tag), err); },
          [this] { doubtful_ = true; },
          [this](const std::string& why) { fail("the producer gave up and is made anew: " + why); }});
  unsent_ = slots_.size();
  did_retry(static_cast<std::uint64_t>(
      std::count_if(slots_.begin(), slots_.end(), [](const slot& s) { return s.tried && !s.settled; })));
}

// What is still on its way may arrive yet; then it need not go again.
void kafka_sink::end_round(std::stop_token stop) {
  const bool stopping = stop.stop_requested() && !round_->over && is(sink_state::running);
  const auto left = std::chrono::duration_cast<milliseconds>(deadline() - steady_time::clock::now());
  round_->producer->finish(stopping ? left - milliseconds{200} : milliseconds{500}, !stopping);
  const bool went_well = round_->went_well, one_by_one = round_->one_by_one;
  round_.reset();
  const bool failed = !one_by_one && !(one_by_one_ && open_ == 0);
  one_by_one_ = one_by_one || (one_by_one_ && open_ > 0);
  failures_ = went_well ? 0 : failures_;
  if (failed) pause(back_off_.after(++failures_), stop);
}

void kafka_sink::fill() {
  if (one_by_one_ || slots_.size() >= items_max || bytes_ >= bytes_max) return;
  auto taken = take(std::min(take_max, items_max - slots_.size()), milliseconds{slots_.empty() ? 100 : 0});
  for (auto& e : taken) {
    const auto bytes = size_of(e.item);
    bytes_ += bytes;
    slots_.push_back({std::move(e), bytes});
  }
  unsent_ += taken.size();
  open_ += taken.size();
}

void kafka_sink::send_unsent() {
  for (; unsent_ > 0 && !round_->over; --unsent_) {
    auto& s = slots_[slots_.size() - unsent_];
    if (s.settled || s.refused != RD_KAFKA_RESP_ERR_NO_ERROR) continue;
    const auto err = round_->producer->send(s.entry.item, &s);
    if (err == RD_KAFKA_RESP_ERR__QUEUE_FULL) return;
    s.tried = true;
    if (err == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE)
      refuse(s, err);
    else if (err != RD_KAFKA_RESP_ERR_NO_ERROR)
      fail(rd_kafka_err2str(err));
  }
}

void kafka_sink::did_deliver(slot& s, int error) {
  const auto err = static_cast<rd_kafka_resp_err_t>(error);
  const auto& key = key_of(s.entry.item);
  if (err == RD_KAFKA_RESP_ERR_NO_ERROR) {
    round_->went_well = true;
    if (round_->failed_keys.count(key) != 0) return;
    did_send(s.entry);
    --open_;
    settle(s);
    if (!is(sink_state::running)) set_running();
    return;
  }
  if (is_refusal(err) && one_by_one_) return refuse(s, err);
  round_->failed_keys.insert(key);
  if (is_purge(err)) return;
  if (!is_refusal(err)) return fail(rd_kafka_err2str(err));
  log_limited(log_level::warn, "sink/batch/" + name(),
              "sink '" + name() + "': a batch was refused (" + rd_kafka_err2str(err) +
                  "); its items go again one by one. If it was too large, lower kafka.properties batch.size");
  round_->over = round_->one_by_one = true;
}

void kafka_sink::fail(const std::string& why) {
  set_down(why);
  round_->over = true;
}

void kafka_sink::refuse(slot& s, int error) {
  s.refused = static_cast<rd_kafka_resp_err_t>(error);
  ++refused_;
  --open_;
}

void kafka_sink::settle(slot& s) {
  bytes_ -= s.bytes;
  s.settled = true;
  s.entry = {};
}

// Those that cannot be written yet hold back nothing but room.
void kafka_sink::bury_refused(steady_time now) {
  if (refused_ == 0 || now < next_bury_) return;
  for (auto& s : slots_) {
    if (s.settled || s.refused == RD_KAFKA_RESP_ERR_NO_ERROR) continue;
    const bool large = s.refused == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE;
    const auto why = large ? "its " + std::to_string(s.bytes) +
                                 " bytes are too many; raise message.max.bytes of the topic and in kafka.properties"
                           : rd_kafka_err2str(s.refused);
    if (!bury(s.entry, large ? dead_reason::too_large : dead_reason::undeliverable, why)) {
      next_bury_ = now + seconds{1};
      return;
    }
    --refused_;
    settle(s);
  }
}

// A broker that closes a connection long unused is not down.
void kafka_sink::look() {
  const auto state = round_->producer->topic_state(seconds{1});
  next_look_ = steady_time::clock::now() + seconds{1};
  const auto& kafka = std::get<kafka_sink_spec>(spec().to);
  if (!state) return set_down("no broker of " + kafka.brokers + " answers. Check kafka.brokers and the network");
  doubtful_ = false;
  if (*state == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART)
    set_down(detail::missing_topic_text(kafka.topic, kafka.brokers));
  else if (*state != RD_KAFKA_RESP_ERR_NO_ERROR)
    set_down("topic '" + kafka.topic + "': " + rd_kafka_err2str(*state));
  else if (failures_ == 0 || open_ == 0)  // else what waits will tell
    set_running();
}

}  // namespace twinlane::ingest
