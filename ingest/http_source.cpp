#include <twinlane/ingest/http_source.hpp>

#include <algorithm>

#include <zlib.h>

#include <twinlane/ingest/record_splitter.hpp>

namespace twinlane::ingest {
namespace {

constexpr std::size_t batch_records_max = 10'000;
constexpr std::size_t queue_max = 1'000;
constexpr std::size_t queue_bytes_max = 256 * 1024 * 1024;
constexpr std::size_t remembered_max = 10'000;
constexpr std::size_t key_bytes_limit = 1024;
constexpr std::size_t rejected_max = 10'000;
constexpr std::size_t remembered_lines_max = 200'000;

std::uint32_t body_sum(const std::string& body) {
  return static_cast<std::uint32_t>(::crc32_z(0, reinterpret_cast<const unsigned char*>(body.data()), body.size()));
}

}  // namespace

http_source::http_source(source_context c) : reading_source(std::move(c), "http", "http") {
  read_as(partition(0));
  offset_ = partition_->fresh_offset;
  set_end(0);
  partition_->did_advance = [s = signals_](std::int64_t) {
    std::lock_guard lock(s->mutex);
    s->advanced = true;
    s->wake.notify_all();
  };
  partition_->did_reject = [s = signals_](std::int64_t offset, dead_reason reason, const std::string& detail) {
    std::lock_guard lock(s->mutex);
    if (s->rejected.size() < rejected_max)
      s->rejected.emplace(offset, std::string(name_of(reason)) + ": " + detail);
    else
      s->rejected_unnamed.push_back(offset);
  };
}

http_source::~http_source() { http_source::join(); }

void http_source::handle(std::string body, std::optional<std::string> idempotency_key, callback done) {
  auto r = std::make_shared<request>();
  r->body_bytes = body.size();
  r->body_hash = std::hash<std::string>{}(body);
  std::unique_lock lock(signals_->mutex);
  const auto refuse = [&](problem code, const std::string& why) {
    lock.unlock();
    done(error{code, "source '" + context_.spec.name + "': " + why});
  };
  if (!accepting_ || !assigned()) return refuse(problem::not_ready, "it is starting or stopping. Try again later");
  if (idempotency_key) {
    if (idempotency_key->size() > key_bytes_limit)
      return refuse(problem::bad_request, "an Idempotency-Key has at most 1,024 bytes");
    const auto known = remembered_.find(*idempotency_key);
    if (known != remembered_.end()) {
      const auto first = known->second;
      if (first->body_hash != r->body_hash || first->body_bytes != r->body_bytes)
        return refuse(problem::conflict, "this Idempotency-Key came with another body before");
      if (!first->answer) return first->waiting.push_back(std::move(done));
      const auto again = *first->answer;
      lock.unlock();
      return done(again);
    }
  }
  if (queue_.size() >= queue_max || queue_bytes_ + body.size() > queue_bytes_max)
    return refuse(problem::too_busy, std::to_string(queue_.size()) + " bodies wait already. Send slower");
  queue_bytes_ += body.size();
  r->body = std::move(body);
  r->waiting.push_back(std::move(done));
  if (idempotency_key) {
    // With the body, for after a restart another body of the same key must not pass for a repeat.
    r->key = *idempotency_key + ' ' + std::to_string(body_sum(r->body)) + ' ' + std::to_string(r->body_bytes);
    remember(*idempotency_key, r);
  }
  queue_.push_back(std::move(r));
  signals_->wake.notify_all();
}

void http_source::remember(const std::string& key, const request_ptr& r) {
  remembered_.emplace(key, r);
  remembered_order_.push_back(key);
  forget_oldest();
}

void http_source::forget_oldest() {
  while (remembered_order_.size() > remembered_max ||
         (remembered_lines_ > remembered_lines_max && remembered_order_.size() > 1))
    forget(std::string(remembered_order_.front()));
}

void http_source::forget(const std::string& key) {
  const auto known = remembered_.find(key);
  if (known->second->answer) remembered_lines_ -= known->second->answer->rejected.size();
  remembered_.erase(known);
  remembered_order_.erase(std::find(remembered_order_.begin(), remembered_order_.end(), key));
}

http_source::request_ptr http_source::take_next(std::stop_token stop) {
  std::unique_lock lock(signals_->mutex);
  signals_->wake.wait(lock, stop, [&] { return !queue_.empty() || signals_->advanced; });
  signals_->advanced = false;
  if (stop.stop_requested() || queue_.empty()) return nullptr;
  auto r = std::move(queue_.front());
  queue_.pop_front();
  queue_bytes_ -= r->body_bytes;
  return r;
}

void http_source::run(std::stop_token stop) {
  while (!stop.stop_requested()) {
    if (const auto r = take_next(stop)) {
      const auto failed = read_body(*r, stop);
      r->body = {};
      r->end = offset_;
      if (failed)
        answer(r, *failed);
      else
        posted_.push_back(r);
    }
    answer_applied();
  }
  // What is on its way may still be answered while the deadline allows.
  for (;;) {
    answer_applied();
    std::unique_lock lock(signals_->mutex);
    if (posted_.empty() || !signals_->wake.wait_until(lock, deadline_, [&] { return signals_->advanced; })) return;
    signals_->advanced = false;
  }
}

std::optional<error> http_source::read_header(std::string_view& rest, std::uint64_t& line) {
  if (context_.spec.format != record_format::csv || !context_.spec.columns.empty()) return std::nullopt;
  record_splitter splitter(record_format::csv);
  const auto end = std::min(splitter.end_of_record(rest), rest.size());
  const auto header = rest.substr(0, end);
  std::vector<std::string> columns;
  std::string why = "it is empty";
  try {
    if (!header.empty() && split_csv_row(header, columns, why)) {
      router_.set_columns(std::move(columns));
      line += static_cast<std::uint64_t>(std::count(header.begin(), header.end(), '\n'));
      rest.remove_prefix(end);
      return std::nullopt;
    }
  } catch (const std::invalid_argument& e) {
    why = e.what();
  }
  return error{problem::bad_request, "the first line is no CSV header: " + why};
}

std::optional<error> http_source::read_body(request& r, std::stop_token stop) {
  record_splitter splitter(context_.spec.format);
  auto rest = without_bom(r.body);
  std::uint64_t line = 1;
  if (auto bad = read_header(rest, line)) return bad;
  std::size_t unposted = 0;
  feed_->request = std::make_shared<const ingest_request>(ingest_request{r.key, offset_});
  const auto post = [&] {
    if (unposted != 0) feed_->post(offset_, steady_time::clock::now());
    texts_.clear();
    unposted = 0;
    answer_applied();  // bodies before this one need not wait for its end
  };
  while (!rest.empty()) {
    if (stop.stop_requested() || (unposted == 0 && !wait_for_room(stop, [&] { answer_applied(); })))
      return error{problem::not_ready, "the server stops; part of the body was taken"};
    const auto end = std::min(splitter.end_of_record(rest), rest.size());
    const auto whole = rest.substr(0, end);
    const auto text = record_splitter::without_line_end(whole);
    if (!text.empty()) {
      add_record(r, text, line);
      ++unposted;
    }
    line += static_cast<std::uint64_t>(std::count(whole.begin(), whole.end(), '\n'));
    rest.remove_prefix(end);
    if (unposted == batch_records_max) post();
  }
  post();
  return std::nullopt;
}

void http_source::add_record(request& r, std::string_view text, std::uint64_t line) {
  raw_record record;
  record.value = text;
  record.offset = offset_++;
  record.timestamp_ms = context_.time->wall_ms();
  const auto delta = static_cast<std::int64_t>(line) - record.offset;
  if (r.lines.empty() || static_cast<std::int64_t>(r.lines.back().line) - r.lines.back().offset != delta)
    r.lines.push_back({record.offset, line});
  const auto bad = feed_->add(record, texts_);
  if (!bad)
    ++r.result.accepted;
  else if (r.result.rejected.size() < rejected_max)
    r.result.rejected.push_back({line, std::string(name_of(bad->reason)) + ": " + bad->detail});
}

std::uint64_t http_source::line_of(const request& r, std::int64_t offset) {
  const auto after = std::upper_bound(r.lines.begin(), r.lines.end(), offset,
                                      [](std::int64_t o, const request::run& run) { return o < run.offset; });
  const auto& run = *std::prev(after);
  return run.line + static_cast<std::uint64_t>(offset - run.offset);
}

// Records that were routed well and that a shard refused.
void http_source::take_rejections(request& r) {
  if (r.lines.empty()) return;
  const auto begin = r.lines.front().offset;
  auto& rejected = r.result.rejected;
  {
    std::lock_guard lock(signals_->mutex);
    auto& named = signals_->rejected;
    for (auto it = named.lower_bound(begin); it != named.end() && it->first < r.end; it = named.erase(it)) {
      --r.result.accepted;
      rejected.push_back({line_of(r, it->first), std::move(it->second)});
    }
    const auto of_this = [&](std::int64_t offset) { return offset >= begin && offset < r.end; };
    r.result.accepted -= std::erase_if(signals_->rejected_unnamed, of_this);
  }
  std::sort(rejected.begin(), rejected.end(), [](const auto& x, const auto& y) { return x.line < y.line; });
  if (rejected.size() > rejected_max) rejected.resize(rejected_max);
}

void http_source::answer_applied() {
  const auto applied = std::max(partition_->low_mark(), partition_->fresh_offset);
  while (!posted_.empty() && posted_.front()->end <= applied) {
    const auto r = posted_.front();
    posted_.pop_front();
    take_rejections(*r);
    answer(r, r->result);
  }
}

void http_source::answer(const request_ptr& r, const outcome<http_answer>& what) {
  std::vector<callback> waiting;
  {
    std::lock_guard lock(signals_->mutex);
    waiting.swap(r->waiting);
    const auto known =
        std::find_if(remembered_.begin(), remembered_.end(), [&](const auto& k) { return k.second == r; });
    if (known != remembered_.end() && ok(what)) {
      r->answer = std::get<http_answer>(what);
      remembered_lines_ += r->answer->rejected.size();
      forget_oldest();
    } else if (known != remembered_.end()) {
      forget(std::string(known->first));  // a retry may do better
    }
  }
  for (const auto& done : waiting) done(what);
}

void http_source::request_stop(steady_time deadline) {
  {
    std::lock_guard lock(signals_->mutex);
    accepting_ = false;
    deadline_ = deadline;
  }
  reading_source::request_stop(deadline);
}

void http_source::join() {
  reading_source::join();
  std::deque<request_ptr> left;
  {
    std::lock_guard lock(signals_->mutex);
    accepting_ = false;
    left.swap(queue_);
    queue_bytes_ = 0;
  }
  left.insert(left.end(), posted_.begin(), posted_.end());
  posted_.clear();
  for (const auto& r : left) answer(r, error{problem::not_ready, "the server stopped before the records were durable"});
}

}  // namespace twinlane::ingest
