#include <support/fake_port.hpp>

#include <twinlane/lanes/field_set.hpp>

// Subscriptions of the fake: what a link was told, what it refused, and how it goes on.
namespace twinlane::testing {
namespace {

using nlohmann::json;

// The merge patch that turns one document into the other.
json patch_between(const json& from, const json& to) {
  json patch = json::object();
  for (const auto& [key, value] : from.items())
    if (!to.contains(key)) patch[key] = nullptr;
  for (const auto& [key, value] : to.items()) {
    if (!from.contains(key)) {
      patch[key] = value;
    } else if (from[key] != value) {
      patch[key] = from[key].is_object() && value.is_object() ? patch_between(from[key], value) : value;
    }
  }
  return patch;
}

json seen_through(const json& lanes, const view& what) {
  json out = what.all ? lanes : json::object();
  for (const auto& name : what.lanes)
    if (lanes.contains(name)) out[name] = lanes[name];
  if (!what.fields) return out;
  std::string text;
  append_selected(text, out.dump(), *what.fields);
  return json::parse(text);
}

std::string lineage_for(const std::string& lineage, const view& what) {
  return what.rights.empty() || lineage.empty() ? lineage : lineage + "-" + what.rights;
}

}  // namespace

snapshot fake_port::make_snapshot(const std::string& uri, const view& what) const {
  snapshot s;
  s.uri = uri;
  s.type = type_of(uri)->name;
  json lanes = json::object();
  if (const auto found = entities_.find(uri); found != entities_.end()) {
    s.lineage = lineage_for(found->second.lineage, what);
    s.rev = found->second.rev;
    s.exists = true;
    lanes = seen_through(found->second.lanes, what);
  }
  std::string tail = "\"uri\":" + json(uri).dump() + ",\"lineage\":\"" + s.lineage +
                     "\",\"rev\":" + std::to_string(s.rev) + ",\"exists\":" + (s.exists ? "true" : "false") +
                     ",\"resumed\":false,\"lanes\":";
  s.lanes_at = tail.size();
  s.tail = shared_text(tail + lanes.dump() + "}");
  return s;
}

// Is the link of the present life, so that a diff may follow?
bool fake_port::is_told(const link& l) const {
  const auto found = entities_.find(l.wanted.uri);
  return found != entities_.end() && lineage_for(found->second.lineage, l.wanted.what) == l.lineage;
}

void fake_port::tell_snapshot(link& l) {
  const auto s = make_snapshot(l.wanted.uri, l.wanted.what);
  l.behind = !l.to->on_snapshot(l.tag, s);
  if (l.behind) return;
  l.lineage = s.lineage;
  l.rev = s.rev;
  l.seen = json::parse(s.lanes());
}

void fake_port::tell_diff(link& l, steady_time arrived, bool merged) {
  const auto& e = entities_.at(l.wanted.uri);
  auto now = seen_through(e.lanes, l.wanted.what);
  const auto patch = patch_between(l.seen, now);
  if (patch.empty() && !merged) return;
  diff d;
  d.from = l.rev;
  d.rev = e.rev;
  std::string tail = "\"rev\":" + std::to_string(d.rev) + ",\"patch\":";
  d.patch_at = tail.size();
  d.tail = shared_text(tail + patch.dump() + "}");
  d.arrived = arrived;
  d.merged = merged;
  l.behind = !l.to->on_diff(l.tag, d);
  if (l.behind) return;
  l.seen = std::move(now);
  l.rev = d.rev;
}

void fake_port::start(link& l) {
  l.started = true;
  if (!resume(l)) tell_snapshot(l);
}

bool fake_port::resume(link& l) {
  const auto found = entities_.find(l.wanted.uri);
  if (!l.wanted.resume || found == entities_.end()) return false;
  const auto& [lineage, rev] = *l.wanted.resume;
  const auto then = found->second.past.find(rev);
  if (lineage != lineage_for(found->second.lineage, l.wanted.what) || then == found->second.past.end()) return false;
  snapshot s;
  s.uri = l.wanted.uri;
  s.type = type_of(s.uri)->name;
  s.lineage = lineage;
  s.rev = rev;
  s.exists = s.resumed = true;
  s.tail = shared_text("\"uri\":" + json(s.uri).dump() + ",\"lineage\":\"" + lineage +
                       "\",\"rev\":" + std::to_string(rev) + ",\"exists\":true,\"resumed\":true}");
  l.behind = !l.to->on_snapshot(l.tag, s);
  if (l.behind) return true;
  l.lineage = lineage;
  l.rev = rev;
  l.seen = seen_through(then->second, l.wanted.what);
  if (rev != found->second.rev) tell_diff(l, {}, true);
  return true;
}

void fake_port::publish(const std::string& uri, steady_time arrived) {
  for (auto& [ignored, l] : links_) {
    if (l.wanted.uri != uri || !l.started || l.behind) continue;
    if (is_told(l))
      tell_diff(l, arrived, false);
    else
      tell_snapshot(l);
  }
}

outcome<subscription> fake_port::subscribe(const subscribe_request& r, std::shared_ptr<subscriber> s,
                                           std::uint64_t tag) {
  std::lock_guard lock(mutex_);
  if (auto wrong = wrong_lanes(r.uri, r.what)) return *wrong;
  const auto id = next_link_++;
  links_.emplace(id, link{r, std::move(s), tag});
  later([this, id] {
    std::lock_guard inner(mutex_);
    if (const auto found = links_.find(id); found != links_.end()) start(found->second);
  });
  return subscription{nullptr, id};
}

void fake_port::unsubscribe(const subscription& s) {
  later([this, id = s.id] {
    std::lock_guard lock(mutex_);
    const auto found = links_.find(id);
    if (found == links_.end()) return;
    found->second.to->on_done(found->second.tag, "unsubscribed");
    links_.erase(found);
  });
}

void fake_port::pull(const subscription& s) {
  later([this, id = s.id] {
    std::lock_guard lock(mutex_);
    const auto found = links_.find(id);
    if (found == links_.end() || !found->second.behind) return;
    auto& l = found->second;
    if (is_told(l))
      tell_diff(l, {}, true);
    else
      tell_snapshot(l);
  });
}

}  // namespace twinlane::testing
