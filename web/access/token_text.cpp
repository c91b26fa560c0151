#include <twinlane/web/access/token_text.hpp>

#include <cstdint>
#include <stdexcept>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

namespace twinlane::web {
namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

}  // namespace

std::string base64url(std::string_view bytes) {
  std::string out;
  std::uint32_t held = 0;
  int bits = 0;
  for (const unsigned char c : bytes) {
    held = (held << 8 | c) & 0xffff;
    for (bits += 8; bits >= 6; bits -= 6) out += alphabet[held >> (bits - 6) & 63];
  }
  if (bits > 0) out += alphabet[held << (6 - bits) & 63];
  return out;
}

std::optional<std::string> base64url_decoded(std::string_view text) {
  std::string out;
  std::uint32_t held = 0;
  int bits = 0;
  for (const char c : text) {
    const auto value = alphabet.find(c);
    if (value == std::string_view::npos) return std::nullopt;
    held = (held << 6 | static_cast<std::uint32_t>(value)) & 0xffff;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    out += static_cast<char>(held >> bits & 0xff);
  }
  const bool cut = bits == 6, loose = (held & ((1u << bits) - 1)) != 0;
  return cut || loose ? std::nullopt : std::optional(std::move(out));
}

sha256_hash sha256(std::string_view bytes) {
  sha256_hash out;
  unsigned length = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), out.data(), &length, EVP_sha256(), nullptr) != 1)
    throw std::runtime_error("OpenSSL gives no SHA-256");
  return out;
}

std::string hex(const sha256_hash& h) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (const auto byte : h) {
    out += digits[byte >> 4];
    out += digits[byte & 15];
  }
  return out;
}

std::string random_token() {
  std::array<unsigned char, 32> bytes;
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1)
    throw std::runtime_error("the system gives no random bytes");
  return "twl_" + base64url({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

bool same_hash(const sha256_hash& a, const sha256_hash& b) noexcept {
  return CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace twinlane::web
