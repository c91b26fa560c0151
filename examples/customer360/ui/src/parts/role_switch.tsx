import type { JSX } from 'preact';
import { access, become, role, roles } from '../data/roles';

/** Who looks at these pages; there when the server wants to know. */
export function RoleSwitch(): JSX.Element | null {
  if (access.value !== 'roles') return null;
  return (
    <label class="role-switch">
      <span>Role</span>
      <select
        data-testid="role"
        value={role.value?.name}
        onChange={(e) => {
          const next = roles.find(({ name }) => name === e.currentTarget.value);
          if (next) become(next);
        }}
      >
        {roles.map(({ name, label }) => (
          <option key={name} value={name}>
            {label}
          </option>
        ))}
      </select>
    </label>
  );
}
