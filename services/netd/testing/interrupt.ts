import type { Ports } from './netd-lab.ts';

/** What becomes of one call of a port; `run` is the call. */
export type Fate = (name: string, run: () => Promise<unknown>) => Promise<unknown>;

/** The same ports with every call that waits handed to `fate` first. */
export function interruptible({ host, store }: Ports, fate: Fate): Ports {
  return { host: interrupt(host, fate), store: interrupt(store, fate) };
}

function interrupt<Port extends object>(port: Port, fate: Fate): Port {
  return new Proxy(port, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key);
      if (typeof value !== 'function' || key === 'isPresent') return value;
      return (...args: unknown[]) =>
        fate(String(key), async (): Promise<unknown> => Reflect.apply(value, target, args));
    },
  });
}

/** As if the process were killed: the call with this number does or does not happen, and nothing after it does. */
export function killAt(step: number, when: 'before' | 'after') {
  const { promise: killed, resolve } = Promise.withResolvers<'killed'>();
  let calls = 0;
  const fate: Fate = async (_name, run) => {
    calls += 1;
    if (calls < step) return run();
    if (calls === step && when === 'after') await run();
    resolve('killed');
    return new Promise(() => undefined);
  };
  return { fate, killed };
}

/** The call with this number fails once, without or with its effect. */
export function failAt(step: number, when: 'before' | 'after') {
  let calls = 0;
  let isArmed = true;
  const fate: Fate = async (name, run) => {
    if (isArmed) calls += 1;
    if (!isArmed || calls !== step) return run();
    if (when === 'after') await run();
    throw new Error(`${name}, step ${step}, failed ${when} its effect`);
  };
  const disarm = () => {
    isArmed = false;
  };
  return { fate, happened: () => calls >= step, disarm };
}
