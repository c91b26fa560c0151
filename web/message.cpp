#include <twinlane/web/message.hpp>

#include <algorithm>
#include <ctime>

#include <nlohmann/json.hpp>

namespace twinlane::web {
namespace {

std::string http_date() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  char text[40];
  return {text, std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts)};
}

}  // namespace

void append_json(std::string& out, std::string_view text) {
  const bool plain =
      std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7f && c != '"' && c != '\\'; });
  if (!plain) {
    out += nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    return;
  }
  out += '"';
  out += text;
  out += '"';
}

response problem_response(int status, std::string_view code, std::string_view title, std::string_view detail) {
  response r;
  r.status = status;
  r.content_type = "application/problem+json";
  r.body = "{\"status\":" + std::to_string(status) + ",\"code\":";
  append_json(r.body, code);
  r.body += ",\"title\":";
  append_json(r.body, title);
  r.body += ",\"detail\":";
  append_json(r.body, detail);
  r.body += "}";
  return r;
}

response problem_response(problem p, std::string_view detail) {
  auto r = problem_response(http_status_of(p), code_of(p), title_of(p), detail);
  if (p == problem::too_busy || p == problem::not_ready) r.headers.emplace_back("Retry-After", "1");
  return r;
}

response problem_response(const error& e) { return problem_response(e.code, e.detail); }

std::string tag_of(const std::string& lineage, std::uint64_t rev) {
  return "\"" + lineage + ":" + std::to_string(rev) + "\"";
}

response tagged(std::string body, const std::string& tag) {
  response out;
  out.headers = {{"ETag", tag}, {"Cache-Control", "no-cache"}, {"Vary", "Accept"}};
  out.body = std::move(body);
  return out;
}

response unchanged(const std::string& tag) {
  response out = tagged({}, tag);
  out.status = 304;
  return out;
}

std::string_view reason_of(int status) noexcept {
  switch (status) {
    case 200:
      return "OK";
    case 204:
      return "No Content";
    case 302:
      return "Found";
    case 304:
      return "Not Modified";
    case 308:
      return "Permanent Redirect";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 412:
      return "Precondition Failed";
    case 413:
      return "Content Too Large";
    case 422:
      return "Unprocessable Content";
    case 426:
      return "Upgrade Required";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 503:
      return "Service Unavailable";
    case 507:
      return "Insufficient Storage";
    default:
      return "Unknown";
  }
}

std::string head_of(const response& r, bool keep_alive) {
  std::string head = "HTTP/1.1 " + std::to_string(r.status) + " " + std::string(reason_of(r.status)) + "\r\n";
  head += "Server: twinlane\r\nDate: " + http_date() + "\r\nX-Content-Type-Options: nosniff\r\n";
  const bool bodiless = r.status == 204 || r.status == 304;
  if (!bodiless) {
    head += "Content-Type: " + r.content_type + "\r\n";
    head += "Content-Length: " + std::to_string(r.body.size()) + "\r\n";
  }
  for (const auto& [name, value] : r.headers) {
    head += name;
    head += ": ";
    std::copy_if(value.begin(), value.end(), std::back_inserter(head),
                 [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f; });
    head += "\r\n";
  }
  head += keep_alive ? "\r\n" : "Connection: close\r\n\r\n";
  return head;
}

}  // namespace twinlane::web
