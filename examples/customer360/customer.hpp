#pragma once

#include <twinlane/agents/agent.hpp>

#include "records.hpp"
#include "rules.hpp"

namespace customer360 {

using twinlane::did_remove, twinlane::did_update, twinlane::keep_for, twinlane::keep_last;
using twinlane::on_change, twinlane::on_command, twinlane::transient;

/// Everything the retailer knows of one customer, and what follows from it.
class customer final : public twinlane::agent {
 public:
  // Defined in customer.cpp, so that all that the lanes are made of is compiled once.
  explicit customer(twinlane::construction c);
  ~customer() override;

  // What the streams say.
  value_lane<customer_details> profile{*this, "profile", did_update<&customer::consent_changed>};
  map_lane<number, order> orders{*this, "orders", keep_last(200)};
  map_lane<number, payment> payments{*this, "payments", keep_last(200)};
  map_lane<number, wish> wishlist{*this, "wishlist", keep_last(100), did_update<&customer::wish_added>,
                                  did_remove<&customer::wish_dropped>};
  value_lane<loyalty_stats> loyalty{*this, "loyalty"};
  map_lane<number, review> reviews{*this, "reviews", keep_last(50)};
  map_lane<number, returned> returns{*this, "returns", keep_last(50)};
  map_lane<number, call> calls{*this, "calls", keep_last(50)};
  log_lane<click> clicks{*this, "clicks", keep_last(100) & keep_for(std::chrono::minutes{30})};
  log_lane<social_event> social{*this, "social", keep_last(50)};
  value_lane<location_event> place{*this, "place", transient, did_update<&customer::located>};
  value_lane<weather_event> weather{*this, "weather"};
  map_lane<std::string, third_party_facts> third_party{*this, "third_party"};
  value_lane<spend_30d> analytics{*this, "analytics"};

  // What other agents say: the products wished for, by their ids.
  join_value_lane<number, product_details> wished{*this, "wished"};
  join_value_lane<number, price_drop> price_drops{*this, "price_drops"};

  // What follows from it.
  map_lane<number, event> entered_store{*this, "entered_store", keep_last(20)};
  value_lane<mood> sentiment{*this, "sentiment"};
  value_lane<market_segment> segment{*this, "segment"};
  value_lane<churn> churn_risk{*this, "churn_risk"};
  value_lane<best_offer> next_best_offer{*this, "next_best_offer"};
  value_lane<standing> status{*this, "status"};

  // What colleagues do.
  map_lane<number, voucher> vouchers{*this, "vouchers", keep_last(50)};
  log_lane<note> notes{*this, "notes", keep_last(100)};
  command_lane<voucher> issue_voucher{*this, "issue_voucher", on_command<&customer::issue>};
  command_lane<tier_change> set_tier{*this, "set_tier", on_command<&customer::change_tier>};
  command_lane<note> add_note{*this, "add_note", on_command<&customer::write_down>};

 private:
  // The rule, in customer_rules.cpp.
  rule mood_{*this, on_change(reviews, returns, calls, social), &customer::sense_mood};
  rule segment_{*this, on_change(orders, analytics), &customer::find_segment};
  rule risk_{*this, on_change(sentiment, calls, returns, analytics), &customer::assess_risk};
  rule offer_{*this, on_change(profile, weather, wished, price_drops, analytics), &customer::choose_offer};
  rule status_{*this, on_change(churn_risk, orders, calls, reviews, analytics), &customer::sum_up};

  void did_start() override;
  void sense_mood();
  void find_segment();
  void assess_risk();
  void choose_offer();
  void sum_up();

  void consent_changed(const customer_details& now, const customer_details* before);
  void located(const location_event& now, const location_event* before);
  void wish_added(const number& id, const wish& now, const wish* before);
  void wish_dropped(const number& id, const wish& before);

  timestamp present() const { return timestamp(std::chrono::milliseconds(now_ms())); }
  reply issue(const voucher& asked);
  reply change_tier(const tier_change& asked);
  reply write_down(const note& written);
};

}  // namespace customer360
