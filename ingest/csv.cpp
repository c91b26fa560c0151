#include <twinlane/ingest/csv.hpp>

#include <algorithm>
#include <set>
#include <stdexcept>

namespace twinlane::ingest {
namespace {

std::string_view without_line_end(std::string_view row) noexcept {
  if (!row.empty() && row.back() == '\n') row.remove_suffix(1);
  if (!row.empty() && row.back() == '\r') row.remove_suffix(1);
  return row;
}

// Takes a quoted field, from its opening quote on; leaves `at` behind the closing one.
bool take_quoted(std::string_view row, std::size_t& at, std::string& field, std::string& why) {
  ++at;
  for (;;) {
    const auto quote = row.find('"', at);
    if (quote == std::string_view::npos) {
      why = "a quoted field is not closed";
      return false;
    }
    field.append(row, at, quote - at);
    at = quote + 1;
    if (at == row.size() || row[at] != '"') break;
    field += '"';
    ++at;
  }
  if (at < row.size() && row[at] != ',') {
    why = "text behind a closing quote, at byte " + std::to_string(at);
    return false;
  }
  return true;
}

}  // namespace

bool split_csv_row(std::string_view row, std::vector<std::string>& fields, std::string& why) {
  row = without_line_end(row);
  std::size_t n = 0, at = 0;
  for (;;) {
    if (n == fields.size()) fields.emplace_back();
    auto& field = fields[n++];
    field.clear();
    if (at < row.size() && row[at] == '"') {
      if (!take_quoted(row, at, field, why)) return false;
    } else {
      const auto end = std::min(row.find_first_of(",\n", at), row.size());
      if (end < row.size() && row[end] == '\n') {
        why = "a line ends outside of quotes, at byte " + std::to_string(end);
        return false;
      }
      field.append(row, at, end - at);
      at = end;
    }
    if (at == row.size()) break;
    ++at;
  }
  fields.resize(n);
  return true;
}

void append_json_string(std::string& to, std::string_view text) {
  constexpr std::string_view hex = "0123456789abcdef";
  to += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      to += '\\';
      to += c;
    } else if (byte < 0x20) {
      to += "\\u00";
      to += hex[byte >> 4];
      to += hex[byte & 15];
    } else {
      to += c;
    }
  }
  to += '"';
}

csv_row::csv_row(std::vector<std::string> columns) : columns_(std::move(columns)) {
  std::set<std::string_view> seen;
  for (const auto& column : columns_) {
    if (column.empty()) throw std::invalid_argument("a column has no name");
    if (!seen.insert(column).second) throw std::invalid_argument("column '" + column + "' is there twice");
    append_json_string(names_.emplace_back(), column);
    names_.back() += ':';
  }
}

const std::string* csv_row::to_json(std::string_view row) {
  if (!split_csv_row(row, fields_, why_)) return nullptr;
  if (fields_.size() != columns_.size()) {
    why_ = "the row has " + std::to_string(fields_.size()) + " fields and there are " +
           std::to_string(columns_.size()) + " columns";
    return nullptr;
  }
  json_.assign(1, '{');
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    if (i != 0) json_ += ',';
    json_ += names_[i];
    append_json_string(json_, fields_[i]);
  }
  json_ += '}';
  return &json_;
}

}  // namespace twinlane::ingest
