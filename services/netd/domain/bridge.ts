/** Whether bridged networking works: tried when netd starts, and again when it is wanted while it does not. */
export class Bridge {
  #state: 'shut' | 'open' | 'ended' = 'shut';
  #reason = 'it was not tried yet';
  #attempt: Promise<void> | undefined;
  /** Whether the host's resolver was pointed at our zone. */
  resolverRouted = false;

  get isOpen(): boolean {
    return this.#state === 'open';
  }

  /** Why it is not open. */
  get reason(): string {
    return this.#state === 'ended' ? 'netd is stopping' : this.#reason;
  }

  /** Callers who come together share one attempt, which none of them can spoil by leaving. */
  async open(attempt: () => Promise<void>): Promise<boolean> {
    if (this.#state === 'shut') {
      this.#attempt ??= this.#try(attempt);
      await this.#attempt;
    }
    return this.isOpen;
  }

  /** Shuts it for good, after an attempt that is under way. Answers whether it was open. */
  async end(): Promise<boolean> {
    await this.#attempt;
    const wasOpen = this.isOpen;
    this.#state = 'ended';
    return wasOpen;
  }

  async #try(attempt: () => Promise<void>): Promise<void> {
    try {
      await attempt();
      this.#state = 'open';
    } catch (error) {
      this.#reason = error instanceof Error ? error.message : String(error);
    } finally {
      this.#attempt = undefined;
    }
  }
}
