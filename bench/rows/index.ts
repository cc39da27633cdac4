import type { Row } from '../row.ts';
import { cliHelp } from './cli-help.ts';
import { cliList } from './cli-list.ts';
import { cliVersion } from './cli-version.ts';
import { create } from './create.ts';
import { disk, diskLarge } from './disk.ts';
import { memory } from './memory.ts';
import { network, networkAtOnce } from './network.ts';
import { rpcStream } from './rpc-stream.ts';
import { rpcUnary } from './rpc-unary.ts';
import { serviceStart } from './service-start.ts';

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
  network,
  networkAtOnce,
  disk,
  diskLarge,
];
