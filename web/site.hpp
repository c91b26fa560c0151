#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include <twinlane/runtime/port.hpp>
#include <twinlane/web/access/gate.hpp>
#include <twinlane/web/message.hpp>
#include <twinlane/web/options.hpp>
#include <twinlane/web/origin_policy.hpp>
#include <twinlane/web/resource.hpp>
#include <twinlane/web/source_rates.hpp>
#include <twinlane/web/static_files.hpp>

namespace twinlane::web {

/// Everything the server answers but streams: a request in, a response out, no socket. `lane_rows` answers queries.
///
/// Cost     answers from the port come later on shard threads; the rest is answered before handle() returns
/// Threads  any
class site {
 public:
  /// report: takes what is refused.
  site(const options& o, std::shared_ptr<twinlane::port> p, bool loopback_only, report_fn report);

  resource locate(std::string_view target) const { return table_.locate(target); }
  const resource_table& resources() const noexcept { return table_; }
  const origin_policy& origins() const noexcept { return origins_; }
  const web::gate& gate() const noexcept { return gate_; }
  source_rates& rates() noexcept { return rates_; }
  twinlane::port& runtime() const noexcept { return *port_; }

  /// Lets the one who asks in, and says so in the request; the answer when they may not come in, or not do this.
  std::optional<response> admit(request& r, const resource& where) const;
  /// What of a view of the resource's agent they may see; forbidden when it is nothing. For requests that were let in.
  outcome<view> visible(const request& r, const resource& where, view asked) const;

  /// How large a body this request may have.
  std::size_t body_bytes_max(const resource& where) const;
  void handle(request r, const resource& where, respond done) const;

  /// readyz says no from now on.
  void drain() noexcept { draining_ = true; }

 private:
  bool public_to_all(const request& r, const resource& where) const;
  std::string types_of(const caller& who) const;
  void get_entity(const request& r, const resource& where, respond done) const;
  void page_of_entity(const request& r, const resource& where, respond done) const;
  void get_lane(const request& r, const resource& where, respond done) const;
  void command(request r, const resource& where, respond done) const;
  void write(request r, const resource& where, respond done) const;
  void remove(const request& r, const resource& where, respond done) const;
  void ingest(request r, const resource& where, respond done) const;
  void entities(const resource& where, respond done) const;
  void dead(const resource& where, const options::dead_handler& handler, respond done) const;
  response fixed(const request& r, const resource& where) const;

  std::shared_ptr<twinlane::port> port_;
  resource_table table_;
  web::gate gate_;
  origin_policy origins_;
  static_files files_;
  source_rates rates_;
  std::string openapi_, types_;
  decltype(options::metrics_text) metrics_text_;
  decltype(options::sinks_document) sinks_document_;
  decltype(options::source_states) source_states_;
  decltype(options::ingest) ingest_;
  options::dead_handler dead_list_, dead_replay_;
  std::size_t ingest_bytes_max_;
  std::atomic<bool> draining_{false};
};

}  // namespace twinlane::web
