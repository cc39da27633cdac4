import type { Row } from '../row.ts';
import { cliHelp } from './cli-help.ts';
import { cliList } from './cli-list.ts';
import { cliVersion } from './cli-version.ts';
import { copyIn, copyOut } from './copy.ts';
import { create } from './create.ts';
import { createAtOnce } from './create-at-once.ts';
import { createDebian } from './create-debian.ts';
import { createOwnKernel } from './create-own-kernel.ts';
import { deleteRow } from './delete.ts';
import { disk, diskLarge } from './disk.ts';
import { exec } from './exec.ts';
import { guestMemory } from './guest-memory.ts';
import { memory } from './memory.ts';
import { network, networkAtOnce } from './network.ts';
import { rpcStream } from './rpc-stream.ts';
import { rpcUnary } from './rpc-unary.ts';
import { serviceStart } from './service-start.ts';
import { stop } from './stop.ts';

/** Every row there is, in the order of docs/performance.md. */
export const ROWS: readonly Row[] = [
  cliVersion,
  cliHelp,
  cliList,
  serviceStart,
  memory,
  rpcUnary,
  rpcStream,
  create,
  createDebian,
  createOwnKernel,
  createAtOnce,
  exec,
  stop,
  deleteRow,
  copyIn,
  copyOut,
  guestMemory,
  network,
  networkAtOnce,
  disk,
  diskLarge,
];
