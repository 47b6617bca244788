// Counts owners and modes of the entries that `find -printf '%u:%g %m %y %P\0'` tells of. Pure, and bounded: a tree with a
// million owners would be told of as ten.
import type { AnswerOf } from '../../shared/actions/action.ts';
import { printableLine } from '../platform/printable.ts';

export type Counted = Omit<AnswerOf<'readOwners'>, 'kind'>;

const examplesMax = 3;
const ownersMax = 10;
const unfinishedMax = 16_384;

export function createOwnerCount(entriesMax: number) {
  const owners = new Map<string, { entries: number; examples: string[] }>();
  const found = { owner: '', mode: '', entries: 0, isCut: false, worldWritable: 0, setId: 0 };
  const worldWritableExamples: string[] = [];
  const setIdExamples: string[] = [];
  let rest = '';

  const example = (examples: string[], path: string) => {
    if (examples.length < examplesMax) examples.push(printableLine(path));
  };

  const take = (entry: string): void => {
    const [, owner, modeText, type, path] = /^([^\n]+?) ([0-7]{1,4}) (.) ([\s\S]*)$/.exec(entry) ?? [];
    if (owner === undefined || modeText === undefined || path === undefined) return;
    if (path === '') Object.assign(found, { owner, mode: modeText.padStart(4, '0') });
    if (found.entries >= entriesMax) {
      found.isCut = true;
      return;
    }
    found.entries += 1;
    const name = path === '' ? '.' : path;
    const known = owners.get(owner) ?? { entries: 0, examples: [] };
    known.entries += 1;
    example(known.examples, name);
    owners.set(owner, known);
    const mode = Number.parseInt(modeText, 8);
    // A link's own mode says nothing, and a sticky folder such as tmp is meant to be everybody's.
    if (type !== 'l' && (mode & 0o002) !== 0 && !(type === 'd' && (mode & 0o1000) !== 0)) {
      found.worldWritable += 1;
      example(worldWritableExamples, name);
    }
    if (type === 'f' && (mode & 0o6000) !== 0) {
      found.setId += 1;
      example(setIdExamples, name);
    }
  };

  return {
    add(chunk: Uint8Array): void {
      const entries = (rest + Buffer.from(chunk).toString('utf8')).split('\0');
      rest = (entries.pop() ?? '').slice(0, unfinishedMax);
      for (const entry of entries) take(entry);
    },
    isFull: (): boolean => found.isCut,
    counted(): Counted {
      const most = [...owners].toSorted(([, a], [, b]) => b.entries - a.entries).slice(0, ownersMax);
      return {
        ...found,
        owners: most.map(([owner, of]) => ({ owner, ...of })),
        worldWritableExamples,
        setIdExamples,
      };
    },
  };
}
