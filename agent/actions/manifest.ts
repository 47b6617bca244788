// readManifest, readManifestEntries, readFileStates: which files a folder has, so that two nodes can be compared without
// moving the names of millions of files.
import type { Stats } from 'node:fs';
import { lstat, readlink, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { AnswerOf } from '../../shared/actions/action.ts';
import { fail, ok, type Result } from '../../shared/failures.ts';
import { listContents } from '../files/list-contents.ts';
import { entriesOf, makeRoom, placesOf } from '../files/manifests.ts';
import { printName, readName } from '../files/odd-name.ts';
import { readSums } from '../files/read-sums.ts';
import { walk } from '../files/walk.ts';
import { openConfinedFolder } from '../platform/confined-path.ts';
import { errorCode, failureOfSystemCall } from '../platform/system-error.ts';
import { type ActionContext, commandsHere, type Run, record } from './context.ts';

type FileNow = AnswerOf<'readFileStates'>['files'][number];

/** By state folder, root and what is read: who asks for the same meanwhile is told the same. */
const underWay = new Map<string, Promise<Result<AnswerOf<'readManifest'>>>>();

export const readManifest: Run<'readManifest'> = async (action, context) => {
  for (const command of commandsHere(action, context)) record(context, command);
  const folder = await openConfinedFolder(action.root, context.policy.paths);
  if (!folder.ok) return folder;
  await folder.value.close();
  const key = JSON.stringify([stateOf(context), action.root, action.hashes]);
  const known = underWay.get(key);
  if (known !== undefined) return await known;
  const building = build(action.root, action.hashes, context).finally(() => underWay.delete(key));
  underWay.set(key, building);
  return await building;
};

const stateOf = ({ profile }: ActionContext): string => dirname(profile.outputDirectory);

const noContents = { contentDigests: '', unhashed: 0, hashedBytes: 0 };

async function build(root: string, hashes: boolean, context: ActionContext): Promise<Result<AnswerOf<'readManifest'>>> {
  const places = placesOf(stateOf(context), root);
  let path = places.folder;
  try {
    const { manifest, earlier } = await makeRoom(places, hashes);
    path = join(places.folder, manifest);
    const built = hashes ? await listContents(root, path, earlier, context) : await walk(root, path, false, context);
    if (built.ok) return ok({ kind: 'readManifest', manifest, ...noContents, ...built.value });
    await rm(path, { force: true });
    return built;
  } catch (error) {
    if (path !== places.folder) await rm(path, { force: true });
    return { ok: false, failure: failureOfSystemCall(error, path) };
  } finally {
    await rm(`${path}.walk`, { force: true });
  }
}

export const readManifestEntries: Run<'readManifestEntries'> = async (action, context) => {
  for (const command of commandsHere(action, context)) record(context, command);
  const { folder, prefix } = placesOf(stateOf(context), action.root);
  if (!action.manifest.startsWith(`${prefix}-`))
    return fail('bad-input', `${action.manifest} is not of ${action.root}`);
  try {
    const found = await entriesOf(join(folder, action.manifest), action.buckets);
    if (found.buckets > 0) return ok({ kind: 'readManifestEntries', ...found });
    return fail(
      'unexpected-output',
      `bucket ${action.buckets[0]} of ${action.root} has more files than an answer can hold`,
    );
  } catch (error) {
    return { ok: false, failure: failureOfSystemCall(error, action.manifest) };
  }
};

export const readFileStates: Run<'readFileStates'> = async (action, context) => {
  for (const command of commandsHere(action, context)) record(context, command);
  const folder = await openConfinedFolder(action.root, context.policy.paths);
  if (!folder.ok) return folder;
  await folder.value.close();
  const names = action.paths.map(readName);
  const wrong = action.paths.find((_path, index) => names[index] === undefined);
  if (wrong !== undefined) return fail('bad-input', `${wrong} is no path of a manifest`);
  const known = names.filter((name) => name !== undefined);
  const files: FileNow[] = [];
  try {
    for (const name of known) files.push(await fileNow(action.root, name, context.clock.nowMs()));
    if (action.hashes) {
      const regular = known.filter((_name, index) => files[index]?.entry?.kind === 'file');
      const sums = await readSums(
        action.root,
        regular.map((name) => name.toString('latin1')),
        context,
      );
      for (const [index, name] of known.entries()) {
        const entry = files[index]?.entry;
        if (entry !== undefined) entry.sha256 = sums.get(name.toString('latin1')) ?? '';
      }
    }
    return ok({ kind: 'readFileStates', files });
  } catch (error) {
    return { ok: false, failure: failureOfSystemCall(error, action.root) };
  }
};

async function fileNow(root: string, name: Buffer, nowMs: number): Promise<FileNow> {
  const at = (part: Buffer) => Buffer.concat([Buffer.from(`${root}/`), part]);
  const entry = { path: printName(name), kind: 'absent', sizeBytes: 0, sha256: '', target: '', bucket: 0 };
  const link = await linkOnTheWay(name, at);
  if (link !== undefined) return { entry, changedAgoMs: agoMs(link, nowMs) };
  for (let part = name, isItself = true; ; isItself = false) {
    try {
      const found = await lstat(at(part));
      const changedAgoMs = agoMs(found, nowMs);
      // A folder in its place is no file.
      if (!isItself || found.isDirectory()) return { entry, changedAgoMs };
      const kind = found.isFile() ? 'file' : found.isSymbolicLink() ? 'link' : 'other';
      const target = kind === 'link' ? printName(await readlink(at(part), { encoding: 'buffer' })) : '';
      return { entry: { ...entry, kind, sizeBytes: kind === 'other' ? 0 : found.size, target }, changedAgoMs };
    } catch (error) {
      if (!['ENOENT', 'ENOTDIR'].includes(errorCode(error) ?? '')) throw error;
      // The folder itself was there just now.
      if (part.length === 0) throw error;
      part = part.subarray(0, Math.max(0, part.lastIndexOf(0x2f)));
    }
  }
}

const agoMs = ({ mtimeMs, ctimeMs }: Stats, nowMs: number): number =>
  Math.max(0, Math.round(nowMs - Math.max(mtimeMs, ctimeMs)));

/** The first link among the folders of a path: no manifest goes through one, and what lies behind it may be anybody's. */
async function linkOnTheWay(name: Buffer, at: (part: Buffer) => Buffer): Promise<Stats | undefined> {
  for (let end = name.indexOf(0x2f); end !== -1; end = name.indexOf(0x2f, end + 1)) {
    const found = await statOf(at(name.subarray(0, end)));
    if (found?.isDirectory() !== true) return found?.isSymbolicLink() ? found : undefined;
  }
  return undefined;
}

async function statOf(path: Buffer): Promise<Stats | undefined> {
  try {
    return await lstat(path);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(errorCode(error) ?? '')) return undefined;
    throw error;
  }
}
