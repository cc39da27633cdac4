import { type HostCheck, HostCheckStatus } from '#proto/banger/v1/info.ts';
import { servicesOf } from '../commands/daemon/status.ts';
import type { Context } from '../context.ts';

export type Check = HostCheck & { service: string };

/** What every service says of this host. */
export async function gatherChecks(context: Context): Promise<Check[]> {
  const { clients, signal } = context;
  const answers = await Promise.all(
    servicesOf(context).map(async (service) => {
      const { checks } = await clients.info(service).checkHost({}, { signal });
      return checks.map((check) => ({ service, ...check }));
    }),
  );
  return withoutRepeats(answers.flat());
}

/** netd passes on what rootd found, and root hears it from rootd as well. */
function withoutRepeats(checks: readonly Check[]): Check[] {
  const isSame = (a: Check, b: Check) => a.name === b.name && a.detail === b.detail;
  return checks.filter((check, at) => checks.findIndex((other) => isSame(other, check)) === at);
}

/** The Debian packages that would mend what is not as it should be. */
export function missingPackages(checks: readonly Check[]): string[] {
  const lacking = checks.filter(({ status }) => status !== HostCheckStatus.PASS);
  return [...new Set(lacking.flatMap(({ packages }) => packages))].sort();
}
