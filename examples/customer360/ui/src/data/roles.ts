import { batch, effect, signal } from '@preact/signals';
import { client, connection, signIn } from '@twinlane/ui/connection';
import demoRoles from './demo_roles.json';
import { rightsOf } from './rights';

/** A role of the demonstration: what ../../../roles.yaml lets it do, and the token of ../../../tokens.yaml. */
export interface Role {
  name: string;
  label: string;
  token: string;
  read: string[];
  command: string[];
  metrics: boolean;
}

/**
 * asking  the server has not said yet whether it wants to know who we are
 * open    it does not: everybody may do everything
 * roles   it does; `role` is who we are
 */
export type Access = 'asking' | 'open' | 'roles';

export const roles: readonly Role[] = demoRoles;
export const access = signal<Access>('asking');
export const role = signal<Role | undefined>(undefined);

const storageKey = 'twinlane.customer360.role';

/** Is the lane, or one of its fields, there for the present role? The server decides; this says why something is absent. */
export function maySee(lane: string, field?: string): boolean {
  return !role.value || rightsOf(role.value).maySee(lane, field);
}

export function mayCommand(lane: string): boolean {
  return !role.value || rightsOf(role.value).mayCommand(lane);
}

/** Server figures are for those who may read metrics. */
export function mayReadMetrics(): boolean {
  return access.peek() === 'open' || role.peek()?.metrics === true;
}

export function become(next: Role): void {
  batch(() => {
    access.value = 'roles';
    role.value = next;
    signIn(next.token);
  });
  try {
    sessionStorage.setItem(storageKey, next.name);
  } catch {
    // the choice then lasts as long as the page
  }
}

/** Goes on as the role chosen before, or finds out whether the server asks for one. */
export function startRoles(): void {
  const chosen = roles.find(({ name }) => name === stored());
  if (chosen) return become(chosen);
  const decide = (isOpen: boolean) => {
    probe.close();
    stop();
    if (isOpen) access.value = 'open';
    else become(roles[0] as Role);
  };
  // Life alone brings nobody into memory.
  const probe = client.follow('/customer/0', {
    lanes: [],
    life: true,
    onSnapshot: () => decide(true),
    onError: () => decide(false),
  });
  const stop = effect(() => {
    if (connection.value.state === 'closed') queueMicrotask(() => decide(false));
  });
}

function stored(): string | null {
  try {
    return sessionStorage.getItem(storageKey);
  } catch {
    return null;
  }
}
