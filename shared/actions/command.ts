// What a command line is: a program that the agent executes as it stands here, or the agent's own work with the line that
// does the same by hand.
import type { Key } from '../key.ts';
import { shellLine } from './shell-quote.ts';

/** Where things are on a node: what its agent says of itself (fleet.proto, Profile). */
export interface NodeProfile {
  platform: string;
  psql: string;
  databaseUser: string;
  databaseSocket: string;
  /** 0 where the policy names no database. */
  databasePort: number;
  releaseDirectory: string;
  localUnits: string[];
  outputDirectory: string;
  /** Where PostgreSQL's programs of a major version lie; `{major}` stands for it. */
  databasePrograms: string;
  /** Empty where no hook may be called. */
  hooksDirectory: string;
  /** Of files NAME.sql. */
  queriesDirectory: string;
  /** Where the HA scripts lie. */
  haDirectory: string;
}

/** A program that is executed with exactly these arguments and this input. */
export interface Program {
  by: 'program';
  argv: string[];
  input?: string;
  /** What a person would pipe the output into; the agent does that part itself. */
  into?: string;
}
/** Done by the agent itself; the line does the same by hand. */
export interface OwnWork {
  by: 'agent';
  line: string;
}
export type Command = Program | OwnWork;

export interface CommandContext {
  key: Key;
  timeoutMs: number;
}

/** A command as a shell would take it. */
export function printCommand(command: Command): string {
  if (command.by === 'agent') return command.line;
  const line = shellLine(command.argv) + (command.into === undefined ? '' : ` | ${command.into}`);
  return command.input === undefined ? line : `${line} <<'SQL'\n${command.input}\nSQL`;
}

/** In a header's value: replaced by the token file's content, on the node only. */
export const tokenPlaceholder = ['$', '{token}'].join('');
