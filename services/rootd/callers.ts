import { RootServiceDefinition } from '#proto/banger/v1/root.ts';

export type Caller = 'vmd' | 'netd';

type Method = keyof typeof RootServiceDefinition.methods;

/** The one service that may call each method. A method that is not here is closed to everybody. */
const CALLERS: Readonly<Record<Method, Caller>> = {
  ensureBridge: 'netd',
  clearBridge: 'netd',
  createTaps: 'netd',
  deleteTaps: 'netd',
  listTaps: 'netd',
  applyRules: 'netd',
  clearRules: 'netd',
  listRules: 'netd',
  setResolver: 'netd',
  clearResolver: 'netd',
  launchVmm: 'vmd',
  describeVmm: 'vmd',
  listVmms: 'vmd',
  signalVmm: 'vmd',
  reapVmm: 'vmd',
};

/** The caller for a method's path on the wire; absent for what is not a root operation. */
export function callerOf(path: string): Caller | undefined {
  const { fullName, methods } = RootServiceDefinition;
  const found = Object.entries(methods).find(([, { name }]) => path === `/${fullName}/${name}`);
  return found === undefined ? undefined : CALLERS[found[0] as Method];
}
