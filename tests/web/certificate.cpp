#include <web/certificate.hpp>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <stdexcept>

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

namespace twinlane::testing {
namespace {

using file = std::unique_ptr<std::FILE, decltype(&std::fclose)>;

void add_extension(X509* to, int what, const char* value) {
  const std::unique_ptr<X509_EXTENSION, decltype(&X509_EXTENSION_free)> e(
      X509V3_EXT_conf_nid(nullptr, nullptr, what, value), X509_EXTENSION_free);
  if (!e || X509_add_ext(to, e.get(), -1) != 1) throw std::runtime_error("no extension of a certificate");
}

void sign(X509* c, EVP_PKEY* key) {
  std::uint64_t serial = 0;
  RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial);
  X509_set_version(c, 2);
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(c), serial >> 1);
  X509_gmtime_adj(X509_getm_notBefore(c), -3600);
  X509_gmtime_adj(X509_getm_notAfter(c), 24 * 3600);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(c), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>("localhost"), -1, -1, 0);
  X509_set_issuer_name(c, X509_get_subject_name(c));
  X509_set_pubkey(c, key);
  add_extension(c, NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1");
  add_extension(c, NID_basic_constraints, "critical,CA:TRUE");
  if (X509_sign(c, key, EVP_sha256()) == 0) throw std::runtime_error("a certificate cannot be signed");
}

}  // namespace

certificate::certificate() {
  auto name = (std::filesystem::temp_directory_path() / "twinlane_cert_XXXXXX").string();
  if (!::mkdtemp(name.data())) throw std::runtime_error("no temporary folder");
  folder_ = name;
  files_ = {(folder_ / "cert").string(), (folder_ / "key").string()};
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  const std::unique_ptr<X509, decltype(&X509_free)> c(X509_new(), X509_free);
  sign(c.get(), key.get());
  const file cert_to(std::fopen(files_.cert.c_str(), "w"), std::fclose);
  const file key_to(std::fopen(files_.key.c_str(), "w"), std::fclose);
  PEM_write_X509(cert_to.get(), c.get());
  PEM_write_PrivateKey(key_to.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
}

certificate::~certificate() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

void certificate::replace(const certificate& by) const {
  std::filesystem::rename(by.files_.key, files_.key);
  std::filesystem::rename(by.files_.cert, files_.cert);
}

void write_file(const std::filesystem::path& to, const std::string& text) { std::ofstream(to) << text; }

}  // namespace twinlane::testing
