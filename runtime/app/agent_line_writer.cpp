#include <algorithm>
#include <map>
#include <utility>

#include <twinlane/agents/turn.hpp>
#include <twinlane/lanes/detail/row_text.hpp>
#include <twinlane/runtime/app/agent_line.hpp>

namespace twinlane::app {

namespace {

using twinlane::detail::append_integer;

/// Appends members to a JSON object, and nothing at all when there are none.
class object_writer {
 public:
  object_writer(std::string& out, std::string_view before) : out_(out), before_(before) {}
  std::string& member(std::string_view name) {
    if (empty_) out_ += before_;
    out_ += empty_ ? '{' : ',';
    empty_ = false;
    append_json_string(out_, name);
    out_ += ':';
    return out_;
  }
  ~object_writer() {
    if (!empty_) out_ += '}';
  }
  object_writer(const object_writer&) = delete;
  object_writer& operator=(const object_writer&) = delete;

 private:
  std::string& out_;
  const std::string_view before_;
  bool empty_ = true;
};

/// What the document does not show of a row, as JSON. The row was read by its lane before.
void append_kept(std::string& out, lane_kind kind, std::string_view row) {
  if (kind == lane_kind::join_value || kind == lane_kind::join_map) {
    twinlane::detail::joined_row joined;
    twinlane::detail::parse_joined(row, joined);
    out += "{\"uri\":";
    append_json_string(out, joined.uri);
    out += ",\"lane\":";
    append_json_string(out, joined.lane);
    out += ",\"lineage\":";
    append_json_string(out, joined.lineage);
    out += ",\"rev\":";
    append_integer(out, joined.rev);
    out += '}';
    return;
  }
  std::int64_t time_ms = 0;
  std::uint64_t number = 0;
  twinlane::detail::take_number(row, time_ms);
  const bool is_window = kind == lane_kind::window, ordered = kind == lane_kind::map || is_window;
  if (ordered) twinlane::detail::take_number(row, number);
  if (is_window) out += "{\"at\":";
  if (ordered) out += '[';
  append_integer(out, time_ms);
  if (!ordered) return;
  out += ',';
  append_integer(out, number);
  out += ']';
  if (!is_window) return;
  out += ",\"window\":";  // the document has what reducers show, not what they keep
  out += row;
  out += '}';
}

void append_kept(std::string& out, const agent_type& type, std::span<const store_row> rows) {
  object_writer lanes(out, ",\"kept\":");
  for (const auto& lane : type.lanes()) {
    if (!lane.stored()) continue;
    const auto [first, last] = std::equal_range(rows.begin(), rows.end(), store_row{{}, lane.name, {}, {}},
                                                [](const auto& a, const auto& b) { return a.lane < b.lane; });
    if (first == last) continue;
    auto& to = lanes.member(lane.name);
    if (lane.kind == lane_kind::value) {
      append_kept(to, lane.kind, first->value);
      continue;
    }
    object_writer entries(to, {});
    for (auto r = first; r != last; ++r) append_kept(entries.member(r->key), lane.kind, r->value);
  }
}

void append_rest(std::string& out, const agent& a) {
  const auto& type = a.type();
  {
    object_writer timers(out, ",\"timers\":");
    for (std::size_t i = 0; i < type.timers().size(); ++i)
      if (a.timer_at(i).is_set()) append_integer(timers.member(type.timers()[i].name), a.timer_at(i).due_ms());
  }
  object_writer notes(out, ",\"notes\":");
  std::string note;
  for (std::size_t i = 0; i < type.lanes().size(); ++i) {
    note.clear();
    if (type.lanes()[i].stored()) a.lane_at(i).save_note(note);
    if (!note.empty()) append_json_string(notes.member(type.lanes()[i].name), note);
  }
}

/// An agent's rows as its migration leaves them.
class migrated_rows final : public row_sink {
 public:
  migrated_rows(std::span<const store_row> before, const agent_loader& by) {
    for (const auto& r : before) rows_[{std::string(r.lane), std::string(r.key)}] = r.value;
    by.save_migrated(*this);
  }
  void put(std::string_view lane, std::string_view key, std::string_view value) override {
    rows_[{std::string(lane), std::string(key)}] = value;
  }
  void remove(std::string_view lane, std::string_view key) override {
    rows_.erase({std::string(lane), std::string(key)});
  }
  std::vector<store_row> all() const {
    std::vector<store_row> rows;
    for (const auto& [place, value] : rows_) rows.push_back({{}, place.first, place.second, value});
    return rows;
  }

 private:
  std::map<std::pair<std::string, std::string>, std::string> rows_;
};

std::uint64_t stored_lanes(const agent_type& type) {
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < type.lanes().size(); ++i)
    if (type.lanes()[i].stored()) bits |= std::uint64_t{1} << i;
  return bits;
}

}  // namespace

const agent_type* type_of(const agent_types& types, std::string_view uri) noexcept {
  const auto found = std::find_if(types.begin(), types.end(), [&](const auto& t) { return t->path().matches(uri); });
  return found == types.end() ? nullptr : found->get();
}

decode_status agent_line_writer::write(std::string_view uri, std::span<const store_row> rows, std::string& out) {
  const auto* type = type_of(types_, uri);
  if (!type) return {lane_errc::bad_value, "no agent type of this configuration has a route that takes it"};
  const auto a = type->make(std::string(uri));
  loader_.begin(*a);
  for (const auto& r : rows)
    if (auto status = loader_.add(r.lane, r.key, r.value); !status) return status;
  if (auto status = loader_.finish(); !status) return status;
  out += "{\"uri\":";
  append_json_string(out, uri);
  out += ",\"type\":";
  append_json_string(out, type->name());
  out += ",\"rev\":";
  append_integer(out, loader_.rev());
  if (const auto version = type->options().version; version != 1) {
    out += ",\"version\":";
    append_integer(out, version);
  }
  out += ",\"lanes\":";
  encode_document(out, *a, stored_lanes(*type));
  if (loader_.migrated())
    append_kept(out, *type, migrated_rows(rows, loader_).all());
  else
    append_kept(out, *type, rows);
  append_rest(out, *a);
  out += '}';
  return {};
}

}  // namespace twinlane::app
