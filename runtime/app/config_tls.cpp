#include <filesystem>

#include <twinlane/runtime/app/detail/config_reader.hpp>

namespace twinlane::app::detail {

namespace {

std::string found_file(const std::filesystem::path& folder, const std::string& path) {
  std::error_code ignored;
  const auto beside = folder / path;
  return std::filesystem::is_regular_file(beside, ignored) ? beside.string() : path;
}

}  // namespace

void read_tls(const yaml_node& node, config_result& to, problem_list& problems) {
  map_reader tls(node, "tls", problems);
  web::tls_files files;
  const bool cert = tls.text("cert", files.cert), key = tls.text("key", files.key);
  if (!tls.map().find("cert")) tls.missing("cert", "Name the PEM file of the server's certificate.");
  if (!tls.map().find("key")) tls.missing("key", "Name the PEM file of the certificate's private key.");
  tls.finish();
  if (!cert || !key) return;
  // No source can be called that.
  for (const auto* name : {"cert", "key"}) to.places.emplace("(tls)." + std::string(name), tls.place_of(name));
  const auto& folder = to.settings.folder;
  to.settings.web.tls = {found_file(folder, files.cert), found_file(folder, files.key)};
}

}  // namespace twinlane::app::detail
