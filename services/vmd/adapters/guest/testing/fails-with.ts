import { BangerError, type Reason } from '#kit/errors.ts';

/** For assert.throws and assert.rejects: an error of ours with this reason and a message that matches. */
export function failsWith(reason: Reason, message: RegExp): (error: unknown) => boolean {
  return (error) =>
    error instanceof BangerError && error.reason === reason && message.test(error.message);
}
