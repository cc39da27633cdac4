import type { Dns, DnsState } from '../domain/ports.ts';

/** Listens in name only; what is answered is the zone's business. */
export class FakeDns implements Dns {
  listening = false;
  problem = '';

  async start(): Promise<void> {
    this.listening = this.problem === '';
  }

  async stop(): Promise<void> {
    this.listening = false;
  }

  state(): DnsState {
    const address = this.listening ? '127.0.0.1:42069' : '';
    const port = this.listening ? 42_069 : 0;
    return { address, port, questions: 0, problem: this.problem };
  }

  async isPortFree(): Promise<boolean> {
    return this.problem === '';
  }
}
