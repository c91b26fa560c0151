#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <twinlane/ingest/csv.hpp>
#include <twinlane/ingest/source_spec.hpp>
#include <twinlane/ingest/text_arena.hpp>
#include <twinlane/ingest/text_template.hpp>
#include <twinlane/runtime/port.hpp>

namespace twinlane::ingest {

constexpr std::size_t record_bytes_max = 16 * 1024 * 1024;
constexpr std::size_t record_depth_max = 64;
constexpr std::size_t uri_bytes_max = 4096;
constexpr std::size_t key_bytes_max = 4096;

/// One record as a source read it. The views live until the batch is posted.
struct raw_record {
  std::string_view value, key;
  bool has_value = true;  // false: a null value, a tombstone
  bool has_key = false;
  std::int64_t offset{};
  std::int64_t timestamp_ms{};  // the record's own
};

/// Where the records come from, for `{$topic}` and `{$partition}`.
struct record_origin {
  std::string_view topic;
  std::int32_t partition{};
};

/// Why a record goes to the dead letters.
struct rejection {
  dead_reason reason{};
  std::string detail;
};

/// Finds the agent, the map key and the event time of a record.
///
/// Shape    reads only the fields that the templates name, nothing of the value when they name none; a number keeps its
///          exact text. Whether the rest of the value is JSON is for the shard's decoder to say
/// Cost     one pass over the record; no allocation once the largest record and batch so far have been seen
/// Threads  one
/// Errors   the constructor throws std::invalid_argument; route() answers why a record cannot be routed
class record_router {
 public:
  record_router(const source_spec& spec, const target_info& target);
  ~record_router();
  record_router(const record_router&) = delete;
  record_router& operator=(const record_router&) = delete;

  /// `format: csv`: the columns, when they come from a header line.
  void set_columns(std::vector<std::string> columns);

  /// Appends the routed record, its texts in the arena or in the record's own memory; or nothing, and says why. A CSV
  /// header line among the rows is passed over without a word.
  std::optional<rejection> route(const raw_record& r, const record_origin& from, text_arena& texts,
                                 std::vector<routed_record>& out);

  /// Does a route or key need the record's key?
  bool uses_key() const noexcept;

 private:
  struct reader;

  std::optional<rejection> render(const text_template& t, const raw_record& r, const record_origin& from,
                                  std::string_view& text);
  std::optional<rejection> make_uri(const raw_record& r, const record_origin& from, text_arena& texts,
                                    routed_record& to);
  std::optional<rejection> make_key(const raw_record& r, const record_origin& from, text_arena& texts,
                                    routed_record& to);
  std::optional<rejection> route_into(const raw_record& r, const record_origin& from, text_arena& texts,
                                      routed_record& to);
  std::optional<rejection> check_tombstone(const raw_record& r) const;
  std::optional<rejection> read_value(const raw_record& r, text_arena& texts, routed_record& to);

  target_info target_;
  field_paths fields_;
  uri_template entity_;
  text_template key_;
  int time_field_ = -1;
  time_unit time_unit_ = time_unit::milliseconds;
  std::optional<csv_row> csv_;
  bool header_ = false;  // the record is the CSV header line
  std::unique_ptr<reader> reader_;
  std::string uri_, joined_;
};

}  // namespace twinlane::ingest
