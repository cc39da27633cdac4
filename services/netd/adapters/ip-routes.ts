import type { Call } from '#kit/call.ts';
import { run } from '#kit/exec.ts';
import { isIpv4, parseSubnet } from '#kit/ipv4.ts';
import type { Route, Routes } from '../domain/ports.ts';

type RouteJson = {
  dst: string;
  dev?: string;
  gateway?: string;
  type?: string;
  table?: string;
  metric?: number;
  nexthops?: { dev?: string }[];
};

const TIMEOUT_MS = 5000;

/**
 * All tables, because the one that VPNs such as Tailscale and WireGuard route by is their own, which
 * /proc/net/route does not show.
 */
export function ipRoutes(): Routes {
  return {
    list: async (call) => parseRoutes(await runIp(call)).routes,
    findUplink: async (call) => parseRoutes(await runIp(call)).uplink,
  };
}

function runIp({ signal }: Call): Promise<string> {
  const args = ['-json', '-4', 'route', 'show', 'table', 'all'];
  return run('ip', args, { signal, timeoutMs: TIMEOUT_MS });
}

export function parseRoutes(text: string): { routes: Route[]; uplink: string | undefined } {
  // Without any route, some versions of ip print nothing at all.
  const found: RouteJson[] = text.trim() === '' ? [] : JSON.parse(text);
  const defaults = found.filter(({ dst, table }) => dst === 'default' && table === undefined);
  const best = defaults.toSorted((a, b) => (a.metric ?? 0) - (b.metric ?? 0)).at(0);
  return {
    routes: found.flatMap(toRoute),
    uplink: best === undefined ? undefined : deviceOf(best),
  };
}

/** A default route leads to no network that a pool could hide. */
function toRoute(route: RouteJson): Route[] {
  const [address = ''] = route.dst.split('/');
  if (!isIpv4(address)) return [];
  const device = deviceOf(route) ?? '';
  const words = [
    ...(route.type === undefined ? [] : [route.type]),
    route.dst,
    ...(route.gateway === undefined ? [] : ['via', route.gateway]),
    ...(device === '' ? [] : ['dev', device]),
    ...(route.table === undefined ? [] : ['table', route.table]),
  ];
  return [{ subnet: parseSubnet(route.dst), device, text: words.join(' ') }];
}

function deviceOf({ dev, nexthops = [] }: RouteJson): string | undefined {
  return dev ?? nexthops.find((hop) => hop.dev !== undefined)?.dev;
}
