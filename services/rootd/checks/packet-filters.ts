import { hasReason } from '#kit/errors.ts';
import { type HostCheck, pass } from '#kit/host-check.ts';
import type { Nftables } from '#kit/nftables.ts';

type ChainJson = {
  chain?: {
    family: string;
    table: string;
    name: string;
    type?: string;
    hook?: string;
    policy?: string;
  };
};
export type Chain = NonNullable<ChainJson['chain']>;

const NAME = 'other packet filters';
const INET_FAMILIES = ['ip', 'inet'];

/**
 * A packet passes only when every table lets it: banger's rules cannot open what another program's close. So
 * those that close by default are looked for, and the way to open them is told in their own words.
 */
export function checkPacketFilters(nft: Nftables): HostCheck {
  try {
    const { nftables } = nft.list('chains') as { nftables: ChainJson[] };
    return judgeChains(nftables.flatMap(({ chain }) => (chain === undefined ? [] : [chain])));
  } catch (error) {
    if (!hasReason(error, 'HOST_NOT_READY')) throw error;
    const remedy = 'apt-get install nftables';
    return { name: NAME, status: 'fail', detail: error.message, remedy, packages: ['nftables'] };
  }
}

export function judgeChains(chains: readonly Chain[]): HostCheck {
  const closing = chains.filter(
    ({ family, table, hook, policy }) =>
      INET_FAMILIES.includes(family) &&
      table !== 'banger' &&
      (hook === 'forward' || hook === 'input') &&
      (policy === 'drop' || table === 'firewalld'),
  );
  if (closing.length === 0) return pass(NAME, 'none closes what banger opens');
  const hooks = new Set(closing.map(({ hook }) => hook));
  const lost = [
    ...(hooks.has('forward') ? ['guests with nat may not reach the outside'] : []),
    ...(hooks.has('input') ? ['guests may not reach the DNS forwarder'] : []),
  ];
  const tables = [...new Set(closing.map(({ family, table }) => `${family} ${table}`))];
  return {
    name: NAME,
    status: 'warn',
    detail: `table ${tables.join(', table ')} drops by default: ${lost.join(', and ')}`,
    remedy: remedyFor(chains, closing),
    packages: [],
  };
}

/** Who made a table is seen by its name, or by the chains that only that program makes. */
function remedyFor(chains: readonly Chain[], closing: readonly Chain[]): string {
  const has = (name: string) => chains.some((chain) => chain.name === name);
  if (closing.some(({ table }) => table === 'firewalld')) {
    return 'firewall-cmd --permanent --zone=trusted --add-interface=br-banger && firewall-cmd --reload';
  }
  if (has('ufw-user-forward')) {
    return 'ufw route allow in on br-banger && ufw allow in on br-banger to any port 53';
  }
  if (has('DOCKER-USER')) {
    return 'iptables -I DOCKER-USER -i br-banger -j ACCEPT && iptables -I DOCKER-USER -o br-banger -j ACCEPT';
  }
  return closing
    .flatMap(({ family, table, name, hook }) => {
      const inward = `nft insert rule ${family} ${table} ${name} iifname br-banger accept`;
      const outward = `nft insert rule ${family} ${table} ${name} oifname br-banger accept`;
      return hook === 'forward' ? [inward, outward] : [inward];
    })
    .join(' && ');
}
