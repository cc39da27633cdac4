import { BangerError } from '#kit/errors.ts';
import type { Driver } from './driver.ts';
import type { Vmd } from './ports.ts';

/** The driver that a record names. */
export function getDriver(vmd: Pick<Vmd, 'drivers'>, name: string): Driver {
  const found = vmd.drivers.find((driver) => driver.name === name);
  if (found !== undefined) return found;
  const known = vmd.drivers.map((driver) => driver.name).join(', ');
  throw new BangerError(
    'FEATURE_UNSUPPORTED',
    `there is no driver "${name}" here, only: ${known}`,
    {
      metadata: { driver: name },
    },
  );
}

/** The driver for a new VM: the first one is the best that this host has. */
export function chooseDriver(vmd: Pick<Vmd, 'drivers'>): Driver {
  const [first] = vmd.drivers;
  if (first !== undefined) return first;
  throw new BangerError(
    'HOST_NOT_READY',
    'no virtual machine monitor is installed; see: banger doctor',
  );
}
