// One upgrade in the lab that is brought to a step and fails there, and its rollback: the cluster is compared with what it
// was before. What a rollback sets aside is compared as well, and given up afterwards.
import { randomUUID } from 'node:crypto';
import { endpointOf } from '../../coordinator/cli/address.ts';
import { connectOperator, type OperatorClient } from '../../coordinator/cli/client.ts';
import { followLimits, followRun } from '../../coordinator/cli/follow.ts';
import type { RunDocument, WatchDocument } from '../../shared/documents.ts';
import type { Result } from '../../shared/failures.ts';
import { baton, batonJson, lab, labAddress, onNode, setInstaller, waitFor } from '../lab/lab.ts';
import { showRun, startDatabaseUpgrade, startUpgrade } from '../lab/scenario.ts';
import type { Failing } from './failings.ts';
import { differencesFrom, type Picture, setAside } from './picture.ts';
import { afterFinalize, ofServers } from './picture-servers.ts';

export interface WentBack {
  failing: Failing;
  /** Where the run really stood, in words. */
  stood: string;
  /** Until the run stood, with what was planted and mended. */
  runMs: number;
  rollbackMs: number;
  /** Of comparing the cluster with what it was, and of giving up what was kept. */
  comparingMs: number;
  /** Of the rollback alone. */
  portalDownMs: number | undefined;
  /** What was killed, and how often somebody had to say `retry`. */
  kills: number;
  retries: number;
  /** One for each key, empty when the cluster is as it was; a rollback that came to no end is one too. */
  differences: string[];
}

const standsWithinMs = 400_000;
const retriesMax = 8;

/** The cluster has to be in its steady state, and is left in it when nothing differs. */
export async function goBack(failing: Failing, before: Picture): Promise<WentBack> {
  const client = connectHere();
  const startedMs = performance.now();
  try {
    await setInstaller(['n1', 'n2'], { DURATION_S: 2 });
    if (failing.installer) await setInstaller([failing.installer.node], failing.installer.settings);
    const run = await bringTo(failing, client);
    await setInstaller(['n1', 'n2'], { DURATION_S: 2 });
    const stood = run.halt === undefined ? `${run.status}: ${run.message}` : `${run.halt.item}: ${run.halt.message}`;
    const at = whereWrong(failing, run);
    if (at !== undefined) throw new Error(`the run was to stand at ${failing.step}, but ${at}\n${stood}`);
    const runMs = Math.round(performance.now() - startedMs);
    return { failing, stood, runMs, ...(await takeBack(run.id, failing, before, client)) };
  } finally {
    client.close();
  }
}

/** Undefined when the run stands where it was to stand. */
function whereWrong({ step, succeeds, isPaused }: Failing, run: RunDocument): string | undefined {
  if (succeeds) return run.status === 'succeeded' ? undefined : `it is ${run.status}`;
  const { status } = run.steps.find(({ id }) => id === step) ?? {};
  if (isPaused) return run.halt !== undefined && status === 'succeeded' ? undefined : `the step is ${status}`;
  const failed = run.halt?.item ?? run.steps.find((one) => one.status === 'failed' || one.status === 'unknown')?.id;
  return failed === step ? undefined : `stands at ${failed}`;
}

async function bringTo({ plant, isPaused, step, database }: Failing, client: OperatorClient): Promise<RunDocument> {
  await plant?.look?.();
  if (plant?.when === undefined) await plant?.plant();
  let isPlanted = plant?.when === undefined;
  try {
    const run = database ? await startDatabaseUpgrade(database.mode, database.standby) : await startUpgrade();
    if (isPaused) return await pausedDuring(run, step, client);
    if (plant?.when !== undefined) {
      await plant.when();
      await plant.plant();
      isPlanted = true;
    }
    return await stands(run, client);
  } finally {
    if (isPlanted) await plant?.mend();
  }
}

/** Followed over one stream: the command line, asked again and again, would take what the machines need. */
async function stands(run: string, client: OperatorClient): Promise<RunDocument> {
  const listener = { event: () => undefined, lost: () => undefined, found: () => undefined };
  let answer: Result<RunDocument> | undefined;
  const following = followRun(client, run, 0, listener).then((ended) => {
    answer = ended;
  });
  const ended = waitFor(`run ${run} leaves running`, async () => answer, standsWithinMs);
  const followed = await Promise.race([ended, following.then(() => ended)]);
  if (!followed.ok) throw new Error(followed.failure.message);
  return followed.value;
}

async function pausedDuring(run: string, step: string, client: OperatorClient): Promise<RunDocument> {
  let asked: Promise<unknown> | undefined;
  const followed = await followRun(client, run, 0, {
    event({ event }: WatchDocument) {
      // Said while its conditions are read it stands before the step.
      if (event?.item !== step || event.type !== 'StepStarted') return;
      const request = { run, decision: 'pause', reason: 'to go back from here', requestId: randomUUID() };
      asked ??= client.call('decideRun', request);
    },
    lost: () => undefined,
    found: () => undefined,
  });
  await asked;
  if (!followed.ok) throw new Error(followed.failure.message);
  return followed.value;
}

type TakenBack = Omit<WentBack, 'failing' | 'stood' | 'runMs'>;

async function takeBack(run: string, failing: Failing, before: Picture, client: OperatorClient): Promise<TakenBack> {
  const startedMs = performance.now();
  const started = await batonJson<{ run: string }>('run', 'rollback', run, '--yes', '--detach');
  if (started.exitCode !== 0) throw new Error(`run rollback ${run}: exit ${started.exitCode}\n${started.stderr}`);
  const rollback = started.document.run;
  const kills = await underKills(rollback, failing.kills ?? [], client);
  const rollbackMs = Math.round(performance.now() - startedMs);
  const ended = await showRun(rollback);
  const original = await showRun(run);
  const statuses = [ended, original].flatMap(({ id, status, message }) =>
    status === 'rolled-back' ? [] : [`run ${id}: rolled-back → ${status}: ${message}`],
  );
  const named = [setAside, ...(failing.database ? ofServers(failing.database) : [])];
  const kept = await differencesFrom(before, named);
  const left = await finalized(ended, before, failing);
  return {
    ...{ rollbackMs, portalDownMs: ended.portal?.downMs },
    comparingMs: Math.round(performance.now() - startedMs) - rollbackMs,
    ...kills,
    differences: [...statuses, ...kept, ...left],
  };
}

/** Nothing at all differs once what was kept is given up, but what no copy of a server can bring back. */
async function finalized({ id, plan, steps }: RunDocument, before: Picture, { database }: Failing): Promise<string[]> {
  const aside = "SELECT count(*) FROM pg_database WHERE datname LIKE 'baton-aside-%'";
  const hasAside = (await onNode('n1', `cd / && runuser -u postgres -- psql -XtAc "${aside}"`)) !== '0';
  const hasServers = plan === 'rollback' && steps.some((step) => step.id === 'verify.servers');
  if (!hasAside && !hasServers) return [];
  const ended = await baton('run', 'finalize', id, '--yes');
  if (ended.exitCode !== 0) return [`run finalize ${id}: exit ${ended.exitCode}: ${ended.stderr}`];
  const left = await differencesFrom(before, database ? afterFinalize(database) : []);
  return left.map((difference) => `after run finalize: ${difference}`);
}

/** Follows a rollback to its end, kills at its items, and says `retry` where it stands. */
async function underKills(run: string, planned: { target: string; item: string }[], client: OperatorClient) {
  const open = [...planned];
  let work: Promise<void> = Promise.resolve();
  let kills = 0;
  for (let retries = 0; ; retries += 1) {
    const followed = await followRun(
      client,
      run,
      0,
      {
        event({ event }: WatchDocument) {
          const at = open.findIndex(({ item }) => item === event?.item);
          const [next] = at < 0 ? [] : open.splice(at, 1);
          if (next === undefined) return;
          work = work.then(() => kill(next.target));
          work.catch(() => undefined);
          kills += 1;
        },
        lost: () => undefined,
        found: () => undefined,
      },
      { ...followLimits, patienceMs: 90_000 },
    );
    await work;
    if (!followed.ok) throw new Error(followed.failure.message);
    const { endedAt, halt } = followed.value;
    if (endedAt !== undefined) return { kills, retries };
    if (retries >= retriesMax || planned.length === 0)
      throw new Error(`the rollback ${run} stands at ${halt?.item}: ${halt?.message}\n${halt?.evidence}`);
    await baton('run', 'retry', run, '--detach', '--reason', 'killed on purpose');
    // Followed from its beginning again, the halt that is over would end it.
    await waitFor(`${run} goes on`, async () => (await showRun(run)).head.sequence > followed.value.head.sequence);
  }
}

async function kill(target: string): Promise<void> {
  if (target === 'coordinator') {
    await lab('coordinator', 'kill');
    await lab('coordinator', 'start');
  } else await onNode(target, 'systemctl kill --kill-whom=main --signal=KILL baton-agent || true');
}

function connectHere(): OperatorClient {
  const endpoint = endpointOf({ address: labAddress });
  if (!endpoint.ok) throw new Error(endpoint.failure.message);
  return connectOperator(endpoint.value);
}
