#include <twinlane/lanes/dynamic_reducer.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <stdexcept>
#include <tuple>

#include <boost/mp11.hpp>

namespace twinlane::reduce {
namespace {

using boost::mp11::mp_for_each, boost::mp11::mp_iota_c, boost::mp11::mp_with_index;
using nlohmann::json;

constexpr std::array<std::string_view, 8> kinds{"count", "sum", "min", "max", "mean", "median", "collect", "distinct"};

// In the order of `kind`.
constexpr std::tuple kept_members{&kept_part::count_of, &kept_part::sum_of,   &kept_part::min_of,
                                  &kept_part::max_of,   &kept_part::mean_of,  &kept_part::median_of,
                                  &kept_part::list,     &kept_part::different};

/// Adds a value to a reducer of any kind.
struct adding {
  const std::string& name;
  const json& value;

  void operator()(count& r) const { r.add(); }
  void operator()(json_sum& r) const { r.add(number(kind::sum)); }
  void operator()(extreme<json, json_before>& r) const { r.add(ordered(kind::min)); }
  void operator()(extreme<json, json_behind>& r) const { r.add(ordered(kind::max)); }
  void operator()(mean& r) const { r.add(number(kind::mean).get<double>()); }
  void operator()(median& r) const { r.add(number(kind::median).get<double>()); }
  void operator()(collect<json>& r) const { r.add(value); }
  void operator()(distinct<std::string>& r) const {
    std::string text;
    encode(text, value);
    r.add(std::move(text));
  }

 private:
  const json& number(kind k) const { return value.is_number() ? value : refuse(k, "numbers"); }
  const json& ordered(kind k) const {
    return value.is_number() || value.is_string() ? value : refuse(k, "numbers and texts");
  }
  [[noreturn]] const json& refuse(kind k, const std::string& what) const {
    throw lane_error(lane_errc::bad_value, "'" + name + "' (" + std::string(name_of(k)) + ") takes " + what +
                                               ", and was given a value of type " + value.type_name());
  }
};

}  // namespace

std::string_view name_of(kind k) noexcept { return kinds[static_cast<std::size_t>(k)]; }

std::optional<kind> kind_of(std::string_view name) noexcept {
  const auto it = std::find(kinds.begin(), kinds.end(), name);
  return it == kinds.end() ? std::nullopt : std::optional(static_cast<kind>(it - kinds.begin()));
}

// A 64-bit integer has more digits than a double: it is added in two halves.
void json_sum::add(const json& number) {
  constexpr double half = 4294967296.0;
  if (number.is_number_float()) {
    whole_ = false;
    sum_.add(number.get<double>());
  } else if (number.is_number_unsigned()) {
    const auto v = number.get<std::uint64_t>();
    sum_.add(static_cast<double>(v >> 32) * half);
    sum_.add(static_cast<double>(v & 0xffffffff));
  } else {
    const auto v = number.get<std::int64_t>();
    sum_.add(static_cast<double>(v >> 32) * half);
    sum_.add(static_cast<double>(v & 0xffffffff));
  }
}

void json_sum::merge(const json_sum& other) {
  sum_.merge(other.sum_);
  whole_ = whole_ && other.whole_;
}

json json_sum::shown() const {
  constexpr double exact_max = 9007199254740992.0;
  const double v = sum_.value();
  if (whole_ && std::abs(v) <= exact_max) return static_cast<std::int64_t>(v);
  return v;
}

bool json_sum::restore(const parts& k) {
  sum_.restore(k.sum);
  whole_ = k.whole;
  return true;
}

bool json_before::less(const json& a, const json& b) { return a.is_number() == b.is_number() ? a < b : a.is_number(); }

dynamic::dynamic(const std::vector<part>& parts) {
  for (const auto& p : parts) {
    auto& reducer = parts_.emplace_back(named{p.name, {}}).reducer;
    mp_with_index<kinds.size()>(static_cast<std::size_t>(p.what), [&](auto i) { reducer.emplace<i>(); });
  }
}

void dynamic::add(std::span<const json> values) {
  if (values.size() != parts_.size())
    throw std::logic_error("a dynamic reducer of " + std::to_string(parts_.size()) + " parts was given " +
                           std::to_string(values.size()) + " values");
  for (std::size_t i = 0; i < values.size(); ++i)
    if (!values[i].is_null()) std::visit(adding{parts_[i].name, values[i]}, parts_[i].reducer);
}

void dynamic::merge(const dynamic& other) {
  const auto all = other.parts_;  // it may be this one
  for (const auto& from : all)
    for (auto& to : parts_)
      if (to.name == from.name && to.reducer.index() == from.reducer.index())
        std::visit(
            [&](auto& r) { detail::merge_into(r, std::get<std::remove_reference_t<decltype(r)>>(from.reducer)); },
            to.reducer);
}

std::map<std::string, json> dynamic::shown() const {
  std::map<std::string, json> all;
  for (const auto& [name, reducer] : parts_) {
    auto& to = all[name];
    std::visit(
        [&](const auto& r) {
          const auto& v = r.shown();
          if constexpr (detail::is_optional<std::remove_cvref_t<decltype(v)>>) {
            if (v) to = *v;
          } else {
            to = v;
          }
        },
        reducer);
  }
  return all;
}

dynamic::twinlane_kept dynamic::kept() const {
  twinlane_kept all;
  for (const auto& p : parts_) {
    auto& to = all[p.name];
    mp_with_index<kinds.size()>(p.reducer.index(),
                                [&](auto i) { to.*std::get<i>(kept_members) = std::get<i>(p.reducer); });
  }
  return all;
}

bool dynamic::restore(twinlane_kept parts) {
  parts_.clear();
  for (auto& [name, kept] : parts) {
    auto& reducer = parts_.emplace_back(named{name, {}}).reducer;
    mp_for_each<mp_iota_c<kinds.size()>>([&, &from = kept](auto i) {
      if (auto& member = from.*std::get<i>(kept_members)) reducer.emplace<i>(std::move(*member));
    });
  }
  return true;
}

}  // namespace twinlane::reduce
