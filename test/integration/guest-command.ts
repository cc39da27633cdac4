import type { Client } from '#kit/client.ts';
import type {
  ExecStart,
  ExecVmRequest,
  ExecVmResponse,
  VmServiceDefinition,
} from '#proto/banger/v1/vm.ts';

export type CommandEnd = { status?: number; signal?: number; stdout: string; stderr: string };

type Vms = Client<typeof VmServiceDefinition>;
type Part = ExecVmRequest['part'];
type Program = Partial<ExecStart> & { vm: string; arguments: string[] };

/** A program in a guest, driven message by message as any client may. */
export type Conversation = {
  readonly execId: string;
  readonly guestPid: number;
  send(part: NonNullable<Part>): void;
  /** Everything it wrote so far on both streams. */
  readonly written: { stdout: string; stderr: string };
  readonly end: Promise<CommandEnd>;
  /** Lets the connection go, as a client that dies does. */
  leave(): void;
};

/** Runs a program to its end. */
export async function runInGuest(
  vms: Vms,
  vm: string,
  args: readonly string[],
  more: Partial<ExecStart> & { input?: string } = {},
): Promise<CommandEnd> {
  const { input = '', ...start } = more;
  const conversation = await converse(vms, { vm, arguments: [...args], ...start });
  if (input !== '') conversation.send({ $case: 'stdin', value: Buffer.from(input) });
  conversation.send({ $case: 'stdinEnd', value: true });
  return conversation.end;
}

/** What a command that must succeed writes. */
export async function outputOf(vms: Vms, vm: string, ...args: string[]): Promise<string> {
  const { status, stdout, stderr } = await runInGuest(vms, vm, args);
  if (status !== 0) throw new Error(`${args.join(' ')} ended with ${status}: ${stderr}`);
  return stdout.trim();
}

export function converse(vms: Vms, start: Program): Promise<Conversation> {
  return begin(vms, { $case: 'start', value: { ...PLAIN, ...start } });
}

export function attach(vms: Vms, vm: string, execId: string): Promise<Conversation> {
  return begin(vms, { $case: 'attach', value: { vm, execId } });
}

const PLAIN = { environment: [], workingDir: '', user: '', terminal: undefined, detach: false };

async function begin(vms: Vms, first: NonNullable<Part>): Promise<Conversation> {
  const requests = createQueue<{ part: NonNullable<Part> }>();
  requests.push({ part: first });
  const left = new AbortController();
  const answers = vms.execVm(requests.items(), { signal: left.signal })[Symbol.asyncIterator]();
  const { value: opening } = await answers.next();
  if (opening?.part?.$case !== 'started') throw new Error('the program was not started');
  const written = { stdout: '', stderr: '' };
  const end = readToEnd(answers, written).finally(() => requests.close());
  // Whoever leaves does not wait for the end.
  end.catch(() => undefined);
  return {
    ...opening.part.value,
    written,
    end,
    send: (part) => requests.push({ part }),
    leave: () => left.abort(),
  };
}

type Answers = AsyncIterator<ExecVmResponse>;

async function readToEnd(answers: Answers, written: Conversation['written']): Promise<CommandEnd> {
  for (let next = await answers.next(); next.done !== true; next = await answers.next()) {
    const { part } = next.value;
    if (part?.$case === 'stdout') written.stdout += part.value.toString('latin1');
    if (part?.$case === 'stderr') written.stderr += part.value.toString('latin1');
    if (part?.$case !== 'exit') continue;
    const { outcome } = part.value;
    return { ...written, ...(outcome && { [outcome.$case]: outcome.value }) };
  }
  throw new Error('the program ended without saying how');
}

/** What is pushed comes out in order, whenever it is asked for. */
function createQueue<Item>() {
  const items: Item[] = [];
  let more = Promise.withResolvers<void>();
  let closed = false;
  const wake = () => {
    more.resolve();
    more = Promise.withResolvers();
  };
  return {
    push(item: Item) {
      items.push(item);
      wake();
    },
    close() {
      closed = true;
      wake();
    },
    async *items(): AsyncGenerator<Item, void> {
      while (!closed || items.length > 0) {
        const item = items.shift();
        if (item === undefined) await more.promise;
        else yield item;
      }
    },
  };
}
