#include <twinlane/ingest/detail/fetch_waker.hpp>

#include <twinlane/ingest/detail/kafka_client.hpp>

namespace twinlane::ingest::detail {

fetch_waker::fetch_waker(rd_kafka_t* consumer)
    : consumer_(consumer), thread_([this](std::stop_token stop) { run(stop); }) {}

void fetch_waker::wake() {
  std::lock_guard lock(mutex_);
  asked_ = true;
  wake_.notify_one();
}

void fetch_waker::run(std::stop_token stop) {
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      if (!wake_.wait(lock, stop, [&] { return asked_; })) return;
      asked_ = false;
    }
    rd_kafka_topic_partition_list_t* assigned = nullptr;
    if (rd_kafka_assignment(consumer_, &assigned) != RD_KAFKA_RESP_ERR_NO_ERROR) continue;
    const kafka_list list(assigned);
    for (int i = 0; i < list->cnt; ++i) list->elems[i].offset = RD_KAFKA_OFFSET_END;
    // The answer is of no use; the question is.
    if (list->cnt > 0) rd_kafka_offsets_for_times(consumer_, list.get(), 500);
  }
}

}  // namespace twinlane::ingest::detail
