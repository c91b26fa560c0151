#include <twinlane/web/http_client.hpp>

#include <cstdlib>
#include <stdexcept>

#include <sys/socket.h>
#include <sys/time.h>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

namespace twinlane::web {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;

constexpr std::size_t body_bytes_max = 64 * 1024 * 1024;

constexpr std::string_view clear_scheme = "http://", tls_scheme = "https://";

struct server_place {
  std::string host, port;
  bool tls = false;
};

server_place parse_base(const std::string& base) {
  std::string_view rest = base;
  if (!is_server_url(rest)) throw std::runtime_error("--url " + base + " is not http://HOST:PORT");
  const bool tls = rest.starts_with(tls_scheme);
  rest.remove_prefix((tls ? tls_scheme : clear_scheme).size());
  if (rest.ends_with('/')) rest.remove_suffix(1);
  const auto colon = rest.rfind(':');
  const bool has_port = colon != std::string_view::npos && rest.find(']', colon) == std::string_view::npos;
  auto host = rest.substr(0, has_port ? colon : rest.size());
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (host.empty() || host.find('/') != std::string_view::npos)
    throw std::runtime_error("--url " + base + " is not http://HOST:PORT");
  return {std::string(host), has_port ? std::string(rest.substr(colon + 1)) : tls ? "443" : "80", tls};
}

void set_timeout(asio::ip::tcp::socket& s, std::chrono::seconds at_most) {
  const timeval limit{static_cast<time_t>(at_most.count()), 0};
  for (const int what : {SO_RCVTIMEO, SO_SNDTIMEO})
    ::setsockopt(s.native_handle(), SOL_SOCKET, what, &limit, sizeof limit);
}

template <class Stream>
http_answer ask_over(Stream& stream, const http::request<http::empty_body>& request) {
  http::write(stream, request);
  beast::flat_buffer buffer;
  http::response_parser<http::string_body> answer;
  answer.body_limit(body_bytes_max);
  http::read(stream, buffer, answer);
  return {static_cast<int>(answer.get().result_int()), std::move(answer.get().body())};
}

http_answer ask_by_tls(asio::ip::tcp::socket& socket, const std::string& host, const std::string& ca,
                       const http::request<http::empty_body>& request) {
  asio::ssl::context trusted(asio::ssl::context::tls_client);
  trusted.set_verify_mode(asio::ssl::verify_peer);
  trusted.set_default_verify_paths();
  if (!ca.empty()) trusted.load_verify_file(ca);
  asio::ssl::stream<asio::ip::tcp::socket&> stream(socket, trusted);
  stream.set_verify_callback(asio::ssl::host_name_verification(host));
  SSL_set_tlsext_host_name(stream.native_handle(), host.c_str());
  stream.handshake(asio::ssl::stream_base::client);
  return ask_over(stream, request);
}

}  // namespace

bool is_server_url(std::string_view url) noexcept {
  return url.starts_with(clear_scheme) || url.starts_with(tls_scheme);
}

http_answer ask_server(const std::string& base, const std::string& method, const std::string& target,
                       const std::string& ca, std::chrono::seconds at_most) {
  const auto place = parse_base(base);
  try {
    asio::io_context context;
    asio::ip::tcp::socket socket(context);
    asio::connect(socket, asio::ip::tcp::resolver(context).resolve(place.host, place.port));
    set_timeout(socket, at_most);
    http::request<http::empty_body> request(http::string_to_verb(method), target, 11);
    request.set(http::field::host, place.host + ':' + place.port);
    request.set(http::field::connection, "close");
    if (const char* token = std::getenv("TWINLANE_TOKEN"))
      request.set(http::field::authorization, std::string("Bearer ") + token);
    request.prepare_payload();
    return place.tls ? ask_by_tls(socket, place.host, ca, request) : ask_over(socket, request);
  } catch (const boost::system::system_error& e) {
    throw std::runtime_error("no answer from " + base + ": " + e.code().message());
  }
}

void append_query(std::string& target, std::string_view name, std::string_view value) {
  if (value.empty()) return;
  target += target.find('?') == std::string::npos ? '?' : '&';
  target += name;
  target += '=';
  constexpr std::string_view digits = "0123456789ABCDEF";
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
                       c == '_' || c == '.' || c == '~';
    if (plain) {
      target += c;
      continue;
    }
    target += '%';
    target += digits[byte >> 4];
    target += digits[byte & 15];
  }
}

}  // namespace twinlane::web
