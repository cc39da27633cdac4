import { constants } from 'node:os';
import { BangerError, type Reason } from '#kit/errors.ts';
import { FieldReader } from './fields.ts';

/** How a guest says that something failed: an errno, the exit status of a command that did not start, words. */
export type GuestFailure = {
  readonly errno: string;
  readonly exitStatus: number;
  readonly message: string;
};

const REASON_BY_ERRNO: Readonly<Record<string, Reason>> = {
  EINVAL: 'INVALID_FIELD',
  ENOENT: 'INVALID_FIELD',
  ENOTDIR: 'INVALID_FIELD',
  EISDIR: 'INVALID_FIELD',
  EEXIST: 'INVALID_FIELD',
  ELOOP: 'INVALID_FIELD',
  ESRCH: 'INVALID_FIELD',
  ENAMETOOLONG: 'INVALID_FIELD',
  EPERM: 'OPERATION_REFUSED',
  EACCES: 'OPERATION_REFUSED',
  ENOSPC: 'DISK_FULL',
  EDQUOT: 'DISK_FULL',
  ENOSYS: 'FEATURE_UNSUPPORTED',
  EOPNOTSUPP: 'FEATURE_UNSUPPORTED',
  ECONNREFUSED: 'GUEST_UNREACHABLE',
  EHOSTUNREACH: 'GUEST_UNREACHABLE',
  ENETUNREACH: 'GUEST_UNREACHABLE',
  ETIMEDOUT: 'GUEST_UNREACHABLE',
  ECONNRESET: 'GUEST_UNREACHABLE',
};

export function parseGuestFailure(payload: Buffer): GuestFailure {
  const fields = new FieldReader(payload);
  const code = fields.u16();
  const exitStatus = fields.u16();
  return {
    errno: nameOf(code),
    exitStatus,
    message: toPlainText(fields.text()),
  };
}

function nameOf(code: number): string {
  return Object.entries(constants.errno).find(([, value]) => value === code)?.[0] ?? String(code);
}

export function toBangerError(failure: GuestFailure): BangerError {
  const { errno, message } = failure;
  const reason = REASON_BY_ERRNO[errno] ?? 'COMMAND_FAILED';
  // The program in a guest is of the banger that booted it.
  const remedy =
    errno === 'ENOSYS'
      ? '; it is older than this banger, and a restart brings the new one: banger vm restart NAME'
      : '';
  return new BangerError(reason, `${message}${remedy}`, { metadata: { errno } });
}

/** What a guest says is shown to people: one line, no terminal control, no end without end. */
export function toPlainText(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, '?').slice(0, 1000);
}
