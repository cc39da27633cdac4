/** A bug, put in on purpose: some test must fail of it. */
export type Mutation = {
  readonly name: string;
  readonly file: string;
  /** Stands in the file once. */
  readonly text: string;
  readonly replacement: string;
  /** The test file that must fail. */
  readonly caughtBy: string;
};

export const MUTATIONS: readonly Mutation[] = [
  {
    name: 'skip an undo',
    file: 'services/vmd/domain/create-vm.ts',
    text: "    undoing.defer(undo(call.log, 'release lease', () => vmd.network.release(cleanUp, id)));\n",
    replacement: '',
    caughtBy: 'services/vmd/domain/life-cycle.test.ts',
  },
  {
    name: 'forget an fsync',
    file: 'kit/atomic-file.ts',
    text: '      await file.sync();\n',
    replacement: '',
    caughtBy: 'kit/atomic-file.test.ts',
  },
  {
    name: 'forget a rename',
    file: 'kit/atomic-file.ts',
    text: "    const file = await open(temporary, 'wx', mode);\n",
    replacement:
      "    await rm(path, { force: true });\n    const file = await open(path, 'wx', mode);\n",
    caughtBy: 'kit/atomic-file.test.ts',
  },
  {
    name: 'drop the SO_PEERCRED check',
    file: 'kit/server.ts',
    text: '    if (admits(peer)) return peer;\n',
    replacement: '    if (admits(peer) || peer.pid > 0) return peer;\n',
    caughtBy: 'kit/server.test.ts',
  },
  {
    name: 'leak a tap',
    file: 'services/netd/domain/tap-pool.ts',
    text: '    if (known?.exists) this.#ready.add(index);\n',
    replacement: '',
    caughtBy: 'services/netd/domain/tap-pool.test.ts',
  },
  {
    name: 'ignore a whiteout',
    file: 'services/imaged/adapters/layers/layer-merger.ts',
    text: '      if (slot !== undefined) this.#tree.removeEarlier(slot);\n',
    replacement: '',
    caughtBy: 'services/imaged/adapters/layers/whiteouts.test.ts',
  },
  {
    name: 'return 0 for a death by signal',
    file: 'cli/vm/exit-code.ts',
    text: 'return 128 + exit.outcome.value;',
    replacement: 'return 0;',
    caughtBy: 'cli/vm/exit-code.test.ts',
  },
  {
    name: 'mount in the wrong order',
    file: 'guest/src/boot/boot.c',
    text: '    {"enter-root", enter_root},\n    {"folders", mount_folders},\n    {"work", mount_work},\n',
    replacement:
      '    {"work", mount_work},\n    {"enter-root", enter_root},\n    {"folders", mount_folders},\n',
    caughtBy: 'services/vmd/adapters/guest/boot.slow.test.ts',
  },
  {
    name: 'release an address before the machine has ended',
    file: 'services/vmd/domain/end-machine.ts',
    text: '  await machine.signal(call, signal);\n  await machine.exited;\n',
    replacement: '  await machine.signal(call, signal);\n',
    caughtBy: 'services/vmd/domain/life-cycle.test.ts',
  },
  {
    name: 'buffer without a bound',
    file: 'services/vmd/adapters/guest/inflow.ts',
    text: '    this.#queue.push(chunk);\n',
    replacement: '    this.#queue.push(chunk);\n    this.#payBack(chunk.length);\n',
    caughtBy: 'services/vmd/adapters/guest/flow.test.ts',
  },
  {
    name: 'wait for a lock without hearing the caller leave',
    file: 'kit/keyed-lock.ts',
    text: 'await untilAborted(before, signal);',
    replacement: 'await before;',
    caughtBy: 'kit/keyed-lock.test.ts',
  },
];
