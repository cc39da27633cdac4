import type { House } from './house.ts';
import type { Session } from './session.ts';

export const FAULTS = [
  'SIGTERM',
  'SIGKILL',
  'SIGSTOP',
  'disk full',
  'socket removed',
  'database locked',
  'database corrupt',
] as const;
export type Fault = (typeof FAULTS)[number];

export const COMPONENTS = ['vmd', 'imaged', 'netd', 'rootd', 'a VMM', 'a guest agent'] as const;
export type Component = (typeof COMPONENTS)[number];

/** What a person does about what does not mend itself. */
export type Mend = { words: string; apply(): Promise<unknown> };

/** One thing that happens to one component, and the command that shows what is to be seen of it. */
export type Cell = {
  component: Component;
  fault: Fault;
  /** Brings the fault about, and answers what ends it. */
  strike(house: House, session: Session): Promise<Mend>;
  /** What needs the component. Nothing is left of it. */
  next: Command;
};

export type Command = {
  words: readonly string[];
  /** Takes back what the command has made. */
  undo?: readonly string[];
};

/** What was seen of a cell, in the words of the page. */
export type Finding = {
  /** A command that runs in the guest all the time. */
  session: string;
  /** The next command. */
  next: string;
  guest: string;
  recovery: string;
};
