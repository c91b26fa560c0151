export { Client, CommandError } from './client';
export type { ClientOptions, CommandAnswer, Diff, Observer, Socket, Status, SubscribeOptions } from './client';
export type { EntityState } from './entity';
export { isObject, member } from './json';
export type { Json, JsonObject } from './json';
export { applyMergePatch, leafChanges } from './merge_patch';
export type { LeafChange } from './merge_patch';
export { wireBytes } from './messages';
