#include "ratings_lab.hpp"

#include <algorithm>
#include <fstream>
#include <future>
#include <stdexcept>

#include <ratings/customer.hpp>
#include <ratings/desk.hpp>
#include <ratings/segment.hpp>
#include <twinlane/ingest/csv.hpp>

namespace tests {
namespace {

using nlohmann::json;

constexpr auto deadline = std::chrono::seconds(60);
const std::vector<std::string> statuses{"bronze", "silver", "gold", "platinum"};

std::ifstream open(const char* file) {
  std::ifstream in(ratings_folder().value() / file);
  if (!in) throw std::runtime_error(std::string(file) + " cannot be read");
  return in;
}

std::vector<json> read_customers() {
  auto in = open("customers.csv");
  std::vector<json> rows;
  std::vector<std::string> fields;
  std::string line, why;
  std::optional<twinlane::ingest::csv_row> csv;
  while (std::getline(in, line)) {
    if (csv) {
      const auto* text = csv->to_json(line);
      if (!text) throw std::runtime_error("customers.csv: " + csv->why());
      rows.push_back(json::parse(*text));
    } else if (twinlane::ingest::split_csv_row(line, fields, why)) {
      csv.emplace(fields);
    }
  }
  return rows;
}

ratings_fixture read_fixture() {
  ratings_fixture f;
  auto in = open("fixture_ratings_2000.jsonl");
  for (std::string line; std::getline(in, line);) {
    const auto e = json::parse(line);
    const auto& value = e.at("value");
    f.ratings.push_back({e.at("ts"), std::to_string(value.at("user_id").get<int>()), value.dump()});
  }
  f.customers = read_customers();
  f.expected = json::parse(open("fixture_ratings_2000.expected.json"));
  return f;
}

json in_order_of_size(json list) {
  std::sort(list.begin(), list.end());
  return list;
}

/// [{windowstart, counts: {status: n}}] of one window lane of all segments.
json counts_by_status(ratings_lab& lab, const char* lane) {
  std::map<std::int64_t, json> windows;
  for (const auto& status : statuses) {
    const auto of_status = lab.lane("/segment/" + status, lane);
    for (const auto& [start, w] : of_status.items()) windows[std::stoll(start)][status] = w.at("value").at("n");
  }
  json out = json::array();
  for (const auto& [start, counts] : windows) out.push_back({{"windowstart", start}, {"counts", counts}});
  return out;
}

}  // namespace

std::optional<std::filesystem::path> ratings_folder() {
  const std::filesystem::path folder = RATINGS_DATA;
  return std::filesystem::exists(folder) ? std::optional(folder) : std::nullopt;
}

const ratings_fixture& the_ratings() {
  static const auto fixture = read_fixture();
  return fixture;
}

ratings_lab::ratings_lab(twinlane::hosting how) {
  twinlane::runtime_options o;
  o.shards = 16;
  o.workers = 2;
  o.hosting_override = how;
  core_ = std::make_unique<twinlane::runtime>(o);
  core_->add<ratings::customer>("customer", "/customer/:id");
  core_->add<ratings::segment>("segment", "/segment/:status");
  core_->add<ratings::desk>("desk", "/desk/:id");
  core_->start();
}

ratings_lab::~ratings_lab() { core_->stop(std::chrono::seconds(5)); }

void ratings_lab::know(const json& customer) {
  const auto& id = customer.at("id");
  post("customers", 0, "profile", {{0, id.is_string() ? id.get<std::string>() : id.dump(), customer.dump()}});
}

void ratings_lab::know(const std::vector<json>& customers) {
  for (const auto& c : customers) know(c);
  settle();
}

void ratings_lab::hear(const std::vector<rating_event>& events, std::size_t batch, std::int32_t partitions) {
  std::int32_t partition = 0;
  for (std::size_t from = 0; from < events.size(); from += batch) {
    const auto to = std::min(events.size(), from + batch);
    post("ratings", partition, "rated",
         {events.begin() + static_cast<long>(from), events.begin() + static_cast<long>(to)});
    partition = (partition + 1) % partitions;
  }
}

void ratings_lab::post(const std::string& source, std::int32_t partition, const char* lane,
                       const std::vector<rating_event>& events) {
  const auto target = core_->resolve_target("/customer/{id}", lane);
  if (!twinlane::ok(target)) throw std::runtime_error(std::string("no lane ") + lane);
  auto& offset = offsets_[{source, partition}];
  std::vector<std::string> uris;
  for (const auto& e : events) uris.push_back("/customer/" + e.user);
  std::vector<twinlane::routed_record> records;
  for (std::size_t i = 0; i < events.size(); ++i) {
    twinlane::routed_record r;
    r.uri = uris[i];
    r.hash = twinlane::murmur2(events[i].user);
    r.target = std::get<0>(target).id;
    r.value = events[i].value;
    r.offset = offset++;
    r.time_ms = events[i].at;
    records.push_back(r);
  }
  core_->post(core_->partition(source, source, partition), records, {}, offset, std::chrono::steady_clock::now());
}

void ratings_lab::settle() {
  if (!core_->drain(deadline)) throw std::runtime_error("not all is applied in time");
}

json ratings_lab::lanes(const std::string& uri) {
  std::promise<twinlane::outcome<twinlane::snapshot>> done;
  core_->get(uri, {}, [&](auto s) { done.set_value(std::move(s)); });
  auto got = done.get_future();
  if (got.wait_for(deadline) != std::future_status::ready) throw std::runtime_error("no answer");
  const auto s = got.get();
  return twinlane::ok(s) ? json::parse(std::get<0>(s).lanes()) : json();
}

json ratings_lab::lane(const std::string& uri, const char* name) {
  const auto all = lanes(uri);
  return all.is_object() && all.contains(name) ? all.at(name) : json();
}

json answers_of(ratings_lab& lab, bool in_order) {
  const auto totals = lab.lane("/desk/main", "totals");
  json out{{"ratings", totals.at("ratings")},
           {"RATINGS_LIVE", totals.at("live")},
           {"RATINGS_TEST", totals.at("test")},
           {"RATINGS_WITH_CUSTOMER_DATA", totals.at("enriched")},
           {"UNHAPPY_PLATINUM_CUSTOMERS", totals.at("unhappy")},
           {"RATINGS_BY_CLUB_STATUS_1min", counts_by_status(lab, "per_minute")},
           {"HOPPING_5min_adv1min_by_club", counts_by_status(lab, "per_5m")}};
  auto &lists = out["RATINGS_PER_CUSTOMER_PER_15MINUTE"] = json::array(), &sessions = out["SESSION_30s_by_customer"];
  for (const auto& c : the_ratings().customers) {
    const auto all = lab.lanes("/customer/" + c.at("id").get<std::string>());
    const auto& name = all.at("profile").at("full_name");
    for (const auto& [start, w] : all.at("per_15m").items()) {
      const auto& value = w.at("value");
      lists.push_back({{"windowstart", std::stoll(start)},
                       {"FULL_NAME", name},
                       {"RATINGS_COUNT", value.at("n")},
                       {"RATINGS", in_order ? value.at("stars") : in_order_of_size(value.at("stars"))}});
    }
    for (const auto& [start, w] : all.at("sessions").items())
      sessions[name.get<std::string>()].push_back(
          {{"start", std::stoll(start)}, {"end", w.at("end")}, {"count", w.at("value").at("n")}});
  }
  lists = in_order_of_size(lists);
  return out;
}

json expected_answers(bool in_order) {
  auto e = the_ratings().expected;
  e.erase("first_ts");
  e.erase("last_ts");
  auto& lists = e["RATINGS_PER_CUSTOMER_PER_15MINUTE"];
  if (!in_order)
    for (auto& l : lists) l["RATINGS"] = in_order_of_size(l["RATINGS"]);
  lists = in_order_of_size(lists);
  return e;
}

}  // namespace tests
