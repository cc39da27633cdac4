import type { Call } from '#kit/call.ts';
import { BangerError } from '#kit/errors.ts';
import { type HostCheck, pass } from '#kit/host-check.ts';
import { formatSubnet } from '#kit/ipv4.ts';
import { formatGateway } from './address-pool.ts';
import type { Netd, Route } from './ports.ts';
import { findRouteClash, sayClash } from './route-clash.ts';

/** Rows for doctor. Without rootd nothing privileged is asked; with it, its own rows come along. */
export async function checkHost(netd: Netd, call: Call): Promise<HostCheck[]> {
  return [
    checkBridge(netd),
    ...(await checkRoutes(netd, call)),
    await checkDns(netd),
    checkResolver(netd),
    ...(await checkPrivileged(netd, call)),
  ];
}

function checkBridge({ bridge, config, host }: Netd): HostCheck {
  if (bridge.isOpen) {
    return pass('network-bridge', `"${config.bridge}" has ${formatGateway(config.pool)}`);
  }
  const detail = `guests have user-mode networks only: ${bridge.reason}`;
  return warn('network-bridge', detail, host.isPresent() ? '' : config.rootdRemedy);
}

async function checkRoutes({ config, routes }: Netd, call: Call): Promise<HostCheck[]> {
  try {
    const uplink = await routes.findUplink(call);
    return [checkPool(config, await routes.list(call)), checkUplink(uplink)];
  } catch (error) {
    if (!(error instanceof BangerError)) throw error;
    const row = warn('network-pool', `the host's routes cannot be read: ${error.message}`, '');
    return [{ ...row, packages: ['iproute2'] }];
  }
}

function checkPool(config: Netd['config'], routes: readonly Route[]): HostCheck {
  const clash = findRouteClash(config, routes);
  if (clash !== undefined) return warn('network-pool', sayClash(config, clash), '');
  const { subnet, total } = config.pool;
  return pass('network-pool', `${formatSubnet(subnet)} is free, for ${total} guests`);
}

function checkUplink(uplink: string | undefined): HostCheck {
  if (uplink !== undefined) return pass('network-uplink', `nat leaves by "${uplink}"`);
  return warn('network-uplink', 'there is no default route, so nat leads nowhere', '');
}

/** Our own listener is as good as a free port. */
async function checkDns({ dns, config }: Netd): Promise<HostCheck> {
  const { address, problem } = dns.state();
  if (problem !== '') return warn('vm-dns', problem, '');
  if (address !== '') return pass('vm-dns', `the zone "vm" is answered on ${address}`);
  if (await dns.isPortFree()) return pass('vm-dns', `port ${config.dnsPort} is free`);
  return warn(
    'vm-dns',
    `another program holds port ${config.dnsPort} of 127.0.0.1; set another "dns_port" under [netd] in "${config.file}"`,
    `ss -lnptu sport = :${config.dnsPort}`,
  );
}

function checkResolver({ bridge, config, dns }: Netd): HostCheck {
  const name = 'vm-resolver';
  if (bridge.resolverRouted) return pass(name, 'the host resolves names such as "web.vm"');
  if (!bridge.isOpen || !config.routeResolver) {
    return pass(name, 'the host is not asked to resolve names in "vm"');
  }
  const { address } = dns.state();
  const detail = `systemd-resolved does not run here; point your resolver's zone "vm" at ${address}`;
  return warn(name, `${detail}, see docs/networking.md`, '');
}

async function checkPrivileged({ host }: Netd, call: Call): Promise<HostCheck[]> {
  if (!host.isPresent()) return [];
  try {
    return await host.checkHost(call);
  } catch (error) {
    if (!(error instanceof BangerError)) throw error;
    return [warn('rootd', error.message, '')];
  }
}

function warn(name: string, detail: string, remedy: string): HostCheck {
  return { name, status: 'warn', detail, remedy, packages: [] };
}
