#include <twinlane/web/message_head.hpp>

#include <charconv>

#include <twinlane/web/cbor_text.hpp>

namespace twinlane::web {
namespace {

std::string_view op_of(outgoing::kind k) {
  switch (k) {
    case outgoing::kind::snap:
      return "snap";
    case outgoing::kind::diff:
      return "diff";
    case outgoing::kind::life:
      return "life";
    case outgoing::kind::event:
      return "event";
    case outgoing::kind::done:
      return "done";
    case outgoing::kind::reply:
      break;
  }
  return {};
}

void append_number(std::string& out, std::uint64_t n) {
  char digits[20];
  const auto end = std::to_chars(digits, digits + sizeof digits, n).ptr;
  out.append(digits, end);
}

}  // namespace

void append_head(std::string& out, const outgoing& m, std::uint64_t client_id, wire_format f) {
  if (m.what == outgoing::kind::reply) return;
  if (f == wire_format::cbor) {
    out += cbor_map;
    append_cbor_text(out, "op");
    append_cbor_text(out, op_of(m.what));
    append_cbor_text(out, "id");
    append_cbor_number(out, client_id);
    if (m.what != outgoing::kind::diff) return;
    append_cbor_text(out, "from");
    return append_cbor_number(out, m.from);
  }
  out.append(R"({"op":")").append(op_of(m.what)).append(R"(","id":)");
  append_number(out, client_id);
  if (m.what == outgoing::kind::diff) {
    out += ",\"from\":";
    append_number(out, m.from);
  }
  out += ',';
}

const std::string& rest_of(const outgoing& m, wire_format f) {
  if (f == wire_format::json) return *m.text;
  if (m.what == outgoing::kind::reply) return m.text.encoded(cbor_of);
  return m.text.encoded(m.what == outgoing::kind::event ? cbor_open_rest : cbor_rest);
}

void append_end(std::string& out, const outgoing& m, wire_format f) {
  if (m.what != outgoing::kind::event) return;
  if (f == wire_format::cbor) {
    append_cbor_text(out, "dropped");
    append_cbor_number(out, m.dropped);
    out += cbor_end;
    return;
  }
  out += ",\"dropped\":";
  append_number(out, m.dropped);
  out += '}';
}

}  // namespace twinlane::web
