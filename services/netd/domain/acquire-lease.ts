import type { Call } from '#kit/call.ts';
import { BangerError } from '#kit/errors.ts';
import { undo } from '#kit/undo.ts';
import { type Lease, type NetworkMode, refuseImpossible, type Wish } from './lease.ts';
import { requireBridge } from './open-bridge.ts';
import type { Netd } from './ports.ts';

/** Gives a VM its lease, or the one it has. Only a new lease on the bridge needs the bridge to work. */
export async function acquireLease(netd: Netd, call: Call, wish: Wish): Promise<Lease> {
  refuseImpossible(wish);
  const known = await netd.store.find(wish.vm);
  if (known === undefined && wish.mode === 'bridge') await requireBridge(netd);
  return netd.leases.with(wish.vm, call, async () => {
    const existing = await netd.store.find(wish.vm);
    if (existing !== undefined) return ofSameMode(existing, wish.mode);
    const lease = await insert(netd, call, wish);
    call.log.info('lease acquired', { vm: lease.vm, mode: lease.mode, ...placeOf(lease) });
    return lease;
  });
}

async function insert(netd: Netd, call: Call, wish: Wish): Promise<Lease> {
  const { mode, ...terms } = wish;
  if (mode !== 'bridge') return netd.store.insert({ ...terms, mode });
  await using steps = new AsyncDisposableStack();
  const tapIndex = netd.taps.take(wish.vm);
  steps.defer(
    undo(call.log, 'acquire', async () => {
      // First the record, which a failed insertion may have left: a tap that is free has none.
      await netd.store.delete(wish.vm);
      netd.taps.giveBack(tapIndex);
    }),
  );
  const lease = await netd.store.insertBridge({ ...terms, mode }, tapIndex);
  steps.move();
  return lease;
}

function placeOf(lease: Lease) {
  return lease.mode === 'bridge' ? { address: lease.address, tapIndex: lease.tapIndex } : {};
}

function ofSameMode(lease: Lease, mode: NetworkMode): Lease {
  if (lease.mode === mode) return lease;
  throw new BangerError(
    'INVALID_FIELD',
    `vm "${lease.vm}" has a lease of mode "${lease.mode}", not "${mode}"; release it first`,
    { metadata: { vm: lease.vm, mode: lease.mode } },
  );
}
