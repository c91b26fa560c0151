#include <twinlane/ingest/webhook_sink.hpp>

#include <algorithm>

#include <twinlane/ingest/sink_letter.hpp>
#include <twinlane/runtime/log.hpp>

namespace twinlane::ingest {

using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

constexpr std::size_t items_max = 10'000, bytes_max = 16 * 1024 * 1024, take_max = 1'000, shown_bytes_max = 200;
constexpr unsigned silences_max = 3;
constexpr int retry_after_factor = 60;

std::size_t size_of(const sink_item& i) { return i.id.size() + i.uri.size() + i.key.size() + i.value.size(); }

bool may_pass(int status) { return status == 408 || status == 429 || status >= 500; }

}  // namespace

struct webhook_sink::waker {
  std::mutex mutex;
  http_client* client;

  void wake() {
    std::lock_guard lock(mutex);
    if (client != nullptr) client->wake();
  }
};

webhook_sink::webhook_sink(sink_context c)
    : sink(std::move(c), "webhook"),
      webhook_(std::get<webhook_spec>(spec().to)),
      request_(webhook_),
      item_back_off_(webhook_.retry.backoff, webhook_.retry.backoff_max),
      sink_back_off_(webhook_.retry.backoff, webhook_.retry.backoff_max),
      waker_(std::make_shared<waker>()),
      client_(webhook_.connections, webhook_.timeout) {
  waker_->client = &client_;
  queue().did_fill = [w = waker_] { w->wake(); };
}

webhook_sink::~webhook_sink() {
  std::lock_guard lock(waker_->mutex);
  waker_->client = nullptr;
}

std::vector<std::pair<std::string, std::string>> webhook_sink::refusals(const webhook_spec& spec) {
  auto all = webhook_request::refusals(spec);
  if (spec.connections == 0) all.emplace_back("connections", "is 0");
  if (spec.timeout <= milliseconds{0}) all.emplace_back("timeout", "is 0");
  if (spec.retry.tries == 0) all.emplace_back("retry", "'tries' is 0");
  if (spec.retry.backoff <= milliseconds{0} || spec.retry.backoff > spec.retry.backoff_max)
    all.emplace_back("retry", "'backoff' is over 'backoff_max', or 0");
  return all;
}

void webhook_sink::did_request_stop() { client_.wake(); }

void webhook_sink::run(std::stop_token stop) {
  while (true) {
    const auto now = steady_time::clock::now();
    const bool stopping = stop.stop_requested();
    if (stopping && (sent_.empty() || held_back_ || now + milliseconds{100} >= deadline())) return;
    if (!stopping) {
      fill();
      wake_due(now);
      send_due(now);
    }
    for (const auto& reply : client_.wait(stopping ? milliseconds{50} : time_to_wait(now)))
      did_end(reply, steady_time::clock::now());
  }
}

milliseconds webhook_sink::time_to_wait(steady_time now) const {
  auto until = now + seconds{1};
  if (!later_.empty()) until = std::min(until, later_.begin()->first);
  if (held_back_ && sent_.empty() && !due_.empty()) until = std::min(until, next_look_);
  return std::max(std::chrono::ceil<milliseconds>(until - now), milliseconds{0});
}

void webhook_sink::fill() {
  while (items_ < items_max && bytes_ < bytes_max) {
    auto taken = take(std::min(take_max, items_max - items_), milliseconds{0});
    if (taken.empty()) return;
    items_ += taken.size();
    for (auto& e : taken) {
      bytes_ += size_of(e.item);
      auto& agent = *lines_.try_emplace(e.item.uri).first;
      agent.second.items.push_back(std::move(e));
      if (agent.second.items.size() == 1) due_.push_back(&agent);
    }
  }
}

void webhook_sink::wake_due(steady_time now) {
  while (!later_.empty() && later_.begin()->first <= now) {
    due_.push_back(later_.begin()->second);
    later_.erase(later_.begin());
  }
}

void webhook_sink::send_due(steady_time now) {
  while (!due_.empty()) {
    if (sent_.size() >= (held_back_ ? 1 : webhook_.connections) || (held_back_ && now < next_look_)) return;
    auto& agent = *due_.front();
    due_.pop_front();
    send_first(agent, now);
  }
}

void webhook_sink::send_first(line_map::value_type& agent, steady_time now) {
  auto& line = agent.second;
  http_request request;
  if (!line.dead) line.dead = request_.make(line.items.front().item, request);
  if (line.dead) {
    if (!bury(line.items.front(), line.dead->reason, line.dead->detail)) return wait_until(agent, now + seconds{1});
    return next_item(agent);
  }
  try {
    client_.send(request, ++next_tag_);
  } catch (...) {
    due_.push_front(&agent);
    throw;
  }
  if (line.tries++ == 0) line.first_try = now;
  sent_.emplace(next_tag_, &agent);
}

void webhook_sink::did_end(const http_reply& reply, steady_time now) {
  const auto at = sent_.find(reply.tag);
  auto& agent = *at->second;
  sent_.erase(at);
  if (reply.how == http_reply::end::answered)
    did_answer(agent, reply, now);
  else
    did_fail(agent, reply, now);
}

void webhook_sink::did_answer(line_map::value_type& agent, const http_reply& reply, steady_time now) {
  silences_ = outages_ = 0;
  held_back_ = false;
  if (!is(sink_state::running)) set_running();
  auto& line = agent.second;
  if (reply.status >= 200 && reply.status < 300) {
    did_send(line.items.front());
    return next_item(agent);
  }
  const auto why = "answered " + std::to_string(reply.status) + ": " + shown(reply.text, shown_bytes_max);
  if (may_pass(reply.status)) return try_again(agent, why, reply.retry_after, now);
  line.dead = {dead_reason::undeliverable, request_.host() + ' ' + why};
  due_.push_front(&agent);
}

void webhook_sink::did_fail(line_map::value_type& agent, const http_reply& reply, steady_time now) {
  auto& line = agent.second;
  if (reply.how == http_reply::end::unsendable) {
    line.dead = {dead_reason::bad_value, "the URL: " + reply.text};
    return due_.push_front(&agent);
  }
  const bool unseen = reply.how == http_reply::end::unreachable;
  if (unseen || held_back_ || ++silences_ >= silences_max) {
    if (unseen || held_back_) --line.tries;
    hold_back(request_.host() + " does not answer: " + reply.text, now);
    return due_.push_back(&agent);  // the next to ask is another one's item, if there is one
  }
  try_again(agent, "did not answer: " + reply.text, std::nullopt, now);
}

void webhook_sink::try_again(line_map::value_type& agent, const std::string& why, std::optional<seconds> after,
                             steady_time now) {
  auto& line = agent.second;
  const auto& retry = webhook_.retry;
  if (line.tries >= retry.tries || (retry.age.count() > 0 && now - line.first_try >= retry.age)) {
    line.dead = {dead_reason::undeliverable,
                 request_.host() + ' ' + why + " (given up after " + std::to_string(line.tries) + " tries)"};
    return due_.push_front(&agent);
  }
  did_retry(1);
  auto wait = item_back_off_.after(line.tries);
  if (after)
    wait = std::max<milliseconds>(wait, std::min<milliseconds>(*after, retry.backoff_max * retry_after_factor));
  log_limited(log_level::warn, "sink/retry/" + name(),
              "sink '" + name() + "': " + request_.host() + ' ' + why + "; tried again in " +
                  std::to_string(wait.count()) + " ms");
  wait_until(agent, now + wait);
}

void webhook_sink::hold_back(const std::string& why, steady_time now) {
  if (held_back_ && now < next_look_) return;  // on its way together with the one that told first
  held_back_ = true;
  next_look_ = now + sink_back_off_.after(++outages_);
  did_retry(1);
  set_down(why);
}

void webhook_sink::wait_until(line_map::value_type& agent, steady_time t) { later_.emplace(t, &agent); }

void webhook_sink::next_item(line_map::value_type& agent) {
  auto& line = agent.second;
  bytes_ -= size_of(line.items.front().item);
  line.items.pop_front();
  line.tries = 0;
  line.dead.reset();
  --items_;
  if (line.items.empty())
    lines_.erase(lines_.find(agent.first));
  else
    due_.push_back(&agent);
}

}  // namespace twinlane::ingest
