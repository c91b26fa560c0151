#include <twinlane/ingest/kafka_consumer.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <exception>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>

#include <twinlane/ingest/detail/fetch_waker.hpp>
#include <twinlane/ingest/detail/kafka_alignment.hpp>
#include <twinlane/ingest/detail/kafka_assignment.hpp>
#include <twinlane/ingest/detail/kafka_problems.hpp>
#include <twinlane/runtime/log.hpp>

namespace twinlane::ingest {

using namespace detail;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

constexpr std::size_t batch_messages_max = 10'000;
constexpr std::size_t queue_low = 50'000;  // half of what librdkafka fetches ahead

// What a user may set otherwise.
const std::map<std::string, std::string> preferred = {
    {"check.crcs", "true"},
    {"fetch.wait.max.ms", "100"},
    {"queued.max.messages.kbytes", "32768"},
    // Over any record that a broker may hold, so that a huge one becomes a dead letter.
    {"receive.message.max.bytes", "134217728"},
    {"session.timeout.ms", "10000"},
    {"topic.metadata.refresh.interval.ms", "5000"},
};

kafka_conf consumer_conf(const kafka_spec& spec) {
  kafka_spec with = spec;
  with.properties.insert(preferred.begin(), preferred.end());
  if (!fetch_waker::needed()) with.properties.emplace("fetch.queue.backoff.ms", "20");
  kafka_conf conf(with);
  conf.set("group.id", spec.group);
  conf.set("enable.auto.commit", "false");
  conf.set("enable.auto.offset.store", "false");
  conf.set("auto.offset.reset", "error");
  conf.set("enable.partition.eof", "true");
  // Partition p of every topic to the same member.
  conf.set("partition.assignment.strategy", "range");
  return conf;
}

}  // namespace

struct kafka_consumer::impl {
  impl(const kafka_spec& s, port& p, flow& f, clock& t, const sources_options& o)
      : spec(s), time(t), options(o), assignment(p, f), problems(s.brokers, sources) {
    consumer_conf(spec);  // throws now rather than on the thread
    const auto share = std::max<std::int64_t>(o.flow.partition_records / 4, 1);
    messages.resize(static_cast<std::size_t>(std::min<std::int64_t>(share, batch_messages_max)));
  }

  void run(std::stop_token stop);
  void connect();
  void read(std::stop_token stop);
  std::size_t consume(int wait_ms);
  void dispatch(std::size_t n, std::stop_token stop);
  void dispatch_aligned(std::stop_token stop);
  void take(kafka_slot& slot, const rd_kafka_message_t& m);
  void post_taken(steady_time arrived);
  void forget_slots();
  void keep_fetching(steady_time now, std::size_t n);
  void keep_house(steady_time now);
  void close();

  void did_rebalance(rd_kafka_resp_err_t err, const rd_kafka_topic_partition_list_t* list);
  void act_on_rebalance();
  void assign(rd_kafka_topic_partition_list_t& list);
  void revoke();

  const kafka_spec spec;
  clock& time;
  const sources_options options;
  std::vector<kafka_source*> sources;
  std::jthread thread;
  std::mutex mutex;
  steady_time deadline{};  // under the mutex

  // The thread's own. The client goes before the queue's users do.
  kafka_ptr<rd_kafka_t> client;
  kafka_ptr<rd_kafka_queue_t> queue;
  std::unique_ptr<fetch_waker> waker;
  steady_time busy_until{}, next_wake{};
  kafka_assignment assignment;
  kafka_alignment alignment;
  kafka_problems problems;
  text_arena texts;
  std::vector<rd_kafka_message_t*> messages;
  std::vector<kafka_slot*> touched;
  std::vector<std::pair<kafka_slot*, kafka_alignment::message>> slice;
  kafka_list rebalance;  // asked for by the group, not yet acted on
  rd_kafka_resp_err_t rebalance_kind = RD_KAFKA_RESP_ERR_NO_ERROR;
  bool held = false, closing = false;
  steady_time next_commit{}, next_look{}, next_ends{};
};

kafka_consumer::kafka_consumer(const kafka_spec& spec, port& p, flow& f, clock& time, const sources_options& options)
    : impl_(std::make_unique<impl>(spec, p, f, time, options)) {}

std::optional<std::string> kafka_consumer::refusal(const kafka_spec& spec) {
  try {
    consumer_conf(spec);
    return std::nullopt;
  } catch (const std::invalid_argument& e) {
    return e.what();
  }
}

kafka_consumer::~kafka_consumer() {
  request_stop(steady_time::clock::now() + seconds{2});
  join();
}

void kafka_consumer::attach(kafka_source& s) { impl_->sources.push_back(&s); }

void kafka_consumer::start() {
  if (!impl_->thread.joinable()) impl_->thread = std::jthread([this](std::stop_token stop) { impl_->run(stop); });
}

void kafka_consumer::request_stop(steady_time deadline) {
  {
    std::lock_guard lock(impl_->mutex);
    impl_->deadline = deadline;
  }
  impl_->thread.request_stop();
}

void kafka_consumer::join() {
  if (impl_->thread.joinable()) impl_->thread.join();
}

void kafka_consumer::impl::run(std::stop_token stop) {
  while (!stop.stop_requested()) {
    try {
      connect();
      read(stop);
    } catch (const std::exception& e) {
      log_limited(log_level::error, "kafka/" + spec.brokers, "Kafka consumer of " + spec.brokers + ": " + e.what());
      problems.tell_all(e.what());
      time.wait_until(time.now() + seconds{1}, stop);
    }
    if (client) close();
  }
}

void kafka_consumer::impl::connect() {
  auto conf = consumer_conf(spec);
  rd_kafka_conf_set_opaque(conf.get(), this);
  rd_kafka_conf_set_rebalance_cb(
      conf.get(), [](rd_kafka_t*, rd_kafka_resp_err_t err, rd_kafka_topic_partition_list_t* list, void* self) {
        static_cast<impl*>(self)->did_rebalance(err, list);
      });
  rd_kafka_conf_set_error_cb(conf.get(), [](rd_kafka_t*, int err, const char* text, void* self) {
    auto& i = *static_cast<impl*>(self);
    i.problems.did_fail(i.client.get(), static_cast<rd_kafka_resp_err_t>(err), text);
  });
  rd_kafka_conf_set_offset_commit_cb(
      conf.get(), [](rd_kafka_t*, rd_kafka_resp_err_t err, rd_kafka_topic_partition_list_t*, void*) {
        if (err != RD_KAFKA_RESP_ERR_NO_ERROR && err != RD_KAFKA_RESP_ERR__NO_OFFSET)
          log_limited(log_level::warn, "kafka/commit",
                      std::string("committing low marks to Kafka for lag monitoring failed: ") + rd_kafka_err2str(err));
      });
  closing = false;
  problems.did_connect();
  client = conf.make(RD_KAFKA_CONSUMER);
  rd_kafka_poll_set_consumer(client.get());
  queue.reset(rd_kafka_queue_get_consumer(client.get()));
  if (fetch_waker::needed()) waker = std::make_unique<fetch_waker>(client.get());
  std::set<std::string> topics;
  for (const auto* s : sources) topics.insert(s->topic());
  const kafka_list list(rd_kafka_topic_partition_list_new(static_cast<int>(topics.size())));
  for (const auto& t : topics) rd_kafka_topic_partition_list_add(list.get(), t.c_str(), RD_KAFKA_PARTITION_UA);
  if (const auto err = rd_kafka_subscribe(client.get(), list.get()); err != RD_KAFKA_RESP_ERR_NO_ERROR)
    throw std::runtime_error(std::string("cannot subscribe: ") + rd_kafka_err2str(err));
}

void kafka_consumer::impl::read(std::stop_token stop) {
  while (!stop.stop_requested() && !problems.fatal()) {
    const auto now = steady_time::clock::now();
    if (assignment.update_flow(client.get(), now)) {
      const bool watchful = held || assignment.in_flight();
      const auto n = consume(alignment.ready(now) ? 0 : watchful || !alignment.empty() ? 5 : 50);
      keep_fetching(now, n);
      dispatch(n, stop);
      if (!alignment.empty()) dispatch_aligned(stop);
    } else {
      std::this_thread::sleep_for(milliseconds{1});
    }
    if (rebalance) act_on_rebalance();
    keep_house(now);
  }
}

// Waits for one message and takes what is there behind it: the batch call alone would wait for a full batch.
std::size_t kafka_consumer::impl::consume(int wait_ms) {
  auto n = rd_kafka_consume_batch_queue(queue.get(), wait_ms, messages.data(), 1);
  if (n == 1 && messages.size() > 1 && !rebalance) {
    const auto more = rd_kafka_consume_batch_queue(queue.get(), 0, messages.data() + 1, messages.size() - 1);
    n += std::max<ssize_t>(more, 0);
  }
  return static_cast<std::size_t>(std::max<ssize_t>(n, 0));
}

void kafka_consumer::impl::dispatch(std::size_t n, std::stop_token stop) {
  if (n == 0) return;
  const auto arrived = steady_time::clock::now();
  // A stop may leave messages unread: no low mark has passed them.
  for (std::size_t i = 0; i < n && !stop.stop_requested(); ++i) {
    const auto& m = *messages[i];
    if (m.err != RD_KAFKA_RESP_ERR_NO_ERROR && m.err != RD_KAFKA_RESP_ERR__PARTITION_EOF) {
      problems.did_fail(client.get(), m, assignment);
      continue;
    }
    // Of a partition that is no longer ours: whoever has it now reads it.
    auto* slot = assignment.find(m);
    if (slot == nullptr) continue;
    if (alignment.keep(*slot, messages[i], arrived))
      messages[i] = nullptr;
    else
      take(*slot, m);
  }
  post_taken(arrived);
  for (std::size_t i = 0; i < n; ++i)
    if (messages[i] != nullptr) rd_kafka_message_destroy(messages[i]);
}

// Slice by slice, for what is posted of one partition comes before what is posted of the next.
void kafka_consumer::impl::dispatch_aligned(std::stop_token stop) {
  const auto now = steady_time::clock::now();
  for (auto left = messages.size(); left > 0 && !stop.stop_requested();) {
    alignment.next_slice(left, now, slice);
    if (slice.empty()) break;
    for (const auto& [slot, m] : slice) take(*slot, *m);
    post_taken(now);
    left -= slice.size();
    slice.clear();
  }
  alignment.update(now);
}

void kafka_consumer::impl::take(kafka_slot& slot, const rd_kafka_message_t& m) {
  slot.take(m, texts);
  if (!slot.touched) touched.push_back(&slot);
  slot.touched = true;
}

void kafka_consumer::impl::post_taken(steady_time arrived) {
  for (auto* slot : touched) {
    for (const auto& r : slot->readers) r->post(arrived);
    slot->touched = false;
  }
  if (!touched.empty()) problems.did_hear();
  touched.clear();
  texts.clear();
}

// A full batch tells of a backlog.
void kafka_consumer::impl::keep_fetching(steady_time now, std::size_t n) {
  if (n == messages.size()) busy_until = now + milliseconds{1500};
  if (!waker || now > busy_until || now < next_wake || rd_kafka_queue_length(queue.get()) > queue_low) return;
  waker->wake();
  next_wake = now + milliseconds{20};
}

void kafka_consumer::impl::keep_house(steady_time now) {
  if (held) held = assignment.release_held();
  assignment.update_reached(sources);
  if (now >= next_ends) {
    assignment.update_ends(client.get());
    next_ends = now + milliseconds{100};
  }
  if (now >= next_commit) {
    assignment.commit(client.get());
    next_commit = now + options.commit_interval;
  }
  if (problems.worth_a_look() && now >= next_look) {
    problems.look(client.get());
    next_look = steady_time::clock::now() + seconds{1};
  }
}

// Also what an exception has left of a batch.
void kafka_consumer::impl::forget_slots() {
  slice.clear();
  touched.clear();
  alignment.clear();
  assignment.clear();
}

// Called within consume(): messages of the old assignment may still be in the batch, so it is acted on behind it.
void kafka_consumer::impl::did_rebalance(rd_kafka_resp_err_t err, const rd_kafka_topic_partition_list_t* list) {
  rebalance_kind = err;
  rebalance.reset(rd_kafka_topic_partition_list_copy(list));
  if (closing) act_on_rebalance();
}

void kafka_consumer::impl::act_on_rebalance() {
  const auto list = std::move(rebalance);
  if (rebalance_kind == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS && !closing)
    assign(*list);
  else
    revoke();
}

void kafka_consumer::impl::assign(rd_kafka_topic_partition_list_t& list) {
  assignment.take(list, sources);
  problems.did_assign(client.get(), list);
  for (auto* s : sources) {
    const bool found = !problems.is_missing(s->topic());
    s->set_assigned(found);
    if (!found) continue;
    s->set_problem({});
    s->set_state(s->may_start() ? source_state::running : source_state::waiting);
  }
  problems.check_starts(client.get(), assignment);
  assignment.set_starts(list);
  rd_kafka_assign(client.get(), &list);
  held = assignment.release_held();
  alignment.begin(assignment.slots(), steady_time::clock::now());
  alignment.update(steady_time::clock::now());
  assignment.update_flow(client.get(), steady_time::clock::now());
  log_limited(log_level::info, "kafka/assigned/" + spec.brokers + '/' + spec.group,
              "Kafka group '" + spec.group + "': " + std::to_string(list.cnt) + " partitions assigned");
}

void kafka_consumer::impl::revoke() {
  if (!closing && !rd_kafka_assignment_lost(client.get())) {
    const auto until = steady_time::clock::now() + seconds{2};
    while (assignment.in_flight() && steady_time::clock::now() < until) std::this_thread::sleep_for(milliseconds{1});
    assignment.commit(client.get());
  }
  forget_slots();
  for (auto* s : sources) s->set_assigned(false);
  rd_kafka_assign(client.get(), nullptr);
}

// Leaves the group, so that others need not wait for this member's time-out; within the deadline.
void kafka_consumer::impl::close() {
  auto until = steady_time::clock::now() + seconds{2};
  {
    std::lock_guard lock(mutex);
    if (deadline != steady_time{}) until = deadline - milliseconds{200};
  }
  const auto drained_by = until - seconds{2};
  while (assignment.in_flight() && steady_time::clock::now() < drained_by) std::this_thread::sleep_for(milliseconds{1});
  assignment.commit(client.get());
  closing = true;
  if (rebalance) act_on_rebalance();
  waker.reset();
  auto reading = std::move(queue);
  queue.reset(rd_kafka_queue_new(client.get()));
  if (auto* refused = rd_kafka_consumer_close_queue(client.get(), queue.get())) {
    rd_kafka_error_destroy(refused);
  } else {
    while (rd_kafka_consumer_closed(client.get()) == 0 && steady_time::clock::now() < until) {
      const auto n = consume(20);
      for (std::size_t i = 0; i < n; ++i) rd_kafka_message_destroy(messages[i]);
    }
  }
  forget_slots();
  queue.reset();
  reading.reset();
  rd_kafka_destroy_flags(client.release(), RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
}

}  // namespace twinlane::ingest
