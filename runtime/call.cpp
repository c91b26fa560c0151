#include <twinlane/runtime/call.hpp>

#include <future>
#include <memory>
#include <stdexcept>

#include <twinlane/runtime/detail/shard_thread.hpp>

namespace twinlane {
namespace {

template <class T, class Ask>
outcome<T> wait_for(const std::string& uri, std::chrono::milliseconds deadline, Ask&& ask) {
  if (detail::on_shard_thread()) throw std::logic_error("a shard's thread must not wait for an answer of " + uri);
  auto said = std::make_shared<std::promise<outcome<T>>>();
  auto future = said->get_future();
  ask([said](outcome<T> o) { said->set_value(std::move(o)); });
  if (future.wait_for(deadline) == std::future_status::ready) return future.get();
  return error{problem::not_ready, "no answer of " + uri + " came within " + std::to_string(deadline.count()) + " ms"};
}

}  // namespace

outcome<command_result> call(port& p, command_request r, std::chrono::milliseconds deadline) {
  const auto uri = r.uri;
  return wait_for<command_result>(uri, deadline, [&](auto a) { p.command(std::move(r), std::move(a)); });
}

outcome<snapshot> snapshot_of(port& p, const std::string& uri, const view& what, std::chrono::milliseconds deadline) {
  return wait_for<snapshot>(uri, deadline, [&](auto a) { p.get(uri, what, std::move(a)); });
}

}  // namespace twinlane
