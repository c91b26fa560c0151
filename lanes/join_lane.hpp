#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>

#include <twinlane/lanes/detail/keyed_state.hpp>
#include <twinlane/lanes/detail/row_text.hpp>
#include <twinlane/lanes/lane.hpp>

namespace twinlane {

namespace detail {

/// One followed lane: whom, and what it last said (nothing while the followed agent or lane is absent) and where it
/// was then.
template <class V>
struct joined {
  std::string uri, lane;
  std::optional<V> value;
  agent_place at;
};

template <class V>
bool equal_joined(const joined<V>& a, const joined<V>& b) noexcept {
  return a.uri == b.uri && a.lane == b.lane && a.at == b.at && a.value.has_value() == b.value.has_value() &&
         (!a.value || equal(*a.value, *b.value));
}

/// What join_value_lane and join_map_lane share: the table of who is followed, with undo.
template <class K, class V>
class join_lane : public lane_base {
  using entry = keyed_entry<K, joined<V>>;

 public:
  class log_type final : public lane_log {
   public:
    struct item {
      K key;
      std::optional<entry> before;
    };
    std::vector<item> items;
    void clear() noexcept override { items.clear(); }
  };

  /// Starts to follow `lane` of the agent `uri` (canonical) under this key; takes the place of what the key followed.
  void join(const K& key, std::string uri, std::string_view lane) {
    const auto* old = table_.find(key);
    if (old && old->value.uri == uri && old->value.lane == lane) return;
    if (old) leave(key);
    std::string text;
    key_codec<K>::append(text, key);
    keep_before(key, nullptr, false);
    table_.put({key, {uri, std::string(lane), std::nullopt, {}}});
    running_turn().joins.push_back({index(), std::move(text), std::move(uri), std::string(lane), false});
  }
  /// Stops following; the key's value goes.
  bool leave(const K& key) {
    auto* old = table_.find(key);
    if (!old) return false;
    std::string text;
    key_codec<K>::append(text, key);
    keep_before(key, old, old->value.value.has_value());
    running_turn().joins.push_back({index(), std::move(text), old->value.uri, old->value.lane, true});
    table_.erase(key);
    return true;
  }
  bool is_joined(const K& key) const { return table_.find(key) != nullptr; }
  std::size_t joined_count() const { return table_.size(); }

  /// The followed lane's value, or null while there is none.
  const V* find(const K& key) const {
    const auto* e = table_.find(key);
    return e && e->value.value ? &*e->value.value : nullptr;
  }
  /// Calls f(key, value) for each key whose followed lane has a value.
  template <class F>
  void for_each(F&& f) const {
    for (const auto& e : table_)
      if (e.value.value) f(e.key, *e.value.value);
  }
  /// Calls f(key, now, before) for each net change of this turn, pointers null where absent; for rules.
  template <class F>
  void for_each_change(F&& f) const {
    if (!(running_turn().touched & bit())) return;
    for (const auto& i : this->template log<log_type>().items) {
      const V *now = find(i.key), *before = before_of(i);
      if (differ(now, before)) f(i.key, now, before);
    }
  }

  void collect_joins(std::vector<join_effect>& out) const override {
    for (const auto& e : table_) {
      std::string text;
      key_codec<K>::append(text, e.key);
      out.push_back({index(), std::move(text), e.value.uri, e.value.lane, false, e.value.at});
    }
  }

  decode_status apply(decoder& d, const lane_input& in) override {
    if (in.op != lane_input::kind::join && in.op != lane_input::kind::remove)
      return {lane_errc::bad_value, "join lane '" + name() + "' is written by the lane that it follows alone"};
    K key{};
    if (!key_codec<K>::parse(in.key, key)) return {lane_errc::bad_value, "join key does not parse"};
    auto* e = table_.find(key);
    if (!e || e->value.uri != in.from) return {};  // left, or joined to another since the update was sent
    if (in.op == lane_input::kind::remove) {
      hear(*e, nullptr, in.at);
      return {};
    }
    V now{};
    auto status = d.decode(in.value, now);
    if (status) hear(*e, &now, in.at);
    return status;
  }
  void encode_value(std::string& out) const override {
    out += '{';
    for_each([&](const K& key, const V& v) {
      append_member_name(out, key);
      encode(out, v);
      out += ',';
    });
    close(out, '{', '}');
  }
  bool encode_entry(std::string_view text, std::string& out) const override {
    K key{};
    const V* v = key_codec<K>::parse(text, key) ? find(key) : nullptr;
    if (v) encode(out, *v);
    return v != nullptr;
  }
  bool settle() override {
    auto& l = this->template log<log_type>();
    std::erase_if(l.items, [&](const auto& i) {
      const auto* now = table_.find(i.key);
      return now ? i.before && equal_joined(i.before->value, now->value) : !i.before;
    });
    // Who is followed is not shown, so a join that waits for its first value is no change of the document.
    bool shown = false;
    for (const auto& i : l.items) shown = shown || differ(find(i.key), before_of(i));
    return shown;
  }
  void encode_change(std::string& out) const override {
    out += '{';
    for (const auto& i : this->template log<log_type>().items) {
      const V *now = find(i.key), *before = before_of(i);
      if (!differ(now, before)) continue;
      append_member_name(out, i.key);
      if (!now)
        out += "null";
      else if (!before)
        encode(out, *now);
      else
        encode_diff(out, *before, *now);
      out += ',';
    }
    close(out, '{', '}');
  }
  void mark_change(dirty_paths::node& paths) const override {
    std::string text;
    for (const auto& i : this->template log<log_type>().items) {
      const V *now = find(i.key), *before = before_of(i);
      if (!differ(now, before)) continue;
      text.clear();
      key_codec<K>::append(text, i.key);
      mark_changes(paths.child(text), before, now);
    }
  }
  void encode_marked(std::string& out, const dirty_paths::node& paths) const override {
    out += '{';
    for (const auto& [text, below] : paths.children()) {
      append_json_string(out, text);
      out += ':';
      K key{};
      encode_dirty(out, below, key_codec<K>::parse(text, key) ? find(key) : nullptr);
      out += ',';
    }
    close(out, '{', '}');
  }
  void save_rows(row_sink& to) const override {
    auto& text = running_turn().row;
    for (const auto& i : this->template log<log_type>().items) {
      const auto* now = table_.find(i.key);
      if (!now && !i.before) continue;
      set_row_key(text.key, i.key);
      if (!now) {
        to.remove(name(), text.key);
        continue;
      }
      const auto& j = now->value;
      text.value.clear();
      append_joined(text.value, {j.at.rev, j.at.lineage, j.uri, j.lane, {}});
      if (j.value) encode(text.value, *j.value);
      to.put(name(), text.key, text.value);
    }
  }
  decode_status load_row(decoder& d, std::string_view text, std::string_view row) override {
    K key{};
    if (!key_codec<K>::parse(text, key)) return bad_row_key();
    joined_row r;
    if (!parse_joined(row, r)) return bad_row("the row does not begin with whom the join follows");
    if (table_.find(key)) return bad_row("the lane has the key already");
    joined<V> j{std::string(r.uri), std::string(r.lane), std::nullopt, {std::string(r.lineage), r.rev}};
    if (!r.json.empty()) {
      if (auto status = d.decode(r.json, j.value.emplace()); !status) return status;
    }
    table_.put({std::move(key), std::move(j)});
    return {};
  }
  void undo() noexcept override {
    for (auto& i : this->template log<log_type>().items) {
      if (i.before)
        table_.put(std::move(*i.before));
      else
        table_.erase(i.key);
    }
  }
  std::unique_ptr<lane_log> make_log() const override { return std::make_unique<log_type>(); }
  void describe_record(nlohmann::json& out) const override { describe<V>(out); }

 protected:
  template <class... Options>
  join_lane(lane_owner& o, std::string_view name, lane_kind kind, const Options&... options)
      : lane_base(o, name, kind) {
    if (auto* info = registering()) (apply_option(*info, options), ...);
  }

 private:
  // What the followed lane said, null when it is absent; taken from. That the followed agent went on is not shown.
  void hear(entry& e, V* now, const agent_place* at) {
    auto& j = e.value;
    const bool differs = differ(now, j.value ? &*j.value : nullptr);
    if (!differs && (!at || *at == j.at)) return;
    keep_before(e.key, &e, differs);
    if (differs && now)
      j.value = std::move(*now);
    else if (differs)
      j.value.reset();
    if (at)
      j.at = *at;
    else
      j.at.rev = 0, j.at.lineage.clear();
  }
  static bool differ(const V* a, const V* b) { return a && b ? !equal(*a, *b) : a != b; }
  static const V* before_of(const typename log_type::item& i) {
    return i.before && i.before->value.value ? &*i.before->value.value : nullptr;
  }
  // Who is followed is not shown: only with a value is it a change of the document.
  void keep_before(const K& key, const entry* old, bool shown) {
    auto& items = (shown ? this->template touch<log_type>() : this->template note<log_type>()).items;
    auto it = std::lower_bound(items.begin(), items.end(), key, [](const auto& i, const K& k) { return i.key < k; });
    if (it != items.end() && !(key < it->key)) return;
    items.insert(it, {key, old ? std::optional<entry>(*old) : std::nullopt});
  }

  sorted_table<entry> table_;
};

}  // namespace detail

/// Follows one value lane of each of several other agents, under keys of one's own.
///
/// Shape    K → V (the followed value), shown as a JSON object; keys without a value are not shown
/// Cost     each change of a followed lane is one message and one turn of this agent
/// Threads  inside its agent's turn only
/// Errors   a followed value that does not decode as V leaves the entry as it was
template <class K, class V>
class join_value_lane final : public detail::join_lane<K, V> {
 public:
  template <class... Options>
  join_value_lane(lane_owner& o, std::string_view name, const Options&... options)
      : detail::join_lane<K, V>(o, name, lane_kind::join_value, options...) {}
};

/// Follows one map lane of each of several other agents: L → (key → V).
///
/// Shape    a JSON object of JSON objects
template <class L, class V>
class join_map_lane final : public detail::join_lane<L, std::map<std::string, V>> {
 public:
  template <class... Options>
  join_map_lane(lane_owner& o, std::string_view name, const Options&... options)
      : detail::join_lane<L, std::map<std::string, V>>(o, name, lane_kind::join_map, options...) {}
};

}  // namespace twinlane
