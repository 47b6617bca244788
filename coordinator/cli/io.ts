// Where a command's words go: results to stdout, everything else to stderr; with --json one document on stdout and
// the words for people on stderr. A reader that goes away (EPIPE) ends nothing.
import { createInterface } from 'node:readline/promises';
import { type Paint, paintWhen } from './view/text.ts';

export interface Io {
  isJson: boolean;
  /** Somebody sits before it: questions and a live view are possible. */
  isTerminal: boolean;
  /** Result for people: stdout, or stderr where stdout is for a document. */
  say(text: string): void;
  /** Progress, warnings, logs: stderr. */
  note(text: string): void;
  /** The one document of --json. */
  document(value: unknown): void;
  /** Bytes for stdout as they are. False once nobody reads any more. */
  raw(text: string): boolean;
  /** Asks for a yes; anything else is a no. */
  confirm(question: string): Promise<boolean>;
  paint: Paint;
  notePaint: Paint;
  /** What Ctrl-C says before it leaves with 130. */
  onInterrupt: () => string;
  /** A picture that renews itself can be drawn on stderr. */
  canDraw: boolean;
  stderr: NodeJS.WriteStream;
}

/** JSON as it is printed: C1 controls, which a terminal might obey, are escaped as well. */
export function jsonText(value: unknown): string {
  return JSON.stringify(value, undefined, 2).replaceAll(
    /[\u007f-\u009f\u2028-\u202e]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** The process's own streams. */
export function processIo(isJson: boolean): Io {
  let isStdoutOpen = true;
  let isStderrOpen = true;
  process.stdout.on('error', () => {
    isStdoutOpen = false;
  });
  process.stderr.on('error', () => {
    isStderrOpen = false;
  });
  const raw = (text: string): boolean => {
    if (isStdoutOpen) process.stdout.write(text);
    return isStdoutOpen;
  };
  const note = (text: string) => {
    if (isStderrOpen) process.stderr.write(`${text}\n`);
  };
  return {
    isJson,
    isTerminal: process.stdin.isTTY === true && process.stderr.isTTY === true,
    say: (text) => (isJson ? note(text) : raw(`${text}\n`)),
    note,
    document: (value) => raw(`${jsonText(value)}\n`),
    raw,
    confirm: async (question) => {
      const reader = createInterface({ input: process.stdin, output: process.stderr });
      reader.once('SIGINT', () => process.emit('SIGINT'));
      try {
        return /^y(es)?$/i.test((await Promise.race([reader.question(question), closed(reader)])).trim());
      } finally {
        reader.close();
      }
    },
    paint: paintWhen(isColoured(isJson ? process.stderr : process.stdout)),
    notePaint: paintWhen(isColoured(process.stderr)),
    onInterrupt: () => 'interrupted; nothing was started',
    // A terminal without a size is a recorder of some kind: lines are better there.
    canDraw: process.stderr.isTTY === true && process.stderr.columns > 0 && process.env.TERM !== 'dumb',
    stderr: process.stderr,
  };
}

/** End of input is no yes. */
function closed(reader: ReturnType<typeof createInterface>): Promise<string> {
  return new Promise((resolve) => reader.once('close', () => resolve('')));
}

function isColoured(stream: NodeJS.WriteStream): boolean {
  return stream.isTTY === true && !process.env.NO_COLOR && process.env.TERM !== 'dumb';
}
