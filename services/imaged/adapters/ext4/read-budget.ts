import { BangerError } from '#kit/errors.ts';

/** How much may come out of an image: its files can share blocks, and so be larger than it by far. */
export type ReadLimits = { entries: number; bytes: number };

export class ReadBudget {
  #entries: number;
  #bytes: number;

  constructor({ entries, bytes }: ReadLimits) {
    this.#entries = entries;
    this.#bytes = bytes;
  }

  spendEntries(entries: number): void {
    this.#entries -= entries;
    if (this.#entries < 0) throw tooMuch('entries');
  }

  spendBytes(bytes: number): void {
    this.#bytes -= bytes;
    if (this.#bytes < 0) throw tooMuch('bytes');
  }
}

function tooMuch(of: string): BangerError {
  return new BangerError(
    'OPERATION_REFUSED',
    `the image holds more ${of} than may be read from it`,
  );
}
