// Who may do what, for the mock server: demo roles as a page has them, {name, token, read, command, metrics}.

const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);

/** The part of the lanes that dotted paths name; what lies on the way to a place is an object with only that. */
function selected(value, paths) {
  if (paths.some((path) => path.length === 0)) return value;
  if (!isObject(value)) return undefined;
  const shown = {};
  for (const key of new Set(paths.map(([first]) => first))) {
    if (!(key in value)) continue;
    const part = selected(
      value[key],
      paths.filter(([first]) => first === key).map(([, ...rest]) => rest),
    );
    if (part !== undefined) shown[key] = part;
  }
  return shown;
}

/** Those who may come in, by their tokens. Without roles everybody may do everything. */
export class MockAccess {
  #roles;

  constructor(roles) {
    this.#roles = roles;
  }

  get open() {
    return this.#roles === undefined;
  }

  /** The role of a token; undefined: nobody. */
  roleOf(token) {
    return this.open ? { read: ['*'], command: ['*'], metrics: true } : this.#roles.find((r) => r.token === token);
  }

  static lanes(role, uri, lanes) {
    if (!uri.startsWith('/customer/') || role.read.includes('*')) return lanes;
    return selected(
      lanes,
      role.read.map((path) => path.split('.')),
    );
  }

  static mayCommand(role, lane) {
    return role.command.includes('*') || role.command.includes(lane);
  }
}
