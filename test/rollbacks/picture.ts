// The cluster as it is, from outside of Baton and as Baton tells it, so that before and after can be held against each
// other: every key on which they differ is told, unless a reason for it is named here.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { ClusterDocument } from '../../shared/documents.ts';
import { batonJson, lab, onNode, waitFor } from '../lab/lab.ts';
import { pictureProgram } from './node-picture.ts';

export type Picture = Map<string, string>;

const nodes = ['n1', 'n2', 'n3'];
/** What takes its time by itself after a run: the standby's replay, lsyncd. */
const settlesWithinMs = 30_000;

/** All that is told of the cluster now, once the standby has replayed what the primary has written. */
export async function takePicture(): Promise<Picture> {
  await caughtUp();
  const pictures = await Promise.all(nodes.map(pictureOf));
  return new Map([...pictures.flat(), ...(await asBatonTells()), ...(await suspensions())]);
}

async function pictureOf(node: string): Promise<[string, string][]> {
  const printed = await onNode(node, pictureProgram(node));
  return printed.split('\n').map((line) => {
    const at = line.indexOf('\t');
    if (at < 0) throw new Error(`${node} printed a line of its picture without a value: ${line}`);
    return [`${node} ${line.slice(0, at)}`, line.slice(at + 1)];
  });
}

async function caughtUp(): Promise<void> {
  const asked = (node: string, query: string) => onNode(node, `cd / && runuser -u postgres -- psql -XtAc "${query}"`);
  await waitFor('the standby has replayed everything', async () => {
    const written = await asked('n1', 'SELECT pg_current_wal_lsn()');
    return (await asked('n2', `SELECT pg_last_wal_replay_lsn() >= '${written}'`)) === 't';
  });
}

async function asBatonTells(): Promise<[string, string][]> {
  const { document } = await batonJson<ClusterDocument>('cluster', 'show', 'lab');
  const { failover, portal } = document;
  return [
    ['cluster failover', failover.state],
    ['cluster held by', document.run ?? 'nobody'],
    ['cluster portal', `${portal.status} ${portal.version}`],
    ...document.nodes.map(({ name, is, state, version, agent }): [string, string] => [
      `cluster ${name}`,
      [is, state, version, agent].join(' '),
    ]),
  ];
}

/** The record that a suspension of failover leaves in an agent's ledger until failover is armed. */
async function suspensions(): Promise<[string, string][]> {
  const state = /state (\S+)/.exec(await lab('status'))?.[1] ?? '';
  return nodes.flatMap((node): [string, string][] => {
    const path = join(state, 'nodes', node, 'root/var/lib/baton-agent/ledger.sqlite');
    if (!existsSync(path)) throw new Error(`${node} has no ledger at ${path}`);
    const file = new DatabaseSync(path, { readOnly: true, timeout: 5_000 });
    try {
      const rows = file.prepare('SELECT record FROM suspension').all();
      return rows.map((row) => [`${node} suspension`, String(row.record)]);
    } finally {
      file.close();
    }
  });
}

/** What may differ, each with its reason. */
export interface Named {
  key: RegExp;
  reason: string;
  /** What of the value must be the same all the same, of one that is not there nothing; absent: nothing at all. */
  but?: (value: string) => string;
}

/** Until `run finalize` the database that the upgrade has changed is kept, on both nodes. */
export const setAside: Named = {
  key: /^n[12] (database|setting of) baton-aside-/,
  reason: 'the database that was set aside, until baton run finalize',
};

/** A sentence for each key on which two pictures differ and that no reason is named for. Pure. */
export function differences(before: Picture, after: Picture, named: Named[] = []): string[] {
  const keys = [...new Set([...before.keys(), ...after.keys()])].sort();
  const isNamed = (key: string) =>
    named.some((one) => one.key.test(key) && isSameBut(before.get(key), after.get(key), one.but));
  return keys
    .filter((key) => before.get(key) !== after.get(key) && !isNamed(key))
    .map((key) => `${key}: ${before.get(key) ?? 'not there'} → ${after.get(key) ?? 'not there'}`);
}

function isSameBut(before: string | undefined, after: string | undefined, but: Named['but']): boolean {
  if (but === undefined) return true;
  return but(before ?? '') === but(after ?? '');
}

/** The differences that are left once what goes on by itself has settled. */
export async function differencesFrom(before: Picture, named: Named[] = []): Promise<string[]> {
  let left: string[] = [];
  const isSettled = async () => {
    left = differences(before, await takePicture(), named);
    return left.length === 0;
  };
  await waitFor('nothing differs any more', isSettled, settlesWithinMs).catch((error: unknown) => {
    if (left.length === 0) throw error;
  });
  return left;
}
