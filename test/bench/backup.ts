// How long a backup takes beside the raw tool: on a node of the lab, through a real agent, which makes a part that can be
// believed (sums, manifest, all of it synced), and beside it what an operator would type. Removes what it made.

import type { Action } from '../../shared/actions/action.ts';
import { type Key, unitOfKey } from '../../shared/key.ts';
import { type NodeAgent, startNodeAgent } from '../lab/agent-node.ts';
import { onNode } from '../lab/lab.ts';
import { type Figures, measureBeside } from './beside.ts';

export interface BackupSizes {
  rounds: number;
  files: number;
  filesMb: number;
  databaseMb: number;
  jobs: number;
}

const ratioMax = 1.2;
const directory = '/var/tmp/baton-bench';
const tree = '/srv/baton-bench';
const raw = '/var/tmp/baton-bench-raw';
const database = 'batonbench';
const timeoutMs = 600_000;

const psql = (node: string, name: string, sql: string) =>
  onNode(node, `cd / && runuser -u postgres -- psql -X -q -A -t -v ON_ERROR_STOP=1 -d ${name} -c "${sql}"`);

/** Files of all sizes, as a tree of attachments and logs has them: most small, a few large, half of it incompressible. */
const makeTree = ({ files, filesMb }: BackupSizes) => `
import os, random
random.seed(4)
weights = [random.lognormvariate(0, 1.5) for _ in range(${files})]
line = b"A line of a log, as there are many of them.\\n"
for number, weight in enumerate(weights):
    folder = f"${tree}/{number % 100:02d}/{number % 7}"
    os.makedirs(folder, exist_ok=True)
    half = int(${filesMb} * 5e5 * weight / sum(weights))
    with open(f"{folder}/{number}", "wb") as file:
        file.write(os.urandom(half))
        file.write(line * (half // len(line) + 1))
`;

/** A row has about 1 kB, three quarters of it text that compresses little. */
const fillDatabase = ({ databaseMb }: BackupSizes) =>
  'CREATE SCHEMA apolo; CREATE TABLE apolo.task (id int PRIMARY KEY, body text); CREATE TABLE apolo.request (id int PRIMARY KEY, subject text, body text); ' +
  ['apolo.request (id, body, subject)', 'apolo.task (id, body)']
    .map(
      (table, index) =>
        `INSERT INTO ${table} SELECT i, (SELECT string_agg(md5((i * 31 + k)::text), '') FROM generate_series(1, 24) k) || repeat('as before. ', 20)` +
        `${index === 0 ? ", 'Request ' || i" : ''} FROM generate_series(1, ${Math.round(databaseMb * 450)}) i`,
    )
    .join('; ');

/** A line in a node, timed there: what it takes to get into the node doesn't count. */
async function timed(node: string, line: string): Promise<number> {
  const said = await onNode(node, `set -e; s=$(date +%s%N); ${line}; e=$(date +%s%N); echo "took $(((e - s) / 1000))"`);
  const us = Number(/^took (\d+)$/m.exec(said)?.[1]);
  if (!(us > 0)) throw new Error(`it did not say how long it took:\n${said}`);
  return us / 1000;
}

/** A backup through the agent, from the command to its outcome. */
async function backUp(agent: NodeAgent, action: Action, key: Key): Promise<number> {
  const startedMs = performance.now();
  const outcome = await agent.act(key, action, timeoutMs);
  const tookMs = performance.now() - startedMs;
  if (outcome.verdict !== 'succeeded') throw new Error(`${unitOfKey(key)}: ${JSON.stringify(outcome.failure)}`);
  return tookMs;
}

/** Nothing of the last measurement is left, neither on the disk nor on its way there. */
const clear = (node: string) => onNode(node, `rm -rf ${directory}/* ${raw}; mkdir -p ${raw}; sync`);

async function onAgent<T>(node: string, policy: string, measure: (agent: NodeAgent) => Promise<T>): Promise<T> {
  await onNode(node, `rm -rf ${directory} ${raw}`);
  const agent = await startNodeAgent(node, policy);
  try {
    return await measure(agent);
  } finally {
    await onNode(node, `rm -rf ${directory} ${raw} ${tree}`);
    await agent.remove();
  }
}

async function files(sizes: BackupSizes, run: string): Promise<Figures> {
  const node = 'n3';
  return await onAgent(node, `backups: { directory: ${directory}, paths: [${tree}] }`, async (agent) => {
    await onNode(node, `rm -rf ${tree}; python3 -c '${makeTree(sizes)}' && sync`);
    const at = { directory, backup: run, part: 'application' };
    const action: Action = { kind: 'backUpFiles', ...at, paths: [tree], excludes: [], units: [] };
    const baton = async (round: number) => {
      await clear(node);
      return await backUp(agent, action, { run, step: 'files', phase: 'do', attempt: round });
    };
    const tar = async () => {
      await clear(node);
      return await timed(node, `tar -cf ${raw}/tree.tar -C ${tree} .; sync ${raw}/tree.tar`);
    };
    const what = `${sizes.filesMb} MB in ${sizes.files} files`;
    await tar();
    return await measureBeside(
      what,
      [
        { name: 'backUpFiles', take: baton },
        { name: 'tar -cf, sync', take: tar },
      ],
      sizes.rounds,
      ratioMax,
    );
  });
}

async function databases(sizes: BackupSizes, run: string): Promise<Figures> {
  const node = 'n1';
  const dropped = () => psql(node, 'postgres', `DROP DATABASE IF EXISTS ${database} WITH (FORCE)`);
  // A machine that is busy dumping must not be taken for one that is gone.
  await onNode('n3', 'systemctl stop ha');
  try {
    const policy = `database: { names: [${database}] }\nbackups: { directory: ${directory} }`;
    return await onAgent(node, policy, async (agent) => {
      await dropped();
      await psql(node, 'postgres', `CREATE DATABASE ${database}`);
      await psql(node, database, fillDatabase(sizes));
      await psql(node, database, 'VACUUM ANALYZE');
      await psql(node, database, 'CHECKPOINT');
      const bytes = Number(await psql(node, database, 'SELECT pg_database_size(current_database())'));
      const parity = ['apolo.request', 'apolo.task'];
      const action: Action = {
        ...{ kind: 'backUpDatabase', directory, backup: run },
        ...{ database, jobs: sizes.jobs, parity },
      };
      const baton = async (round: number) => {
        await clear(node);
        return await backUp(agent, action, { run, step: 'database', phase: 'do', attempt: round });
      };
      const dump = async () => {
        await clear(node);
        const line = `cd / && runuser -u postgres -- pg_dump -Fd -j ${sizes.jobs} -f ${raw}/dump ${database}`;
        await onNode(node, `chown postgres ${raw}`);
        return await timed(node, `${line}; find ${raw} -exec sync -- {} +`);
      };
      await dump();
      return await measureBeside(
        `database of ${Math.round(bytes / 1e6)} MB`,
        [
          { name: 'backUpDatabase', take: baton },
          { name: `pg_dump -Fd -j ${sizes.jobs}, sync`, take: dump },
        ],
        sizes.rounds,
        ratioMax,
      );
    });
  } finally {
    await dropped();
    await onNode('n3', 'systemctl start ha');
  }
}

export async function measureBackups(sizes: BackupSizes): Promise<Figures[]> {
  // systemd remembers the units of an earlier run.
  const run = `bench-${Date.now().toString(36)}`;
  const measured: Figures[] = [];
  if (sizes.filesMb > 0) measured.push(await files(sizes, run));
  if (sizes.databaseMb > 0) measured.push(await databases(sizes, run));
  return measured;
}
