#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace twinlane::web {

struct http_answer {
  int status = 0;
  std::string body;
};

/// Asks a server once and waits for the answer; for tools.
///
/// base     `http://127.0.0.1:8080`, or `https://`: then the server's certificate must be for that host, and signed by
///          whom the system trusts or a certificate in the PEM file `ca`
/// Shape    shows the token in the environment variable TWINLANE_TOKEN, if there is one
/// Units    bodies of at most 64 MiB; `at_most` for each wait on the network
/// Errors   std::runtime_error with what is wrong with the URL, the connection or the answer
http_answer ask_server(const std::string& base, const std::string& method, const std::string& target,
                       const std::string& ca = {}, std::chrono::seconds at_most = std::chrono::seconds(90));
/// Is it a URL that ask_server() takes?
bool is_server_url(std::string_view url) noexcept;

/// Appends `name=value` with its escapes to a target, unless the value is empty.
void append_query(std::string& target, std::string_view name, std::string_view value);

}  // namespace twinlane::web
