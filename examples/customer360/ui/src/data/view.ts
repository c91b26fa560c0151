import { isObject, member, type EntityState, type Json, type JsonObject } from '@twinlane/client';
import { number, text } from '@twinlane/ui/format';

/** What the pages show of a customer, read from its lanes; anything may be missing. */
export interface CustomerView {
  name: string | undefined;
  email: string | undefined;
  tier: string | undefined;
  points: number | undefined;
  segment: string | undefined;
  sentiment: { score: number; trend: 'up' | 'down' | 'flat' } | undefined;
  risk: { score: number; reasons: string[] } | undefined;
  offer: Offer | undefined;
  status: Status | undefined;
}

export interface Offer {
  title: string;
  reason: string | undefined;
  discount: string | undefined;
  productId: string | undefined;
}

export interface Status {
  state: string | undefined;
  spend30d: number | undefined;
  orders: number | undefined;
  droppedCalls: number | undefined;
  meanRating: number | undefined;
}

export function viewOf(state: EntityState | undefined): CustomerView {
  const lanes = state?.lanes ?? {};
  const profile = lanes['profile'];
  return {
    name: text(member(profile, 'name')),
    email: text(member(profile, 'email')),
    tier: text(member(lanes['loyalty'], 'tier')),
    points: number(member(lanes['loyalty'], 'points')),
    segment: text(member(lanes['segment'], 'name')) ?? text(lanes['segment']),
    sentiment: sentimentOf(lanes['sentiment']),
    risk: riskOf(lanes['churn_risk']),
    offer: offerOf(lanes['next_best_offer']),
    status: statusOf(lanes['status']),
  };
}

export function sentimentOf(lane: Json | undefined): CustomerView['sentiment'] {
  const score = number(member(lane, 'score')) ?? number(lane);
  if (score === undefined) return undefined;
  const trend = member(lane, 'trend');
  return { score: clamp(score, 0, 100), trend: trend === 'up' || trend === 'down' ? trend : 'flat' };
}

export function riskOf(lane: Json | undefined): CustomerView['risk'] {
  const score = number(member(lane, 'score')) ?? number(lane);
  if (score === undefined) return undefined;
  return { score: clamp(score, 0, 1), reasons: texts(member(lane, 'reasons')) };
}

export function offerOf(lane: Json | undefined): Offer | undefined {
  const title = text(member(lane, 'offer'));
  if (title === undefined) return undefined;
  return {
    title,
    reason: text(member(lane, 'reason')),
    discount: discountText(member(lane, 'discount')),
    productId: text(member(lane, 'product_id') || undefined), // 0: the offer is for no one product
  };
}

/** A discount as a share (0.15), as percent (15), or as text. */
export function discountText(value: Json | undefined): string | undefined {
  const n = number(value);
  if (n === undefined) return text(value);
  if (n <= 0) return undefined;
  return `${Math.round(n <= 1 ? n * 100 : n)}% off`;
}

function statusOf(lane: Json | undefined): Status | undefined {
  if (!isObject(lane)) return undefined;
  return {
    state: text(lane['state']),
    spend30d: number(lane['spend_30d']),
    orders: number(lane['orders']),
    droppedCalls: number(lane['dropped_calls']),
    meanRating: number(lane['mean_rating']),
  };
}

function texts(value: Json | undefined): string[] {
  return Array.isArray(value) ? value.map(text).filter((t): t is string => t !== undefined) : [];
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}

/** How bad a churn risk is, in three steps. */
export function riskLevel(score: number): 'low' | 'medium' | 'high' {
  return score >= 0.6 ? 'high' : score >= 0.35 ? 'medium' : 'low';
}

/** How good a mood is, in three steps. */
export function moodLevel(score: number): 'bad' | 'mixed' | 'good' {
  return score < 40 ? 'bad' : score < 60 ? 'mixed' : 'good';
}

/** Entries of a map or log lane. */
export function entriesOf(lane: Json | undefined): [key: string, value: Json][] {
  return isObject(lane) ? Object.entries(lane as JsonObject) : [];
}
