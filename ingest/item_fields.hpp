#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include <twinlane/ingest/record_router.hpp>
#include <twinlane/ingest/text_template.hpp>

namespace twinlane::ingest {

/// Reads the fields that templates name out of an item's JSON value.
///
/// Shape    a text decoded; a number or a truth value by its letters; an object or list as its JSON
/// Cost     one pass over the value, none when no field is named
/// Threads  one; what is found is good until the next read
class item_fields {
 public:
  struct field {
    enum class kind : unsigned char { absent, text, token, structure };
    kind is = kind::absent;
    std::string_view bytes;
  };

  /// The paths outlive the object.
  explicit item_fields(const field_paths& paths);
  ~item_fields();

  std::optional<rejection> read(std::string_view json);
  const field& at(unsigned number) const { return found_[number]; }

 private:
  struct reader;
  const field_paths& paths_;
  std::vector<field> found_;
  std::unique_ptr<reader> reader_;
};

}  // namespace twinlane::ingest
