import type { Call } from '#kit/call.ts';
import { parseInteger } from '../host/fields.ts';
import { runTool } from '../host/tools.ts';
import { getBridge, readLinks } from '../network/links.ts';
import { type BridgeName, parseBridgeName } from '../network/names.ts';
import { isResolverRunning } from '../network/resolver.ts';

export type SetResolver = { readonly bridge: BridgeName; readonly dnsPort: number };

export function parse(request: { bridge: string; dnsPort: number }): SetResolver {
  return {
    bridge: parseBridgeName(request.bridge),
    dnsPort: parseInteger('dns_port', request.dnsPort, { min: 1, max: 65_535 }),
  };
}

/**
 * Root because: systemd-resolved takes a link's settings from root only.
 * Touches: the resolver's settings of the bridge. Names of other zones are asked as before.
 * Order matters: the server comes last, so that a failure half way leaves a link that nothing is asked of.
 */
export async function run(
  { call }: { call: Call },
  { bridge, dnsPort }: SetResolver,
): Promise<boolean> {
  getBridge(await readLinks(call), bridge);
  if (!isResolverRunning()) return false;
  await runTool(call, 'resolvectl', ['default-route', bridge, 'false']);
  // "~" makes it a zone to route and not a suffix to search.
  await runTool(call, 'resolvectl', ['domain', bridge, '~vm']);
  await runTool(call, 'resolvectl', ['dns', bridge, `127.0.0.1:${dnsPort}`]);
  call.log.info('resolver set', { bridge, dnsPort });
  return true;
}
