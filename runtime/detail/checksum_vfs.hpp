#pragma once

#include <string>

#include <twinlane/runtime/detail/sqlite_handle.hpp>

namespace twinlane::detail {

/// A layer under SQLite that finds each page of a database file that is not what was written.
///
/// Shape    the last eight bytes of a page are a checksum of the rest and of the page's number. Files that have no room
///          for it, which reserve_checksums() makes, are read and written as they are. SQLite's log has its own
/// Cost     1 µs a page of 16 KiB, when it is read from the file and when it is written there
/// Threads  any
/// Errors   SQLITE_IOERR_DATA, which sqlite_error::damage() knows, from whatever statement came upon the page
///
/// Returns the layer's name over the layer of that name; empty: SQLite's default.
std::string checksummed(const std::string& below);

/// Makes room for checksums, in a database that is still empty.
void reserve_checksums(sqlite_handle& db);

}  // namespace twinlane::detail
