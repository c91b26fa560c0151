/** What a role may do with a customer. */
export interface Rights {
  maySee(lane: string, field?: string): boolean;
  mayCommand(lane: string): boolean;
}

/** Reads a line of `policies:`. A lane of which some field may be seen may be seen; `*` is everything. */
export function rightsOf({ read, command }: { read: readonly string[]; command: readonly string[] }): Rights {
  return {
    maySee(lane, field) {
      return read.some((path) => {
        if (path === '*' || path === lane) return true;
        return field === undefined ? path.startsWith(`${lane}.`) : path === `${lane}.${field}`;
      });
    },
    mayCommand: (lane) => command.includes('*') || command.includes(lane),
  };
}
