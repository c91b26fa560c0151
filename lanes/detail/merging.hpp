#pragma once

#include <twinlane/lanes/record.hpp>

namespace twinlane::detail {

template <class A>
concept merges = requires(A& to, const A& from) {
  to.merge(from);
};

/// Adds to an accumulator what another has: by its `merge()`, else member by member.
template <class A>
void merge_into(A& to, const A& from) {
  if constexpr (merges<A>) {
    to.merge(from);
  } else {
    static_assert(record<A>,
                  "an accumulator is a reducer (lanes/reduce.hpp), a described struct of them, or has merge()");
    for_each_member<A>([&](auto d) { detail::merge_into(to.*d.pointer, from.*d.pointer); });
  }
}

}  // namespace twinlane::detail
