/** One row of `banger doctor`: something a service needs or can use, and how this host stands to it. */
export type HostCheck = {
  name: string;
  /** warn: works without, something is lost; fail: the main path cannot work. */
  status: 'pass' | 'warn' | 'fail';
  detail: string;
  /** The exact command that mends it; empty when there is nothing to mend or no command can. */
  remedy: string;
  /** Debian packages whose installation mends it. */
  packages: string[];
};

export function pass(name: string, detail: string): HostCheck {
  return { name, status: 'pass', detail, remedy: '', packages: [] };
}
