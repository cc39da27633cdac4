import {
  type GetNetworkStatusResponse,
  type Lease,
  NetworkServiceDefinition,
} from '#proto/banger/v1/network.ts';
import type { Command } from '../../command.ts';
import { lowerName } from '../../output/enum.ts';
import { EXIT } from '../../output/error.ts';
import type { Output } from '../../output/output.ts';
import { formatTable, type Table } from '../../output/table.ts';

export const status: Command = {
  description:
    'The bridge and its pool of addresses, taps, packet rules and names, every lease, and where the kernel disagrees with the records. Looks only, and ends with status 1 when something disagrees.',
  examples: [
    { line: 'banger net status', shows: 'what works here, and which machine has which address' },
    { line: 'banger net status --json', shows: 'for programs' },
  ],
  next: 'banger doctor says how to mend what does not work',
  async run({ clients, out, signal }) {
    const netd = clients.of('netd', NetworkServiceDefinition);
    const [network, { leases }] = await Promise.all([
      netd.getNetworkStatus({}, { signal }),
      netd.listLeases({}, { signal }),
    ]);
    out.result(toJson(network, leases), () => formatStatus(network, leases, out));
    return network.disagreements.length === 0 ? EXIT.ok : EXIT.failed;
  },
};

type Fact = readonly [what: string, state: string];

const FACTS: Table<Fact> = [
  { title: 'WHAT', text: ([what]) => what },
  { title: 'STATE', text: ([, state]) => state },
];

const LEASES: Table<Lease> = [
  { title: 'VM', text: ({ vmName }) => vmName },
  { title: 'MODE', text: ({ mode }) => modeName(mode) },
  { title: 'ADDRESS', text: ({ address }) => address || '-' },
  { title: 'TAP', text: ({ tap }) => tap || '-' },
  { title: 'NAT', text: ({ nat }) => (nat ? 'yes' : 'no') },
  { title: 'PEERS', text: ({ peers }) => (peers ? 'yes' : 'no') },
  { title: 'ATTACHED', text: ({ attached }) => (attached ? 'yes' : 'no') },
];

function formatStatus(
  network: GetNetworkStatusResponse,
  leases: readonly Lease[],
  { stdout, color }: Output,
): string {
  const options = { widthOf: stdout, color };
  const facts = formatTable(factsOf(network), FACTS, options);
  const table = leases.length === 0 ? '' : `\n${formatTable(leases, LEASES, options)}`;
  return `${facts}${table}`.trimEnd();
}

function factsOf({ modes, bridge, dns, disagreements }: GetNetworkStatusResponse): Fact[] {
  const works: Fact[] = modes.map(({ mode, available, reason }) => [
    `mode ${modeName(mode)}`,
    available ? 'works' : `does not work: ${reason}`,
  ]);
  const names: Fact = ['dns', describeDns(dns)];
  return [
    ...works,
    ...describeBridge(bridge),
    names,
    ...disagreements.map((text): Fact => ['disagrees', text]),
  ];
}

function describeBridge(bridge: GetNetworkStatusResponse['bridge']): Fact[] {
  if (bridge === undefined) return [];
  const { name, address, uplink, addressesTotal, addressesLeased } = bridge;
  const way = uplink === '' ? 'nat leads nowhere' : `nat leaves by ${uplink}`;
  return [
    ['bridge', `${name} has ${address}; ${way}`],
    ['pool', `${addressesLeased} of ${addressesTotal} addresses leased`],
    ['taps', `${bridge.tapsReady} ready, ${bridge.tapsUsed} leased`],
    ['rules', `in the kernel for ${bridge.vmsWithRules}; IPv6 is closed`],
  ];
}

function describeDns(dns: GetNetworkStatusResponse['dns']): string {
  if (dns === undefined || dns.address === '') return 'off';
  const routed = dns.resolverRouted ? 'the host resolves "vm"' : 'the host asks elsewhere';
  return `on ${dns.address}, names: ${dns.names}, questions: ${dns.questions}; ${routed}`;
}

function modeName(mode: string): string {
  return lowerName(mode, 'NETWORK_MODE_');
}

export function toJson(
  { modes, ...rest }: GetNetworkStatusResponse,
  leases: readonly Lease[],
): unknown {
  const named = <Each extends { mode: string }>(each: Each) => ({
    ...each,
    mode: modeName(each.mode),
  });
  return { modes: modes.map(named), ...rest, leases: leases.map(named) };
}
