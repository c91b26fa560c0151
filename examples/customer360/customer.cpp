#include "customer.hpp"

#include <algorithm>

#include <boost/describe/enum_to_string.hpp>

namespace customer360 {

customer::customer(twinlane::construction c) : agent(std::move(c)) {}
customer::~customer() = default;

void customer::consent_changed(const customer_details& now, const customer_details*) {
  if (!now.marketing_opt_in) entered_store.clear();
}

// Positions pass by unstored; a visit to a store stays, of those who agreed.
void customer::located(const location_event& now, const location_event*) {
  if (now.event_type == "entered_store" && profile && profile->marketing_opt_in) entered_store.put(now.id, now);
}

void customer::wish_added(const number& id, const wish& now, const wish* before) {
  if (before && before->product_id != now.product_id) wish_dropped(id, *before);
  const auto product = "/product/" + std::to_string(now.product_id);
  wished.join(now.product_id, product, "details");
  price_drops.join(now.product_id, product, "last_drop");
}

// A product is followed as long as any wish names it.
void customer::wish_dropped(const number&, const wish& before) {
  const auto same = [&](const auto& w) { return w.value.product_id == before.product_id; };
  if (std::any_of(wishlist.begin(), wishlist.end(), same)) return;
  wished.leave(before.product_id);
  price_drops.leave(before.product_id);
}

customer::reply customer::issue(const voucher& asked) {
  if (!(asked.amount > 0 && asked.amount <= 10'000)) return reply::refuse("a voucher is worth 0.01 to 10,000 dollars");
  const number id = vouchers.empty() ? 1 : std::prev(vouchers.end())->key + 1;
  vouchers.put(id, {id, asked.amount, asked.reason, present()});
  return reply::with(*vouchers.find(id));
}

customer::reply customer::change_tier(const tier_change& asked) {
  loyalty.update([&](loyalty_stats& l) {
    if (!loyalty) l.customer_id = std::atoll(param("id").c_str());
    l.tier = boost::describe::enum_to_string(asked.tier, "");
    l.date_added = present();
  });
  return {};
}

customer::reply customer::write_down(const note& written) {
  if (written.text.empty() || written.text.size() > 4'000) return reply::refuse("a note has 1 to 4,000 bytes");
  notes.append({written.text, present()});
  return {};
}

}  // namespace customer360
