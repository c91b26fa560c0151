#pragma once

#include <optional>
#include <string>
#include <vector>

#include <twinlane/runtime/port.hpp>
#include <twinlane/web/message.hpp>
#include <twinlane/web/resource.hpp>

namespace twinlane::web {

/// The view that a request asks for by the lanes it names, if it does, and the paths within them; no path: the whole
/// lanes. Paths of lanes that it does not name are left out.
view wanted_view(const std::optional<std::vector<std::string>>& lanes, const std::vector<field_set::path>& fields);

/// The same of a URL, by `?fields=`.
outcome<view> wanted_view(const resource& where);

/// What a stream of an entity is to carry.
struct entity_stream {
  subscribe_request what;
  std::optional<double> max_rate;  // diffs a second
};

/// Shape    `?fields=`, where an empty text and `life=true` are no lane; `?life=`, `?max_rate=`; `Last-Event-ID`
/// resumes Errors   an id that is not ours is as good as none
outcome<entity_stream> wanted_stream(const request& r, const resource& where);

/// How long one who takes so many diffs a second pauses after each: a day at most.
steady_time::duration pause_of(double diffs_per_s);

}  // namespace twinlane::web
