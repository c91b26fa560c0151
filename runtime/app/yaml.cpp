#include <twinlane/runtime/app/yaml.hpp>

#include <algorithm>
#include <map>
#include <optional>
#include <sstream>

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <simdjson.h>

namespace twinlane::app {

namespace {

using YAML::anchor_t;
using YAML::Mark;

/// Builds the tree from the parser's events, so that every bound holds before memory is spent.
class builder final : public YAML::EventHandler {
 public:
  builder(std::shared_ptr<const std::string> file, const yaml_limits& limits)
      : file_(std::move(file)), limits_(limits) {}

  yaml_node take() { return std::move(root_); }

  void OnDocumentStart(const Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const Mark& mark, anchor_t anchor) override { add(node(yaml_node::kind::null, mark), mark, anchor); }

  void OnScalar(const Mark& mark, const std::string& tag, anchor_t anchor, const std::string& value) override {
    if (tag != "?" && tag != "!") fail(mark, "tags such as " + tag + " are not taken here. Write the plain value.");
    auto n = node(yaml_node::kind::scalar, mark);
    count(mark, 0, value.size());
    n.text = value;
    n.offset = static_cast<std::size_t>(mark.pos);
    n.quoted = tag == "!";
    add(std::move(n), mark, anchor);
  }

  void OnAlias(const Mark& mark, anchor_t anchor) override {
    const auto known = anchors_.find(anchor);
    if (known == anchors_.end()) fail(mark, "an alias within its own value. Write the value out.");
    count(mark, known->second.nodes, known->second.bytes);
    if (static_cast<int>(open_.size()) + known->second.depth > limits_.depth_max) too_deep(mark);
    grow_depth(known->second.depth);
    place_value(yaml_node(known->second.value), mark);
  }

  void OnSequenceStart(const Mark& mark, const std::string&, anchor_t anchor, YAML::EmitterStyle::value) override {
    open(yaml_node::kind::sequence, mark, anchor);
  }
  void OnMapStart(const Mark& mark, const std::string&, anchor_t anchor, YAML::EmitterStyle::value) override {
    open(yaml_node::kind::map, mark, anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapEnd() override { close(); }

 private:
  struct anchored {
    yaml_node value;
    std::size_t nodes, bytes;
    int depth;
  };
  struct level {
    yaml_node value;
    Mark mark;
    anchor_t anchor;
    std::size_t nodes_before, bytes_before;
    int depth_below = 0;
    std::optional<std::pair<std::string, place>> key;
  };

  place at(const Mark& mark) const { return {file_, mark.line + 1}; }
  [[noreturn]] void fail(const Mark& mark, const std::string& what) const { throw yaml_error(at(mark), what); }
  [[noreturn]] void too_deep(const Mark& mark) const {
    fail(mark, "nested more than " + std::to_string(limits_.depth_max) + " levels deep. Write it flatter.");
  }

  void count(const Mark& mark, std::size_t nodes, std::size_t bytes) {
    nodes_ += nodes;
    bytes_ += bytes;
    if (nodes_ > limits_.nodes_max)
      fail(mark, "more than " + std::to_string(limits_.nodes_max) + " values, aliases included. Make it smaller.");
    if (bytes_ > 4 * limits_.bytes_max) fail(mark, "aliases repeat too much text. Make it smaller.");
  }

  void keep(const Mark& mark, anchor_t anchor, anchored a) {
    count(mark, a.nodes, a.bytes);
    anchors_.insert_or_assign(anchor, std::move(a));
  }

  yaml_node node(yaml_node::kind what, const Mark& mark) {
    count(mark, 1, 0);
    yaml_node n;
    n.what = what;
    n.at = at(mark);
    return n;
  }

  void open(yaml_node::kind what, const Mark& mark, anchor_t anchor) {
    if (static_cast<int>(open_.size()) >= limits_.depth_max) too_deep(mark);
    const auto nodes = nodes_, bytes = bytes_;
    open_.push_back({node(what, mark), mark, anchor, nodes, bytes, 0, std::nullopt});
  }

  void grow_depth(int below) {
    if (!open_.empty()) open_.back().depth_below = std::max(open_.back().depth_below, below);
  }

  void close() {
    level done = std::move(open_.back());
    open_.pop_back();
    const int depth = done.depth_below + 1;
    if (done.anchor)
      keep(done.mark, done.anchor, {done.value, nodes_ - done.nodes_before, bytes_ - done.bytes_before, depth});
    grow_depth(depth);
    place_value(std::move(done.value), done.mark);
  }

  void add(yaml_node n, const Mark& mark, anchor_t anchor) {
    if (anchor) keep(mark, anchor, {n, 1, n.text.size(), 0});
    place_value(std::move(n), mark);
  }

  void place_value(yaml_node n, const Mark& mark) {
    if (open_.empty()) {
      root_ = std::move(n);
      return;
    }
    auto& parent = open_.back();
    if (parent.value.what == yaml_node::kind::sequence) {
      parent.value.items.push_back(std::move(n));
    } else if (!parent.key) {
      if (n.what != yaml_node::kind::scalar) fail(mark, "a key must be plain text. Quote it.");
      if (const auto* twice = find_member(parent.value, n.text))
        fail(mark, "'" + n.text + "' is there twice, first in line " + std::to_string(twice->at.line) +
                       ". Keep one of them.");
      parent.key.emplace(n.text, at(mark));
    } else {
      parent.value.members.push_back({std::move(parent.key->first), parent.key->second, std::move(n)});
      parent.key.reset();
    }
  }

  static const yaml_node::member* find_member(const yaml_node& map, std::string_view key) {
    for (const auto& m : map.members)
      if (m.key == key) return &m;
    return nullptr;
  }

  std::shared_ptr<const std::string> file_;
  yaml_limits limits_;
  std::vector<level> open_;
  std::map<anchor_t, anchored> anchors_;
  std::size_t nodes_ = 0, bytes_ = 0;
  yaml_node root_;
};

void check_text(std::string_view text, const std::shared_ptr<const std::string>& file, const yaml_limits& limits) {
  if (text.size() > limits.bytes_max)
    throw yaml_error({file, 1}, "the file is larger than " + std::to_string(limits.bytes_max) +
                                    " bytes. Split the work over several servers.");
  if (!simdjson::validate_utf8(text.data(), text.size()))
    throw yaml_error({file, 1}, "the file is not UTF-8 text. Save it as UTF-8.");
  if (const auto nul = text.find('\0'); nul != std::string_view::npos)
    throw yaml_error(
        {file, 1 + static_cast<int>(std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(nul), '\n'))},
        "a NUL character. Is this a text file?");
}

}  // namespace

std::string place::text() const {
  if (!file) return {};
  if (line == 0) return *file;
  return *file + ":" + std::to_string(line) + (column > 0 ? ":" + std::to_string(column) : "");
}

const yaml_node* yaml_node::find(std::string_view key) const {
  for (const auto& m : members)
    if (m.key == key) return &m.value;
  return nullptr;
}

yaml_node* yaml_node::find(std::string_view key) {
  return const_cast<yaml_node*>(static_cast<const yaml_node*>(this)->find(key));
}

yaml_node parse_yaml(std::string_view text, const std::string& file, const yaml_limits& limits) {
  const auto name = std::make_shared<const std::string>(file);
  check_text(text, name, limits);
  std::istringstream in{std::string(text)};
  builder build(name, limits);
  builder rest(name, limits);
  try {
    YAML::Parser parser(in);
    if (!parser.HandleNextDocument(build)) {
      yaml_node none;
      none.at = {name, 1};
      return none;
    }
    if (parser.HandleNextDocument(rest))
      throw yaml_error(rest.take().at, "a second YAML document. Keep one document a file.");
  } catch (const YAML::Exception& e) {
    const int line = e.mark.line >= 0 ? e.mark.line + 1 : 1;
    throw yaml_error({name, line}, "not YAML: " + e.msg + ". Look at indentation, quotes and brackets here and above.");
  }
  auto root = build.take();
  if (!root.at.file) root.at = {name, 1};
  return root;
}

}  // namespace twinlane::app
