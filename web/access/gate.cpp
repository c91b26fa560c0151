#include <twinlane/web/access/gate.hpp>

#include <algorithm>

namespace twinlane::web {
namespace {

std::string from_where(const request& r) {
  return r.method + " " + r.target.substr(0, r.target.find('?')).substr(0, 200);
}

}  // namespace

gate::gate(const std::optional<access_spec>& spec, std::vector<type_description> types, report_fn report)
    : report_(std::move(report)) {
  if (!spec) return;
  cookie_ = spec->cookie;
  policies_ = std::make_shared<const policy_table>(spec->policies, std::move(types));
  authenticator_ = std::make_unique<const authenticator>(*spec, policies_->claims(), report_);
}

outcome<std::optional<credentials>> gate::shown_by(const request& r) const {
  auto shown = credentials_of(r, cookie_);
  if (!ok(shown)) return shown;
  const auto& c = std::get<0>(shown);
  // A browser says where a page's request comes from, but for reading, which a foreign page gets nothing of.
  const bool reads = r.method == "GET" || r.method == "HEAD";
  if (c && c->cookie && !reads && !r.origin)
    return error{problem::forbidden, "A cookie counts here only beside an Origin header. Send Authorization instead."};
  return shown;
}

error gate::turned_away(const request& r, error why) const {
  report_("unauthorized", from_where(r) + ": " + why.detail);
  return why;
}

outcome<std::shared_ptr<const caller>> gate::admit(const request& r) const {
  if (open()) return anybody_;
  auto shown = shown_by(r);
  if (!ok(shown)) return turned_away(r, std::get<error>(std::move(shown)));
  const auto& c = std::get<0>(shown);
  if (!c) return turned_away(r, {problem::unauthorized, "This needs credentials: Authorization: Bearer and a token."});
  auto in = admit(c->token);
  return ok(in) ? std::move(in) : turned_away(r, std::get<error>(std::move(in)));
}

outcome<std::shared_ptr<const caller>> gate::admit_websocket(const request& r, std::string_view subprotocols) const {
  if (open()) return anybody_;
  auto shown = shown_by(r);
  if (!ok(shown)) return turned_away(r, std::get<error>(std::move(shown)));
  auto c = std::get<0>(std::move(shown));
  if (auto offered = offered_credentials(subprotocols); offered && (!c || c->cookie)) c = std::move(offered);
  if (!c || (c->cookie && !r.origin)) return std::shared_ptr<const caller>();
  auto in = admit(c->token);
  if (!ok(in) && c->cookie) return std::shared_ptr<const caller>();
  return ok(in) ? std::move(in) : turned_away(r, std::get<error>(std::move(in)));
}

outcome<std::shared_ptr<const caller>> gate::admit(std::string_view token) const {
  if (open()) return anybody_;
  auto who = authenticator_->check(token);
  if (!ok(who)) return std::get<error>(std::move(who));
  return std::make_shared<const caller>(std::get<principal>(std::move(who)), policies_);
}

bool gate::still_admits(const caller& c) const { return open() || authenticator_->still_holds(c.who()); }

std::optional<std::chrono::milliseconds> gate::time_left(const caller& c) {
  using namespace std::chrono;
  if (!c.who().expires_at) return std::nullopt;
  const system_clock::time_point end{seconds{*c.who().expires_at}};
  return std::max(ceil<milliseconds>(end - system_clock::now()), milliseconds{0});
}

void gate::refused(const caller& c, std::string_view what, std::string_view where) const {
  report_("forbidden", c.name() + " may not " + std::string(what) + " " + std::string(where.substr(0, 200)));
}

}  // namespace twinlane::web
