#include <twinlane/web/server_message.hpp>

#include <twinlane/web/message.hpp>

namespace twinlane::web {

std::string with_id(std::string_view op, std::uint64_t id) {
  std::string text = "{\"op\":\"";
  text += op;
  text += "\",\"id\":" + std::to_string(id);
  return text;
}

std::string error_message(std::uint64_t id, problem code, std::string_view message) {
  auto text = with_id("err", id);
  text += ",\"code\":";
  append_json(text, code_of(code));
  text += ",\"message\":";
  append_json(text, message);
  return text += '}';
}

std::string done_message(std::uint64_t id, std::string_view reason) {
  return with_id("done", id) + ",\"reason\":\"" + std::string(reason) + "\"}";
}

std::string row_message(std::uint64_t id, std::string_view row, std::uint64_t rev) {
  auto text = with_id("row", id);
  text.append(",").append(row).append(",\"rev\":");
  return text += std::to_string(rev) + "}";
}

}  // namespace twinlane::web
