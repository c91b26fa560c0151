#include <twinlane/agents/uri.hpp>
#include <twinlane/web/conversation.hpp>
#include <twinlane/web/server_message.hpp>

// Queries: what their subscriptions say becomes rows as the socket takes them.
namespace twinlane::web {

void conversation::handle(const query_message& m) {
  if (table_.contains(m.id)) return refuse(m.id, problem::conflict, "This connection has a subscription with this id.");
  const auto uri = canonical_uri(m.uri);
  if (!uri) return refuse(m.id, problem::bad_request, "'uri' is not an agent's path, as in /customer/42.");
  const auto lane = lanes_.find_lane(*uri, m.what.lane);
  if (!ok(lane)) return refuse(m.id, std::get<error>(lane).code, std::get<error>(lane).detail);
  const auto kind = std::get<0>(lane)->kind;
  if (const auto wrong = wrong_query(m.what, kind)) return refuse(m.id, wrong->code, wrong->detail);
  auto seen = visible(m.id, *uri, {false, {m.what.lane}});
  if (!seen) return;
  if (!begin(m.id, {*uri, std::move(*seen), false}, {}, std::make_unique<lane_query>(m.what, kind)))
    refuse(m.id, problem::too_busy, "This connection has as many subscriptions as it may have.");
}

// The query that makes rows of this message, if it is one for rows.
lane_query* conversation::query_of(const outgoing& m) {
  using kind = outgoing::kind;
  if (m.what != kind::snap && m.what != kind::diff && m.what != kind::event) return nullptr;
  const auto* s = table_.find(m.tag);
  return s ? s->query.get() : nullptr;
}

void conversation::feed(lane_query& q, const outgoing& m) {
  reading_ = {m.tag, m.bytes(), out_->large(m)};
  const auto before = q.held_bytes();
  if (m.what == outgoing::kind::snap)
    q.take_snapshot(m.text);
  else if (m.what == outgoing::kind::diff)
    q.take_diff(m.text);
  else
    q.take_event(m.text, m.from, m.dropped);
  held_bytes_ += q.held_bytes() - before;
}

// Rows of what is being read. False when the batch is full and there may be more.
bool conversation::send_rows(frame_batch& batch) {
  if (auto* s = table_.find(reading_->tag)) {
    for (std::string row; !batch.full(); row.clear()) {
      if (!s->query->next(row)) break;
      const outgoing m{outgoing::kind::reply, 0, 0, shared_text(row_message(s->id, row, s->query->rev())), {}, 0};
      row_bytes_ += m.bytes();
      batch.add(m, 0);
    }
    if (batch.full()) return false;
    end_query(*s);
  }
  out_->wrote(reading_->bytes, reading_->large);
  reading_.reset();
  return true;
}

// What it was given has gone out. Is that all?
void conversation::end_query(subscription_table::slot& s) {
  const auto& q = *s.query;
  const auto id = s.id;
  const auto why = q.over();
  const bool missing = q.missing() && !q.follows(), too_large = held_bytes_ > query_bytes_max_;
  if (!why && !missing && !too_large) return;
  const auto uri = s.what->uri;
  port_->unsubscribe(s.handle);
  forget(*table_.tag_of(id));
  if (missing) return refuse(id, problem::no_such_entity, uri + " does not exist.");
  if (why) return out_->reply(done_message(id, *why));
  refuse(id, problem::too_large,
         "The queries of this connection would hold more than " + std::to_string(query_bytes_max_) + " bytes.");
}

}  // namespace twinlane::web
