import type { Ending } from './root-user.ts';

/** For what lasts for all tests of a suite. An `after` that a `before` registered would be done as soon as that ends. */
export function openSuiteEnding(): Ending & { end(): Promise<void> } {
  const ends: (() => unknown)[] = [];
  return {
    after: (end) => void ends.push(end),
    async end() {
      const errors: unknown[] = [];
      for (const end of ends) {
        try {
          await end();
        } catch (error) {
          errors.push(error);
        }
      }
      if (errors.length > 0) throw new AggregateError(errors, 'the suite left something behind');
    },
  };
}
