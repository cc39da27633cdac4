import { existsSync } from 'node:fs';

/** systemd-resolved is the one resolver that can be told where to ask about one zone only. */
export function isResolverRunning(): boolean {
  return existsSync('/run/systemd/resolve/io.systemd.Resolve');
}
