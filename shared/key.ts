// A command's key, by which agent and journal know it for ever: run/step/(do|undo)/attempt.

export type Phase = 'do' | 'undo';

export interface Key {
  run: string;
  step: string;
  phase: Phase;
  attempt: number;
}

const keyPattern = /^([a-z0-9][a-z0-9-]{0,63})\/([a-z0-9][a-z0-9.-]{0,79})\/(do|undo)\/([1-9][0-9]{0,5})$/;

export function formatKey(key: Key): string {
  return `${key.run}/${key.step}/${key.phase}/${key.attempt}`;
}

/** The key in a text; undefined when it is none. */
export function parseKey(text: string): Key | undefined {
  const match = keyPattern.exec(text);
  if (!match) return undefined;
  return { run: match[1] ?? '', step: match[2] ?? '', phase: match[3] as Phase, attempt: Number(match[4]) };
}

/** Name of the transient unit that carries a key, at most 200 characters. */
export function unitOfKey(key: Key): string {
  return `baton-${key.run}-${key.step}-${key.phase}-${key.attempt}.service`;
}
