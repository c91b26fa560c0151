#pragma once

#include <twinlane/agents/agent.hpp>

#include "records.hpp"
#include "rules.hpp"

namespace customer360 {

/// One product of the range. Customers follow both lanes for what they wish for.
class product final : public twinlane::agent {
 public:
  using agent::agent;

  value_lane<product_details> details{*this, "details", twinlane::did_update<&product::priced>};
  value_lane<price_drop> last_drop{*this, "last_drop"};

 private:
  // Every price counts, also those that pass within one turn: so this is no rule.
  void priced(const product_details& now, const product_details* before) {
    const double was = before ? price_of(*before) : 0, is = price_of(now);
    if (is < was) last_drop.set({was, is});
    if (is > was) last_drop.clear();
  }
};

}  // namespace customer360
