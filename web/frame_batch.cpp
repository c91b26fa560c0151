#include <twinlane/web/frame_batch.hpp>

#include <twinlane/web/cbor_text.hpp>

namespace twinlane::web {

void frame_batch::add(const outgoing& m, std::uint64_t client_id) {
  const bool first = count_++ == 0;
  if (format_ == wire_format::json)
    text_ += first ? '[' : ',';
  else if (first)
    text_ += cbor_array;
  append_head(text_, m, client_id, format_);
  const auto& rest = rest_of(m, format_);
  if (rest.size() <= copied_bytes_max) {
    text_ += rest;
  } else {
    long_.push_back({text_.size(), rest, m.text});
  }
  append_end(text_, m, format_);
  bytes_ += m.bytes();
  if (m.what == outgoing::kind::diff && m.merged) ++merged_;
  if (m.what == outgoing::kind::diff && !m.merged) arrived_.push_back(m.arrived);
  if (m.what == outgoing::kind::snap && !m.resumed) ++snapshots_;
  if (m.what == outgoing::kind::event) ++events_;
}

void frame_batch::seal() {
  single_ = count_ == 1;
  if (!single_) text_ += format_ == wire_format::json ? ']' : cbor_end;
}

void frame_batch::clear(wire_format f) {
  format_ = f;
  text_.clear();
  long_.clear();
  arrived_.clear();
  bytes_ = count_ = 0;
  merged_ = snapshots_ = events_ = 0;
  single_ = false;
}

}  // namespace twinlane::web
