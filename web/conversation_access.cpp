#include <algorithm>

#include <twinlane/web/conversation.hpp>
#include <twinlane/web/server_message.hpp>

// Who speaks, and what they may do.
namespace twinlane::web {
namespace {

bool same(const view& a, const view& b) {
  const bool same_fields = a.fields == b.fields || (a.fields && b.fields && *a.fields == *b.fields);
  return a.all == b.all && a.lanes == b.lanes && same_fields && a.rights == b.rights;
}

}  // namespace

void conversation::guard(const gate& g, std::shared_ptr<const caller> c, steady_time now) {
  gate_ = &g;
  caller_ = std::move(c);
  guarded_since_ = now;
}

std::optional<close_reason> conversation::over(steady_time now) const {
  if (!gate_) return std::nullopt;
  const bool in = caller_ ? gate_->still_admits(*caller_) : now - guarded_since_ < auth_timeout_;
  return in && !turned_away_ ? std::nullopt : std::optional(close_reason::unauthorized);
}

std::optional<steady_time::duration> conversation::time_left(steady_time now) const {
  if (!gate_) return std::nullopt;
  if (caller_) return gate::time_left(*caller_);
  return std::max<steady_time::duration>(auth_timeout_ - (now - guarded_since_), {});
}

std::string conversation::why_over() const {
  if (!refusal_.empty()) return refusal_;
  return caller_ ? "the credentials of " + caller_->name() + " hold no longer" : "a WebSocket brings no credentials";
}

void conversation::handle(const auth_message& m) {
  if (gate_) {
    auto in = gate_->admit(m.token);
    if (!ok(in)) {
      refusal_ = std::get<error>(in).detail;
      turned_away_ = true;
      return;
    }
    become(std::get<0>(std::move(in)));
  }
  if (m.id) out_->reply(with_id("ok", *m.id) + ",\"rev\":0,\"result\":null}");
}

// What subscriptions show to the one who speaks now.
void conversation::become(std::shared_ptr<const caller> c) {
  caller_ = std::move(c);
  std::vector<std::uint64_t> ids;
  table_.for_each([&](const subscription_table::slot& s) { ids.push_back(s.id); });
  for (const auto id : ids)
    if (const auto tag = table_.tag_of(id)) renew(*table_.find(*tag));
}

// Makes a subscription anew that is to show something else. Rows that went out cannot be taken back: queries end.
void conversation::renew(subscription_table::slot& s) {
  const auto* type = lanes_.type_of(s.what->uri);
  const auto given = caller_->on(s.what->uri);
  auto asked = s.asked ? *s.asked : s.what->what;
  auto seen = type ? narrowed(asked, *given, *type) : std::nullopt;
  if (seen && same(*seen, s.what->what)) return;
  const auto id = s.id;
  const auto pause = s.pause;
  auto r = std::move(*s.what);
  const bool ends = !seen || s.query;
  port_->unsubscribe(s.handle);
  const auto tag = *table_.tag_of(id);
  forget(tag);
  out_->forget(tag);
  if (ends) {
    gate_->refused(*caller_, "read any longer", r.uri);
    return out_->reply(done_message(id, "forbidden"));
  }
  r.what = std::move(*seen);
  if (begin(id, std::move(r), pause, nullptr)) remember(id, std::move(asked));
}

// What of a view the caller may see; nothing when that is nothing, which the client has been told then.
std::optional<view> conversation::visible(std::uint64_t id, const std::string& uri, view asked) {
  if (!gate_) return asked;
  const auto* type = lanes_.type_of(uri);
  if (!type) return asked;  // the runtime says so
  auto seen = narrowed(std::move(asked), *caller_->on(uri), *type);
  if (seen) return seen;
  gate_->refused(*caller_, "read", uri);
  refuse(id, problem::forbidden, "You may read nothing of this of " + uri + ".");
  return std::nullopt;
}

void conversation::remember(std::uint64_t id, view asked) {
  const auto tag = gate_ ? table_.tag_of(id) : std::nullopt;
  if (!tag) return;
  auto& s = *table_.find(*tag);
  if (!same(asked, s.what->what)) s.asked = std::make_unique<const view>(std::move(asked));
}

bool conversation::may_command(const cmd_message& m, const std::string& uri) {
  if (!gate_ || caller_->on(uri)->may_command(m.lane)) return true;
  gate_->refused(*caller_, "command", uri + "/" + m.lane.substr(0, 100));
  refuse(m.id, problem::forbidden, "You may not command '" + m.lane + "' of " + uri + ".");
  return false;
}

}  // namespace twinlane::web
