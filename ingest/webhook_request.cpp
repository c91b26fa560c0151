#include <twinlane/ingest/webhook_request.hpp>

#include <algorithm>
#include <array>
#include <cctype>
#include <stdexcept>
#include <string_view>

namespace twinlane::ingest {
namespace {

constexpr std::size_t url_bytes_max = 8 * 1024, header_bytes_max = 8 * 1024;
constexpr std::string_view hex = "0123456789ABCDEF";

std::string lower(std::string_view text) {
  std::string out(text);
  for (auto& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

// RFC 3986: unreserved.
void append_percent(std::string& to, std::string_view text) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
        c == '_' || c == '~') {
      to += c;
    } else {
      to += '%';
      to += hex[byte >> 4];
      to += hex[byte & 15];
    }
  }
}

void append_escaped(std::string& to, std::string_view text) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20) {
      to += "\\u00";
      to += hex[byte >> 4];
      to += hex[byte & 15];
      continue;
    }
    if (c == '"' || c == '\\') to += '\\';
    to += c;
  }
}

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

// RFC 9110: token.
bool is_header_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

// Up to the path; nothing when scheme or host are not there, or not literal.
std::optional<std::string> host_of(std::string_view url) {
  const auto scheme = url.find("://");
  if (scheme == std::string_view::npos || (url.substr(0, scheme) != "http" && url.substr(0, scheme) != "https"))
    return std::nullopt;
  const auto end = url.find_first_of("/?#", scheme + 3);
  const auto host = url.substr(0, end);
  if (host.size() == scheme + 3 || host.find_first_of("{}@") != std::string_view::npos) return std::nullopt;
  return std::string(host);
}

std::optional<std::string> content_type_of(const webhook_spec& spec) {
  for (const auto& [name, value] : spec.headers)
    if (lower(name) == "content-type") return lower(value);
  return std::nullopt;
}

std::optional<std::string> refusal_of_url(std::string_view url) {
  const auto host = host_of(url);
  if (!host)
    return "begin with http:// or https:// and a host without {…} and user, as in https://crm.example/x/{$key}";
  if (const auto why = http_client::refusal(*host)) return "'" + *host + "': " + *why;
  if (std::any_of(url.begin(), url.end(), [](char c) { return is_control(c) || c == ' '; }))
    return "holds a space or a control character; write %20";
  return std::nullopt;
}

std::optional<std::string> refusal_of_header(const std::string& name, const std::string& value) {
  constexpr std::array<std::string_view, 6> own = {"idempotency-key", "content-length", "transfer-encoding", "host",
                                                   "connection",      "expect"};
  if (!is_header_name(name)) return "'" + name + "' is no header's name";
  if (std::find(own.begin(), own.end(), lower(name)) != own.end())
    return "'" + name + "' is set by twinlane itself. Remove it";
  if (std::any_of(value.begin(), value.end(), is_control)) return "'" + name + "' holds a control character";
  return std::nullopt;
}

}  // namespace

std::vector<std::pair<std::string, std::string>> webhook_request::refusals(const webhook_spec& spec) {
  std::vector<std::pair<std::string, std::string>> all;
  const auto say = [&](const char* field, std::string text) { all.emplace_back(field, std::move(text)); };
  if (auto why = refusal_of_url(spec.url)) say("url", std::move(*why));
  constexpr std::array<std::string_view, 3> methods = {"POST", "PUT", "PATCH"};
  if (std::find(methods.begin(), methods.end(), spec.method) == methods.end())
    say("method", "'" + spec.method + "' is not one of POST, PUT, PATCH");
  field_paths paths;
  try {
    if (text_template(spec.url, paths, template_of::item).uses(part_kind::value))
      say("url", "{$value} is JSON, which only a body can hold");
  } catch (const std::invalid_argument& e) {
    say("url", e.what());
  }
  try {
    text_template(spec.body, paths, template_of::item);
    for (unsigned i = 0; i < paths.size(); ++i)
      if (paths.path(i).find('"') != std::string::npos)
        say("body", "{" + paths.path(i) + "} would be a field; write {{ and }} for the braces of JSON");
  } catch (const std::invalid_argument& e) {
    say("body", e.what());
  }
  for (const auto& [name, value] : spec.headers) {
    if (auto why = refusal_of_header(name, value)) say("headers", std::move(*why));
    try {
      if (text_template(value, paths, template_of::item).uses(part_kind::value))
        say("headers", "'" + name + "': {$value} is JSON, which only a body can hold");
    } catch (const std::invalid_argument&) {
      // Not what() of it, which holds the header's text: that may be a secret.
      say("headers", "'" + name + "' is no template: write {field} or {$key}, and {{ or }} for a brace");
    }
  }
  return all;
}

webhook_request::webhook_request(const webhook_spec& spec)
    : method_(spec.method),
      host_(host_of(spec.url).value_or(std::string())),
      url_(spec.url, paths_, template_of::item),
      body_(spec.body.empty() ? "{$value}" : std::string_view(spec.body), paths_, template_of::item),
      headers_([&] {
        std::vector<std::pair<std::string, text_template>> all;
        for (const auto& [name, value] : spec.headers)
          all.emplace_back(name, text_template(value, paths_, template_of::item));
        if (!content_type_of(spec)) all.emplace_back("Content-Type", text_template::literal("application/json"));
        return all;
      }()),
      fields_(paths_) {
  const auto type = content_type_of(spec).value_or("application/json");
  body_encoding_ = type.find("json") != std::string::npos                    ? encoding::json
                   : type.find("x-www-form-urlencoded") != std::string::npos ? encoding::url
                                                                             : encoding::none;
}

std::optional<rejection> webhook_request::make(const sink_item& item, http_request& to) {
  if (auto bad = fields_.read(item.value)) return bad;
  to = {};
  to.method = method_;
  if (auto bad = render(url_, encoding::url, item, to.url)) return bad;
  if (to.url.size() > url_bytes_max) return rejection{dead_reason::bad_value, "the URL would be too long"};
  for (const auto& [name, value] : headers_) {
    std::string text;
    if (auto bad = render(value, encoding::header, item, text)) return bad;
    if (text.size() > header_bytes_max) return rejection{dead_reason::bad_value, "header '" + name + "' is too long"};
    to.headers.push_back(text.empty() ? name + ';' : name + ": " + text);  // libcurl's way to send an empty one
  }
  if (std::any_of(item.id.begin(), item.id.end(), is_control))
    return rejection{dead_reason::bad_value, "the item's id holds a control character"};
  to.headers.push_back("Idempotency-Key: " + item.id);
  return render(body_, body_encoding_, item, to.body);
}

std::string_view webhook_request::text_of(const template_part& part, const sink_item& item, bool& is_json) {
  is_json = false;
  switch (part.kind) {
    case part_kind::field: {
      const auto& f = fields_.at(part.field_number);
      is_json = f.is == item_fields::field::kind::structure;
      return f.bytes;
    }
    case part_kind::key:
      return item.key;
    case part_kind::uri:
      return item.uri;
    case part_kind::id:
      return item.id;
    case part_kind::timestamp:
      return digits_ = std::to_string(item.at_ms);
    case part_kind::value:
      is_json = true;
      return item.value;
    default:
      return {};  // of sources
  }
}

std::optional<rejection> webhook_request::render(const text_template& t, encoding how, const sink_item& item,
                                                 std::string& to) {
  for (const auto& part : t.parts()) {
    if (part.kind == part_kind::literal) {
      to += part.text;
      continue;
    }
    bool is_json = false;
    const auto text = text_of(part, item, is_json);
    if (is_json && &t != &body_)
      return rejection{dead_reason::bad_value, "field '" + paths_.path(part.field_number) +
                                                   "' is an object or list, which only a body can hold"};
    if (how == encoding::header && std::any_of(text.begin(), text.end(), is_control))
      return rejection{dead_reason::bad_value, "a header would hold a control character"};
    if (how == encoding::url)
      append_percent(to, text);
    else if (how == encoding::json && !is_json)
      append_escaped(to, text);
    else
      to += text;
  }
  return std::nullopt;
}

}  // namespace twinlane::ingest
