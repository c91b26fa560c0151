#include <twinlane/web/static_files.hpp>

#include <algorithm>
#include <array>
#include <fstream>
#include <system_error>

#include <twinlane/agents/uri.hpp>
#include <twinlane/web/header_values.hpp>

namespace twinlane::web {
namespace {

namespace fs = std::filesystem;

constexpr std::uintmax_t file_bytes_max = 16 * 1024 * 1024;

constexpr std::array<std::pair<std::string_view, std::string_view>, 19> types{{
    {"html", "text/html; charset=utf-8"},
    {"js", "text/javascript; charset=utf-8"},
    {"mjs", "text/javascript; charset=utf-8"},
    {"css", "text/css; charset=utf-8"},
    {"json", "application/json"},
    {"map", "application/json"},
    {"webmanifest", "application/manifest+json"},
    {"svg", "image/svg+xml"},
    {"png", "image/png"},
    {"jpg", "image/jpeg"},
    {"jpeg", "image/jpeg"},
    {"gif", "image/gif"},
    {"webp", "image/webp"},
    {"ico", "image/x-icon"},
    {"woff", "font/woff"},
    {"woff2", "font/woff2"},
    {"wasm", "application/wasm"},
    {"txt", "text/plain; charset=utf-8"},
    {"md", "text/plain; charset=utf-8"},
}};

std::string_view extension(std::string_view path) {
  const auto name = path.substr(path.rfind('/') + 1);
  const auto dot = name.rfind('.');
  return dot == std::string_view::npos ? std::string_view() : name.substr(dot + 1);
}

// A canonical path lies below a canonical root.
bool below(const fs::path& root, const fs::path& p) {
  const auto [r, ignored] = std::mismatch(root.begin(), root.end(), p.begin(), p.end());
  return r == root.end();
}

const embedded_file* find_file(std::span<const embedded_file> files, std::string_view name) {
  const auto it = std::find_if(files.begin(), files.end(), [&](const auto& f) { return f.name == name; });
  return it == files.end() ? nullptr : &*it;
}

// A path that names no file may be an address within the application.
bool may_be_page(std::string_view path, const request& r) {
  const auto plain = decode_segment(path);
  return plain && plain->find("..") == std::string::npos &&
         (extension(path).empty() || preferred_media(r.accept) == media::html);
}

response file_head(std::string_view name, const std::string& tag) {
  response out;
  out.content_type = std::string(content_type_of(name));
  out.headers = {{"ETag", tag}, {"Cache-Control", "no-cache"}};
  return out;
}

response not_found() { return problem_response(404, "no_such_route", "Not found", "There is no such file."); }

}  // namespace

std::string_view content_type_of(std::string_view name) {
  const auto wanted = extension(name);
  const auto it =
      std::find_if(types.begin(), types.end(), [&](const auto& t) { return same_ignoring_case(t.first, wanted); });
  return it == types.end() ? "application/octet-stream" : it->second;
}

static_files::static_files(const std::string& folder, std::span<const embedded_file> embedded) : embedded_(embedded) {
  std::error_code ec;
  if (!folder.empty()) root_ = fs::canonical(folder, ec);
  if (ec) root_.clear();
}

bool static_files::has_index() const {
  std::error_code ec;
  return root_.empty() ? find_file(embedded_, "index.html") != nullptr : fs::is_regular_file(root_ / "index.html", ec);
}

std::optional<fs::path> static_files::find(std::string_view path) const {
  fs::path file = root_;
  for (const auto segment : split_list(path, '/')) {
    const auto name = decode_segment(segment);
    if (!name || name->empty() || name->front() == '.' || name->find_first_of("/\\") != std::string::npos)
      return std::nullopt;
    file /= *name;
  }
  std::error_code ec;
  if (fs::is_directory(file, ec)) file /= "index.html";
  file = fs::canonical(file, ec);
  if (ec || !below(root_, file) || !fs::is_regular_file(file, ec)) return std::nullopt;
  return file;
}

response static_files::get(std::string_view path, const request& r) const {
  if (root_.empty()) return get_embedded(path, r);
  if (const auto file = find(path)) return answer(*file, r);
  if (!may_be_page(path, r) || !has_index()) return not_found();
  return answer(root_ / "index.html", r);
}

response static_files::get_embedded(std::string_view path, const request& r) const {
  const auto* file = find_file(embedded_, path);
  if (!file && may_be_page(path, r)) file = find_file(embedded_, "index.html");
  if (!file) return not_found();
  const std::string tag(file->tag);
  auto out = file_head(file->name, tag);
  if (r.if_none_match && none_match_holds(*r.if_none_match, tag))
    out.status = 304;
  else
    out.body = file->content;
  return out;
}

response static_files::answer(const fs::path& file, const request& r) const {
  std::error_code ec;
  const auto size = fs::file_size(file, ec);
  if (ec || size > file_bytes_max) return not_found();
  const auto written = fs::last_write_time(file, ec).time_since_epoch().count();
  if (ec) return not_found();
  const std::string tag = "\"" + std::to_string(written) + "-" + std::to_string(size) + "\"";
  auto out = file_head(file.filename().string(), tag);
  if (r.if_none_match && none_match_holds(*r.if_none_match, tag)) {
    out.status = 304;
    return out;
  }
  std::ifstream in(file, std::ios::binary);
  out.body.resize(size);
  if (!in.read(out.body.data(), static_cast<std::streamsize>(size))) return not_found();
  return out;
}

}  // namespace twinlane::web
