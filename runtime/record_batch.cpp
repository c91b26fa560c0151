#include <twinlane/runtime/record_batch.hpp>

namespace twinlane {

std::shared_ptr<record_batch> batch_pool::take() {
  std::unique_ptr<record_batch> b;
  {
    std::lock_guard lock(mutex_);
    if (!free_.empty()) {
      b = std::move(free_.back());
      free_.pop_back();
    }
  }
  if (!b) b = std::make_unique<record_batch>();
  return {b.release(),
          [pool = shared_from_this()](record_batch* p) { pool->give_back(std::unique_ptr<record_batch>(p)); }};
}

void batch_pool::give_back(std::unique_ptr<record_batch> b) {
  b->recycle();
  if (b->capacity() > batch_bytes_max) return;
  std::lock_guard lock(mutex_);
  if (free_.size() < batches_max) free_.push_back(std::move(b));
}

}  // namespace twinlane
