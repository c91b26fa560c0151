#pragma once

#include <chrono>

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/strand.hpp>

namespace twinlane::web::detail {

namespace asio = boost::asio;
using boost::system::error_code;
using clock = std::chrono::steady_clock;

// Concrete executors instead of the type-erased default: nothing is allocated to run a handler.
using strand = asio::strand<asio::io_context::executor_type>;
using tcp_socket = asio::basic_stream_socket<asio::ip::tcp, strand>;
using strand_timer = asio::basic_waitable_timer<clock, asio::wait_traits<clock>, strand>;

}  // namespace twinlane::web::detail
