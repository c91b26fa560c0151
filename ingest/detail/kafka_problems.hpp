#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include <twinlane/ingest/detail/kafka_assignment.hpp>

namespace twinlane::ingest::detail {

/// What is wrong between a consumer and its brokers: logged, and told to the sources that it concerns.
///
/// Threads  the consumer's
class kafka_problems {
 public:
  kafka_problems(std::string brokers, const std::vector<kafka_source*>& sources)
      : brokers_(std::move(brokers)), sources_(sources) {}

  /// A message that is an error.
  void did_fail(rd_kafka_t* k, const rd_kafka_message_t& m, kafka_assignment& assignment);
  /// From librdkafka about the client as a whole.
  void did_fail(rd_kafka_t* k, rd_kafka_resp_err_t err, const std::string& text);
  /// The client gave up and has to be made anew.
  bool fatal() const noexcept { return fatal_; }

  /// A new client begins with nothing wrong but topics that are missing.
  void did_connect() { fatal_ = unreachable_ = false; }
  /// Records came, so a broker answers.
  void did_hear();
  void did_assign(rd_kafka_t* k, const rd_kafka_topic_partition_list_t& list);
  /// Stops the sources that would begin at an offset that their topic does not have.
  void check_starts(rd_kafka_t* k, kafka_assignment& assignment);
  bool is_missing(const std::string& topic) const { return missing_.count(topic) != 0; }

  bool worth_a_look() const noexcept { return unreachable_ || !missing_.empty(); }
  /// The group learns of a new topic by itself; this is for the status, and for telling that brokers are back.
  void look(rd_kafka_t* k);
  /// An empty text: nothing is wrong any more.
  void tell_all(const std::string& problem);

 private:
  void did_lose_place(rd_kafka_t* k, const kafka_slot& slot, kafka_assignment& assignment);
  void stop(const kafka_reader& r, const std::optional<offset_range>& held, kafka_assignment& assignment);
  void topic_is_missing(const std::string& topic);

  const std::string brokers_;
  const std::vector<kafka_source*>& sources_;
  std::set<std::string> missing_;
  bool unreachable_ = false, fatal_ = false;
};

}  // namespace twinlane::ingest::detail
