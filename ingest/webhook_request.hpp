#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <twinlane/ingest/http_client.hpp>
#include <twinlane/ingest/item_fields.hpp>
#include <twinlane/ingest/sink_spec.hpp>
#include <twinlane/ingest/text_template.hpp>
#include <twinlane/runtime/sink_queue.hpp>

namespace twinlane::ingest {

/// Makes a webhook's requests of items.
///
/// Shape    what a template takes is percent-encoded in the URL, as it is in a header; in a body escaped as within a
///          JSON text when its Content-Type is JSON, percent-encoded for a form, else as it is. Objects, lists and
///          `{$value}` are JSON, and go into bodies alone. `Idempotency-Key` is the item's id; Content-Type is
///          application/json unless given
/// Threads  one
/// Errors   make() says why an item does not become a request
class webhook_request {
 public:
  /// Throws std::invalid_argument for what refusals() finds.
  explicit webhook_request(const webhook_spec& spec);

  /// What is wrong with the spec, as (field, text).
  static std::vector<std::pair<std::string, std::string>> refusals(const webhook_spec& spec);

  std::optional<rejection> make(const sink_item& item, http_request& to);
  /// Scheme, host and port of the URL, for messages: the rest may hold what is secret.
  const std::string& host() const noexcept { return host_; }

 private:
  enum class encoding : unsigned char { none, header, url, json };
  std::string_view text_of(const template_part& part, const sink_item& item, bool& is_json);
  std::optional<rejection> render(const text_template& t, encoding how, const sink_item& item, std::string& to);

  const std::string method_, host_;
  field_paths paths_;
  text_template url_, body_;
  std::vector<std::pair<std::string, text_template>> headers_;
  encoding body_encoding_ = encoding::json;
  item_fields fields_;
  std::string digits_;
};

}  // namespace twinlane::ingest
