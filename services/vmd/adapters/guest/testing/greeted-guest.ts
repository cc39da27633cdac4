import type { TestContext } from 'node:test';
import { type NativeGuest, startNativeGuest } from '../../../../../guest/testing/native-guest.ts';
import { connectGuest } from '../connect-guest.ts';
import type { Guest } from '../guest.ts';

/** A sanitized agent of the test's own, greeted; it goes with the test. */
export async function startGreetedGuest(
  t: TestContext,
): Promise<{ guest: Guest; native: NativeGuest }> {
  const native = await startNativeGuest(t);
  const guest = await connectGuest(await native.connect());
  t.after(() => guest.close());
  return { guest, native };
}
