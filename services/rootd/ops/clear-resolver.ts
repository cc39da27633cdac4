import type { Call } from '#kit/call.ts';
import { runTool } from '../host/tools.ts';
import { findBridge, readLinks } from '../network/links.ts';
import { type BridgeName, parseBridgeName } from '../network/names.ts';
import { isResolverRunning } from '../network/resolver.ts';

export type ClearResolver = { readonly bridge: BridgeName };

export function parse(request: { bridge: string }): ClearResolver {
  return { bridge: parseBridgeName(request.bridge) };
}

/**
 * Root because: systemd-resolved takes a link's settings from root only.
 * Touches: the resolver's settings of the bridge, which go with the bridge as well.
 */
export async function run({ call }: { call: Call }, { bridge }: ClearResolver): Promise<void> {
  const found = findBridge(await readLinks(call), bridge);
  if (found !== undefined && isResolverRunning()) {
    await runTool(call, 'resolvectl', ['revert', bridge]);
  }
}
