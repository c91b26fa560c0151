#include <twinlane/web/access/gate.hpp>

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

outcome<std::optional<credentials>> gate::shown_by(const request& r, bool websocket) const {
  auto shown = credentials_of(r, cookie_);
  if (!ok(shown)) return shown;
  const auto& c = std::get<0>(shown);
  // A browser says where a page's request comes from, but for reading, which the page gets nothing of.
  const bool reads = !websocket && (r.method == "GET" || r.method == "HEAD");
  if (c && c->cookie && !reads && !r.origin)
    return error{problem::forbidden, "A cookie counts here only beside an Origin header. Send Authorization instead."};
  return shown;
}

outcome<std::shared_ptr<const caller>> gate::admit(const request& r, bool websocket) const {
  if (open()) return anybody_;
  auto shown = shown_by(r, websocket);
  if (!ok(shown)) {
    report_("unauthorized", from_where(r) + ": " + std::get<error>(shown).detail);
    return std::get<error>(shown);
  }
  const auto& c = std::get<0>(shown);
  if (!c) {
    report_("unauthorized", from_where(r) + ": no credentials");
    return error{problem::unauthorized, "This needs credentials: Authorization: Bearer and a token."};
  }
  auto in = admit(c->token);
  if (!ok(in)) report_("unauthorized", from_where(r) + ": " + std::get<error>(in).detail);
  return in;
}

outcome<std::shared_ptr<const caller>> gate::admit(std::string_view token) const {
  if (open()) return anybody_;
  auto who = authenticator_->check(token);
  if (!ok(who)) return std::get<error>(std::move(who));
  return std::make_shared<const caller>(std::get<principal>(std::move(who)), policies_);
}

bool gate::still_admits(const caller& c) const { return open() || authenticator_->still_holds(c.who()); }

void gate::refused(const caller& c, std::string_view what, std::string_view where) const {
  report_("forbidden", c.name() + " may not " + std::string(what) + " " + std::string(where.substr(0, 200)));
}

}  // namespace twinlane::web
