#include <twinlane/web/ws_message.hpp>

#include <algorithm>

#include <nlohmann/json.hpp>

#include <twinlane/web/cbor_text.hpp>
#include <twinlane/web/fields.hpp>

namespace twinlane::web {
namespace {

using nlohmann::json;

constexpr std::size_t depth_max = 64;
constexpr std::uint64_t id_max = (std::uint64_t{1} << 53) - 1;

// The DOM's writer recurses, so depth is bounded before anything is built.
bool too_deep(std::string_view text) {
  std::size_t depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c == '\\') ++i;
      quoted = c != '"';
    } else if (c == '"') {
      quoted = true;
    } else if (c == '{' || c == '[') {
      if (++depth > depth_max) return true;
    } else if ((c == '}' || c == ']') && depth > 0) {
      --depth;
    }
  }
  return false;
}

std::optional<std::uint64_t> whole_number(const json& m, const char* name) {
  const auto found = m.find(name);
  if (found == m.end() || !found->is_number_integer()) return std::nullopt;
  if (!found->is_number_unsigned() && found->get<std::int64_t>() < 0) return std::nullopt;
  const auto n = found->get<std::uint64_t>();
  return n <= id_max ? std::optional(n) : std::nullopt;
}

std::optional<std::string> text_of(const json& m, const char* name) {
  const auto found = m.find(name);
  if (found == m.end() || !found->is_string()) return std::nullopt;
  return found->get<std::string>();
}

std::optional<std::vector<std::string>> texts_of(const json& list) {
  if (!list.is_array()) return std::nullopt;
  std::vector<std::string> out;
  for (const auto& item : list) {
    if (!item.is_string()) return std::nullopt;
    out.push_back(item.get<std::string>());
  }
  return out;
}

bool present(const json& m, const char* name) { return m.contains(name) && !m.at(name).is_null(); }

// False when it is no such thing.
bool read_resume(const json& m, std::optional<sub_resume>& out) {
  if (!present(m, "resume")) return true;
  const auto& point = m.at("resume");
  if (!point.is_object()) return false;
  auto lineage = text_of(point, "lineage");
  const auto rev = whole_number(point, "rev");
  if (!lineage || !rev) return false;
  out = sub_resume{std::move(*lineage), *rev};
  return true;
}

bool read_max_rate(const json& m, std::optional<double>& out) {
  if (!present(m, "max_rate")) return true;
  const auto& rate = m.at("max_rate");
  if (!rate.is_number()) return false;
  out = rate.get<double>();
  return *out > 0;
}

client_message read_sub(std::uint64_t id, const json& m) {
  sub_message s;
  s.id = id;
  auto uri = text_of(m, "uri");
  if (!uri) return faulty_message{id, "sub needs a text 'uri'"};
  s.uri = std::move(*uri);
  if (present(m, "lanes")) {
    s.lanes = texts_of(m.at("lanes"));
    if (!s.lanes) return faulty_message{id, "'lanes' is not an array of lane names"};
  }
  if (present(m, "fields")) {
    const auto paths = texts_of(m.at("fields"));
    if (!paths) return faulty_message{id, "'fields' is not an array of dotted paths"};
    for (const auto& path : *paths) {
      auto split = split_field(path);
      if (!split) return faulty_message{id, "'" + path + "' is not a dotted path"};
      s.fields.push_back(std::move(*split));
    }
  }
  if (present(m, "life")) {
    if (!m.at("life").is_boolean()) return faulty_message{id, "'life' is neither true nor false"};
    s.life = m.at("life").get<bool>();
  }
  if (!read_resume(m, s.resume)) return faulty_message{id, "'resume' has not a text 'lineage' and a 'rev'"};
  if (!read_max_rate(m, s.max_rate)) return faulty_message{id, "'max_rate' is not a number above 0"};
  return s;
}

// One of two words as yes or no; nothing when the member is absent. False when it is neither.
bool read_choice(const json& m, const char* name, std::string_view yes, std::string_view no, std::optional<bool>& out) {
  if (!present(m, name)) return true;
  const auto word = text_of(m, name);
  if (word != yes && word != no) return false;
  out = word == yes;
  return true;
}

client_message read_query(std::uint64_t id, const json& m) {
  query_message q;
  q.id = id;
  auto uri = text_of(m, "uri");
  auto lane = text_of(m, "lane");
  if (!uri || !lane) return faulty_message{id, "query needs a text 'uri' and a text 'lane'"};
  q.uri = std::move(*uri);
  q.what.lane = std::move(*lane);
  if (present(m, "limit")) {
    q.what.limit = whole_number(m, "limit");
    if (!q.what.limit || *q.what.limit == 0) return faulty_message{id, "'limit' is not a number of rows above 0"};
  }
  if (present(m, "follow")) {
    if (!m.at("follow").is_boolean()) return faulty_message{id, "'follow' is neither true nor false"};
    q.what.follow = m.at("follow").get<bool>();
  }
  if (!read_choice(m, "from", "start", "now", q.what.from_start))
    return faulty_message{id, "'from' is neither \"start\" nor \"now\""};
  if (!read_choice(m, "order", "newest", "oldest", q.what.newest_first))
    return faulty_message{id, "'order' is neither \"newest\" nor \"oldest\""};
  return q;
}

client_message read_cmd(std::uint64_t id, const json& m) {
  cmd_message c;
  c.id = id;
  auto uri = text_of(m, "uri");
  auto lane = text_of(m, "lane");
  if (!uri || !lane) return faulty_message{id, "cmd needs a text 'uri' and a text 'lane'"};
  c.uri = std::move(*uri);
  c.lane = std::move(*lane);
  const auto value = m.find("value");
  c.value = value == m.end() ? "null" : value->dump();
  if (present(m, "if_rev")) {
    c.if_rev = whole_number(m, "if_rev");
    if (!c.if_rev) return faulty_message{id, "'if_rev' is not a rev"};
  }
  return c;
}

// Appends the message, or returns what makes it none.
std::string read_message(const json& m, std::vector<client_message>& out) {
  if (!m.is_object()) return "a message is a JSON object";
  const auto op = text_of(m, "op");
  if (!op) return "a message needs a text 'op'";
  const auto id = whole_number(m, "id");
  if (*op == "auth" && (id || !present(m, "id"))) {
    auto token = text_of(m, "token");
    if (!token) return "auth needs a text 'token'";
    out.emplace_back(auth_message{id, std::move(*token)});
    return {};
  }
  if (!id) return "a message needs an 'id' from 0 to 2^53 - 1";
  if (*op == "sub") {
    out.push_back(read_sub(*id, m));
  } else if (*op == "query") {
    out.push_back(read_query(*id, m));
  } else if (*op == "unsub") {
    out.emplace_back(unsub_message{*id});
  } else if (*op == "cmd") {
    out.push_back(read_cmd(*id, m));
  } else if (*op == "ping") {
    out.emplace_back(ping_message{*id});
  } else {
    return "unknown op";
  }
  return {};
}

}  // namespace

client_frame parse_frame(std::string_view text) {
  client_frame frame;
  if (too_deep(text)) {
    frame.error = "nesting over 64";
    return frame;
  }
  const json root = json::parse(text, nullptr, false);
  if (root.is_discarded()) {
    frame.error = "not JSON";
    return frame;
  }
  if (root.is_array()) {
    for (const auto& m : root) {
      frame.error = read_message(m, frame.messages);
      if (!frame.error.empty()) break;
    }
  } else {
    frame.error = read_message(root, frame.messages);
  }
  if (!frame.error.empty()) frame.messages.clear();
  return frame;
}

client_frame parse_cbor_frame(std::string_view bytes) {
  if (const auto text = json_of_cbor(bytes)) return parse_frame(*text);
  return {{}, "not CBOR, or more than JSON can say"};
}

}  // namespace twinlane::web
