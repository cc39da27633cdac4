import type { ServiceName } from '#kit/paths.ts';
import { type Cell, COMPONENTS, type Command, type Component, FAULTS, type Fault } from './cell.ts';
import { KEEPER } from './house.ts';
import {
  damageDatabase,
  endMachine,
  endService,
  fillBelowMachine,
  fillDisk,
  fillGuest,
  hideMachine,
  lockDatabase,
  pidOf,
  removeSocket,
  signalAgent,
  suspend,
} from './strikes.ts';

type Strike = Cell['strike'];
type Row = { next: Command; strikes: Partial<Record<Fault, Strike>> };

/** Asks vmd, imaged and netd, and through netd rootd. */
const MAKE: Command = {
  words: [
    'vm',
    'create',
    '--no-start',
    '--name',
    'probe',
    '--image',
    'busybox',
    '--network',
    'bridge',
  ],
  undo: ['vm', 'delete', 'probe'],
};
const IN_GUEST: Command = { words: ['vm', 'exec', KEEPER, '--', 'true'] };
const WRITE_IN_GUEST: Command = {
  words: ['vm', 'exec', KEEPER, '--', 'sh', '-c', 'touch /root/big && cp /root/big /root/file'],
};

const ROWS: Readonly<Record<Component, Row>> = {
  vmd: service('vmd'),
  imaged: service('imaged'),
  netd: service('netd'),
  rootd: { next: MAKE, strikes: ends('rootd') },
  'a VMM': {
    next: IN_GUEST,
    strikes: {
      SIGTERM: (house) => endMachine(house, 'SIGTERM'),
      SIGKILL: (house) => endMachine(house, 'SIGKILL'),
      SIGSTOP: async (house) => suspend((await house.show(KEEPER)).pid),
      'disk full': fillBelowMachine,
      'socket removed': hideMachine,
    },
  },
  'a guest agent': {
    next: WRITE_IN_GUEST,
    strikes: {
      SIGTERM: (house) => signalAgent(house, 'TERM'),
      SIGKILL: (house) => signalAgent(house, 'KILL'),
      SIGSTOP: (house) => signalAgent(house, 'STOP'),
      'disk full': fillGuest,
    },
  },
};

function ends(name: ServiceName): Row['strikes'] {
  return {
    SIGTERM: (house) => endService(house, name, 'SIGTERM'),
    SIGKILL: (house) => endService(house, name, 'SIGKILL'),
    SIGSTOP: (house) => suspend(pidOf(house, name)),
    'socket removed': (house) => removeSocket(house, name),
  };
}

function service(name: ServiceName): Row {
  return {
    next: MAKE,
    strikes: {
      ...ends(name),
      'disk full': (house) => fillDisk(house, name),
      'database locked': (house) => lockDatabase(house, name),
      'database corrupt': (house) => damageDatabase(house, name),
    },
  };
}

/** Why there is nothing to be tried. */
export const ABSENT: Partial<Record<Component, Partial<Record<Fault, string>>>> = {
  rootd: {
    'disk full': 'keeps nothing on a disk but its log',
    'database locked': 'has no database',
    'database corrupt': 'has no database',
  },
  'a VMM': { 'database locked': 'has no database', 'database corrupt': 'has no database' },
  'a guest agent': {
    'socket removed': 'has a port of the machine, which no file stands for',
    'database locked': 'has no database',
    'database corrupt': 'has no database',
  },
};

export const CELLS: readonly Cell[] = COMPONENTS.flatMap((component) =>
  FAULTS.flatMap((fault) => {
    const { next, strikes } = ROWS[component];
    const strike = strikes[fault];
    return strike === undefined ? [] : [{ component, fault, next, strike }];
  }),
);
