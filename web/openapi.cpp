#include <twinlane/web/openapi.hpp>

#include <algorithm>

#include <nlohmann/json.hpp>

#include <twinlane/agents/uri.hpp>
#include <twinlane/web/resource.hpp>

namespace twinlane::web {
namespace {

using json = nlohmann::ordered_json;

json ref(const char* kind, const char* name) { return {{"$ref", std::string("#/components/") + kind + "/" + name}}; }

json json_answer(const char* description, json schema) {
  return {{"description", description}, {"content", {{"application/json", {{"schema", std::move(schema)}}}}}};
}

json text_answer(const char* description, const char* type) {
  return {{"description", description}, {"content", {{type, {{"schema", {{"type", "string"}}}}}}}};
}

json operation(std::string id, std::string summary, json ok, const char* status = "200") {
  json op = {{"operationId", std::move(id)}, {"summary", std::move(summary)}};
  op["responses"] = {{status, std::move(ok)}, {"default", ref("responses", "problem")}};
  return op;
}

json parameter(const char* in, const std::string& name, const char* type = "string") {
  return {{"name", name}, {"in", in}, {"required", std::string_view(in) == "path"}, {"schema", {{"type", type}}}};
}

json body_of(const char* media_type, bool required = true) {
  return {{"required", required}, {"content", {{media_type, {{"schema", json::object()}}}}}};
}

json change_answer() { return json_answer("Applied and durable", ref("schemas", "change")); }

json with_parameters(json op, std::initializer_list<json> parameters) {
  op["parameters"] = json(parameters);
  return op;
}

// `/customer/:id` as OpenAPI writes it: `/customer/{id}`.
std::string template_of(const std::string& pattern) {
  std::string out;
  for (const auto segment : split_uri(pattern)) {
    out += '/';
    out += segment[0] == ':' ? "{" + std::string(segment.substr(1)) + "}" : std::string(segment);
  }
  return out;
}

json path_parameters(const std::string& pattern) {
  json list = json::array();
  const route r(pattern);
  for (const auto& name : r.params()) list.push_back(parameter("path", name));
  return list;
}

void add_writes(json& path, const std::string& id, const std::string& what) {
  auto put = operation("put_" + id, "Write " + what, change_answer());
  put["requestBody"] = body_of("application/json");
  auto patch = operation("patch_" + id, "Merge into " + what, change_answer());
  patch["requestBody"] = body_of("application/merge-patch+json");
  const auto if_match = parameter("header", "If-Match");
  path["put"] = with_parameters(std::move(put), {if_match});
  path["patch"] = with_parameters(std::move(patch), {if_match});
  path["delete"] = with_parameters(operation("delete_" + id, "Remove " + what, change_answer()), {if_match});
}

// Reading a lane: its value, its rows, or its rows as they come.
json lane_read(const std::string& id, const lane_description& l) {
  const std::string what = "The " + std::string(name_of(l.kind)) + " lane " + l.name;
  if (l.kind == lane_kind::demand)
    return operation("get_" + id, what + ", computed now", json_answer("The value", json::object()));
  const bool kept = l.kind != lane_kind::supply;
  auto get = operation("get_" + id, what + (kept ? "; its rows when there are parameters" : "; it can be followed"),
                       json_answer(kept ? "The lane's value, or rows" : "Rows", json::object()));
  auto& content = get["responses"]["200"]["content"];
  if (!kept) content.erase("application/json");
  for (const char* type : {"application/x-ndjson", "text/event-stream"})
    content[type] = {{"schema", {{"type", "string"}}}};
  json list = {parameter("query", "limit", "integer"), parameter("query", "follow", "boolean"),
               parameter("query", "from")};
  if (kept) list.push_back(parameter("query", "order"));
  get["parameters"] = std::move(list);
  return get;
}

void add_lane(json& paths, const type_description& t, const lane_description& l) {
  const std::string id = t.name + "_" + l.name;
  const std::string url = template_of(t.route) + "/" + l.name;
  json path = {{"parameters", path_parameters(t.route)}};
  if (l.kind == lane_kind::command) {
    auto post =
        operation(id, "Send the command " + l.name, json_answer("Applied and durable", ref("schemas", "result")));
    post["requestBody"] = body_of("application/json", false);
    path["post"] =
        with_parameters(std::move(post), {parameter("header", "If-Match"), parameter("header", "Idempotency-Key")});
    paths[url] = std::move(path);
    return;
  }
  path["get"] = lane_read(id, l);
  if (l.writable) add_writes(path, id, "the lane " + l.name);
  paths[url] = std::move(path);
  if (!has_entries(l.kind)) return;
  json entry = {{"parameters", path_parameters(t.route)}};
  entry["parameters"].push_back(parameter("path", "entry_key"));
  entry["get"] = operation("get_" + id + "_entry", "An entry of " + l.name, json_answer("The entry", json::object()));
  if (l.writable) add_writes(entry, id + "_entry", "an entry of " + l.name);
  paths[url + "/{entry_key}"] = std::move(entry);
}

void add_type(json& paths, const type_description& t) {
  json path = {{"parameters", path_parameters(t.route)}};
  auto get = operation("get_" + t.name, "The state of one " + t.name + ", or a live stream of it",
                       json_answer("The state", ref("schemas", "entity")));
  get["responses"]["200"]["content"]["text/event-stream"] = {{"schema", {{"type", "string"}}}};
  get["responses"]["304"] = {{"description", "Unchanged since the given ETag"}};
  path["get"] = with_parameters(std::move(get), {parameter("query", "fields"), parameter("query", "life", "boolean"),
                                                 parameter("query", "max_rate", "number"),
                                                 parameter("header", "If-None-Match"),
                                                 parameter("header", "Last-Event-ID")});
  path["delete"] = with_parameters(
      operation("delete_" + t.name, "Remove the entity and its stored state", {{"description", "Removed"}}, "204"),
      {parameter("header", "If-Match")});
  paths[template_of(t.route)] = std::move(path);
  for (const auto& l : t.lanes) add_lane(paths, t, l);
}

void add_fixed(json& paths) {
  paths["/api/types"]["get"] =
      operation("types", "Agent types and their lanes", json_answer("Types", ref("schemas", "items")));
  paths["/api/entities/{type}"]["get"] =
      with_parameters(operation("entities", "A page of URIs", json_answer("URIs in order", ref("schemas", "items"))),
                      {parameter("path", "type"), parameter("query", "after"), parameter("query", "limit", "integer")});
  paths["/api/sources"]["get"] =
      operation("sources", "Sources and their partitions", json_answer("Sources", ref("schemas", "items")));
  paths["/api/sinks"]["get"] =
      operation("sinks", "Sinks and what waits for them", json_answer("Sinks", ref("schemas", "items")));
  auto ingest = operation("ingest", "Feed an HTTP source with NDJSON",
                          json_answer("Applied and durable", ref("schemas", "ingested")));
  ingest["requestBody"] = body_of("application/x-ndjson");
  paths["/api/ingest/{source}"]["post"] =
      with_parameters(std::move(ingest), {parameter("path", "source"), parameter("header", "Idempotency-Key")});
  const auto wanted = {parameter("query", "source"), parameter("query", "reason"), parameter("query", "after"),
                       parameter("query", "limit", "integer")};
  paths["/api/dead"]["get"] = with_parameters(
      operation("dead_letters", "Records that could not be applied", json_answer("Letters", ref("schemas", "items"))),
      wanted);
  paths["/api/dead/replay"]["post"] =
      with_parameters(operation("replay", "Hand dead letters over again",
                                json_answer("What became of them", ref("schemas", "replayed"))),
                      wanted);
  paths["/healthz"]["get"] = operation("healthz", "Alive", json_answer("Alive", json::object()));
  paths["/readyz"]["get"] = operation("readyz", "Ready to serve", json_answer("Ready", json::object()));
  paths["/metrics"]["get"] = operation("metrics", "Prometheus metrics", text_answer("Metrics", "text/plain"));
}

json schemas() {
  const json text = {{"type", "string"}}, number = {{"type", "integer"}}, object = {{"type", "object"}};
  const auto record = [](json properties) {
    json required = json::array();
    for (const auto& [name, ignored] : properties.items()) required.push_back(name);
    return json{{"type", "object"}, {"properties", std::move(properties)}, {"required", std::move(required)}};
  };
  json s;
  s["entity"] = record({{"uri", text}, {"type", text}, {"lineage", text}, {"rev", number}, {"lanes", object}});
  s["change"] = record({{"rev", number}});
  s["result"] = record({{"rev", number}, {"result", json::object()}});
  s["items"] = record({{"items", {{"type", "array"}}}});
  s["ingested"] = record({{"accepted", number}, {"rejected", {{"type", "array"}}}});
  s["replayed"] = record({{"replayed", number}, {"refused", {{"type", "array"}}}});
  s["problem"] = record({{"status", number}, {"code", text}, {"title", text}, {"detail", text}});
  return s;
}

}  // namespace

std::string openapi_document(const std::vector<type_description>& types) {
  json doc = {{"openapi", "3.1.0"}, {"info", {{"title", "twinlane"}, {"version", "1"}}}};
  doc["paths"] = json::object();
  for (const auto& t : types) add_type(doc["paths"], t);
  add_fixed(doc["paths"]);
  doc["components"]["schemas"] = schemas();
  doc["components"]["responses"]["problem"] = {
      {"description", "A problem document (RFC 9457)"},
      {"content", {{"application/problem+json", {{"schema", ref("schemas", "problem")}}}}}};
  return doc.dump();
}

std::string types_document(const std::vector<type_description>& types) {
  json items = json::array();
  for (const auto& t : types) {
    json lanes = json::array();
    for (const auto& l : t.lanes)
      lanes.push_back(
          {{"name", l.name}, {"kind", name_of(l.kind)}, {"writable", l.writable}, {"transient", l.transient}});
    items.push_back({{"type", t.name},
                     {"route", t.route},
                     {"hosting", t.hosting},
                     {"create", t.create},
                     {"lanes", std::move(lanes)}});
  }
  return json{{"items", std::move(items)}}.dump();
}

}  // namespace twinlane::web
