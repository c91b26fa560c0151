#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <twinlane/web/access/gate.hpp>
#include <twinlane/web/frame_batch.hpp>
#include <twinlane/web/options.hpp>
#include <twinlane/web/outbox.hpp>
#include <twinlane/web/resource.hpp>
#include <twinlane/web/subprotocol.hpp>
#include <twinlane/web/subscription_table.hpp>
#include <twinlane/web/token_bucket.hpp>
#include <twinlane/web/ws_message.hpp>

namespace twinlane::web {

/// One WebSocket connection's half of the protocol, without the socket: frames in, frames out.
///
/// Shape    messages are handled one by one and only while wants_more() holds, so that a flood of `sub` waits in the
///          client's socket and not in our memory
/// Errors   a subscription that missed something, for want of room or by its `max_rate`, pulls it when there is room
/// and
///          time, and goes on with one merged diff or a snapshot
/// Threads  the connection's strand; what the runtime sends comes through the outbox
class conversation final : public subprotocol {
 public:
  /// What is given by reference must outlive it.
  conversation(const options& o, std::shared_ptr<twinlane::port> p, const resource_table& lanes,
               std::shared_ptr<outbox> out, std::atomic<std::size_t>& subscriptions,
               wire_format format = wire_format::json);
  ~conversation() override;
  conversation(const conversation&) = delete;
  conversation& operator=(const conversation&) = delete;

  /// From here on only what the caller may do is done; null: nobody yet, and the first message must be `auth`. Without
  /// this everything is.
  void guard(const gate& g, std::shared_ptr<const caller> c, steady_time now);
  std::optional<close_reason> over(steady_time now) const override;
  std::string why_over() const override;
  std::optional<steady_time::duration> time_left(steady_time now) const override;

  std::optional<close_reason> receive(std::string_view frame, token_bucket::clock::time_point now) override;
  std::optional<close_reason> receive_binary(std::string_view frame, token_bucket::clock::time_point now) override;
  void advance() override;
  void catch_up(steady_time now) override;
  std::optional<steady_time> next_due() const override;
  bool wants_more() const override { return inbound_.empty() && room(waiting_); }

  bool next(frame_batch& batch, steady_time now) override;
  bool text() const override { return format_ == wire_format::json; }
  void wrote(const frame_batch& batch) override;

  bool slow() const override { return out_->overflowed(); }
  std::size_t outbound_bytes() const { return out_->bytes(); }
  /// Ends all subscriptions and drops what waits. Nothing is sent any more.
  void end() override;

 private:
  std::optional<close_reason> take(client_frame frame, token_bucket::clock::time_point now);
  bool room(std::size_t expected) const;
  void handle(const sub_message& m);
  void handle(const query_message& m);
  void handle(const auth_message& m);
  void handle(const unsub_message& m);
  void handle(const cmd_message& m);
  void handle(const ping_message& m);
  void handle(const faulty_message& m);
  bool begin(std::uint64_t id, subscribe_request r, steady_time::duration pause, std::unique_ptr<lane_query> q);
  void refuse(std::uint64_t id, problem code, std::string_view message);
  void forget(std::uint64_t tag);
  std::optional<std::uint64_t> client_id(const outgoing& m, steady_time now);
  // Who may do what (conversation_access.cpp).
  std::optional<view> visible(std::uint64_t id, const std::string& uri, view asked);
  void remember(std::uint64_t id, view asked);
  bool may_command(const cmd_message& m, const std::string& uri);
  void become(std::shared_ptr<const caller> c);
  void renew(subscription_table::slot& s);
  // What was missed (conversation_pull.cpp).
  void open_due(steady_time now);
  void note_missed(std::uint64_t tag);
  void did_arrive(subscription_table::slot& s);
  void did_tell(subscription_table::slot& s, const outgoing& m, steady_time now);
  // Queries (conversation_query.cpp).
  lane_query* query_of(const outgoing& m);
  void feed(lane_query& q, const outgoing& m);
  bool send_rows(frame_batch& batch);
  void end_query(subscription_table::slot& s);

  std::shared_ptr<twinlane::port> port_;
  const resource_table& lanes_;
  std::shared_ptr<outbox> out_;
  std::atomic<std::size_t>& subscriptions_;
  const wire_format format_;
  const std::size_t outbound_half_, subscriptions_max_, query_bytes_max_;
  token_bucket inbound_rate_;
  const std::chrono::milliseconds auth_timeout_;
  const gate* gate_ = nullptr;
  steady_time guarded_since_{};
  std::shared_ptr<const caller> caller_;  // null with a gate: nobody yet
  std::string refusal_;
  bool turned_away_ = false;
  std::deque<client_message> inbound_;
  subscription_table table_;
  std::size_t waiting_ = 0;               // subscriptions without their first snapshot
  std::size_t pulling_ = 0;               // those that wait for what they pulled
  steady_time pulled_at_{};               // when the first of them did
  std::size_t window_ = 1, largest_ = 1;  // how many may wait: starts small, grows as their size is known
  std::shared_ptr<std::atomic<unsigned>> commands_ = std::make_shared<std::atomic<unsigned>>(0);
  std::vector<std::uint64_t> missed_;  // as the outbox says it
  std::deque<std::uint64_t> owed_;     // tags that are to pull
  std::set<std::pair<steady_time, std::uint64_t>> due_;
  std::vector<outgoing> ready_;
  std::size_t next_ready_ = 0;
  std::size_t large_bytes_ = 0;  // in the batch, of messages above the bound
  // A message on its way to a client as rows; it counts in the outbox until the last of them is written.
  struct reading {
    std::uint64_t tag;
    std::size_t bytes;
    bool large;
  };
  std::optional<reading> reading_;
  std::size_t row_bytes_ = 0;   // in the batch, of rows, which the outbox does not know
  std::size_t held_bytes_ = 0;  // by queries
  bool ended_ = false;
};

}  // namespace twinlane::web
