#include <twinlane/web/frame_batch.hpp>

#include <charconv>

namespace twinlane::web {
namespace {

void append_number(std::string& out, std::uint64_t n) {
  char digits[20];
  const auto end = std::to_chars(digits, digits + sizeof digits, n).ptr;
  out.append(digits, end);
}

std::string_view opening(outgoing::kind k) {
  switch (k) {
    case outgoing::kind::snap:
      return R"({"op":"snap","id":)";
    case outgoing::kind::diff:
      return R"({"op":"diff","id":)";
    case outgoing::kind::life:
      return R"({"op":"life","id":)";
    case outgoing::kind::event:
      return R"({"op":"event","id":)";
    case outgoing::kind::done:
      return R"({"op":"done","id":)";
    case outgoing::kind::reply:
      break;
  }
  return {};
}

}  // namespace

void append_head(std::string& out, const outgoing& m, std::uint64_t client_id) {
  if (m.what == outgoing::kind::reply) return;
  out += opening(m.what);
  append_number(out, client_id);
  if (m.what == outgoing::kind::diff) {
    out += ",\"from\":";
    append_number(out, m.from);
  }
  out += ',';
}

void append_event_end(std::string& out, std::uint64_t dropped) {
  out += ",\"dropped\":";
  append_number(out, dropped);
  out += '}';
}

void frame_batch::add(const outgoing& m, std::uint64_t client_id) {
  text_ += count_++ == 0 ? '[' : ',';
  append_head(text_, m, client_id);
  if (m.text->size() <= copied_bytes_max) {
    text_ += *m.text;
  } else {
    long_.push_back({text_.size(), m.text});
  }
  if (m.what == outgoing::kind::event) append_event_end(text_, m.dropped);
  bytes_ += m.bytes();
  if (m.what == outgoing::kind::diff && m.merged) ++merged_;
  if (m.what == outgoing::kind::diff && !m.merged) arrived_.push_back(m.arrived);
  if (m.what == outgoing::kind::snap && !m.resumed) ++snapshots_;
  if (m.what == outgoing::kind::event) ++events_;
}

void frame_batch::seal() {
  single_ = count_ == 1;
  if (!single_) text_ += ']';
}

void frame_batch::clear() {
  text_.clear();
  long_.clear();
  arrived_.clear();
  bytes_ = count_ = 0;
  merged_ = snapshots_ = events_ = 0;
  single_ = false;
}

}  // namespace twinlane::web
