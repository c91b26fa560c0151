#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace twinlane::web {

/// JSON text as CBOR and back.
///
/// Shape    integers of 64 bits and UTF-8 text stay what they are, and so do all other numbers that fit a double.
/// Objects
///          and arrays have a length, but for the outer map of a message that is put together of a head and a rest
/// Cost     builds a DOM
/// Threads  any
/// Errors   what is no JSON has no members
/// Source   RFC 8949
std::string cbor_of(std::string_view json);

/// The members of an object that is written without its opening brace, and the end of a map of unknown length.
std::string cbor_rest(std::string_view members);
/// The same of one that lacks its closing brace, too: more members may follow, and then cbor_end.
std::string cbor_open_rest(std::string_view members);

constexpr char cbor_map = '\xbf', cbor_array = '\x9f', cbor_end = '\xff';
void append_cbor_text(std::string& out, std::string_view text);
void append_cbor_number(std::string& out, std::uint64_t n);

/// The JSON text of one CBOR item; nothing when it is no such thing, or has byte strings, tags or names that are no
/// text, which JSON has not, or nests deeper than 64.
///
/// Shape    not a number, and numbers without end, become null
std::optional<std::string> json_of_cbor(std::string_view bytes);

}  // namespace twinlane::web
