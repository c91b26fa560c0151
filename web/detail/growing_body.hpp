#pragma once

#include <algorithm>
#include <cstdint>
#include <string>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/optional.hpp>

#include <twinlane/web/detail/net.hpp>

namespace twinlane::web::detail {

/// A body that takes memory as its bytes come, where Beast's takes at once what a request says will come.
struct growing_body {
  using value_type = std::string;

  static std::uint64_t size(const value_type& body) noexcept { return body.size(); }

  class reader {
   public:
    template <bool IsRequest, class Fields>
    reader(boost::beast::http::header<IsRequest, Fields>&, value_type& body) : body_(body) {}

    void init(const boost::optional<std::uint64_t>& length, error_code& ec) {
      length_ = static_cast<std::size_t>(length.value_or(0));
      ec = {};
    }
    template <class Buffers>
    std::size_t put(const Buffers& buffers, error_code& ec) {
      const auto n = asio::buffer_size(buffers), had = body_.size();
      // No further than to the end that was said, so that a body of a known length has no room to spare.
      if (had + n > body_.capacity()) body_.reserve(std::max(had + n, std::min(2 * (had + n), length_)));
      body_.resize(had + n);
      asio::buffer_copy(asio::buffer(body_) + had, buffers);
      ec = {};
      return n;
    }
    void finish(error_code& ec) { ec = {}; }

   private:
    value_type& body_;
    std::size_t length_ = 0;
  };
};

}  // namespace twinlane::web::detail
