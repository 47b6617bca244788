// What an agent's process does to its simulated machine. Each kind of action has its effect here; a new kind that has
// none does not compile. Effects take time and come one by one, so that a death in the middle leaves a part of them.
import type { ActionContext, Ended } from '../../../agent/actions/context.ts';
import { clearSuspension, readSuspension, writeSuspension } from '../../../agent/ledger/suspension.ts';
import type { Machine } from '../../../agent/machine.ts';
import type { Policy } from '../../../agent/policy/policy.ts';
import type { ReadAction } from '../../../coordinator/checks/check.ts';
import { type Action, type Answer, actionClasses } from '../../../shared/actions/action.ts';
import { isJob, type JobAction } from '../../../shared/actions/jobs/job.ts';
import { type FailureCode, fail, failure, ok, type Result } from '../../../shared/failures.ts';
import { unitOfKey } from '../../../shared/key.ts';
import { profile } from '../../unit/plans/compiled.ts';
import { abandonJob, answerOfJob } from './backups.ts';
import { installedMajors } from './databases.ts';
import type { Director } from './director.ts';
import type { SimNode } from './node.ts';
import type { SimProcess } from './process.ts';
import { readingsOf } from './readings.ts';
import { clientsAddress, cluster, type World } from './world.ts';

const unitMs = 200;
const actMs = 300;
const staysActiveMs = 1_500;
const lookMs = 250;
const appearsWithinMs = 2_000;

const policy: Policy = {
  file: '/etc/baton/agent.yaml',
  units: [
    ...[...cluster.application.units, cluster.web.unit, cluster.files.unit, cluster.database.unit],
    ...installedMajors.map((major) => `postgresql@${major}-main`),
  ],
  observerUnits: cluster.observer.units,
  paths: ['/opt'],
  testFilePaths: ['/opt'],
  database: {
    ...{ names: [cluster.database.name], user: 'postgres', socketDirectory: '/run/postgresql', port: 5432 },
    ...{ restore: true, upgrade: true, queriesDirectory: '/etc/baton/queries', queries: [] },
  },
  ha: { directory: '/opt/HA', scripts: ['master.sh'], settings: [{ file: '/opt/HA/conf/ha.conf' }] },
  addresses: [clientsAddress],
  mergeFiles: { root: cluster.files.root, from: cluster.nodes.map(({ address }) => address) },
  peers: cluster.nodes.map(({ address }) => address),
  installers: true,
  urls: [new URL(cluster.application.portal.url).origin],
  secretFiles: ['/etc/baton/ticket-token'],
  hooksDirectory: '/etc/baton/hooks',
  hooks: ['vm-snapshot'],
  backups: { directory: '/var/backups/baton', paths: ['/opt', '/etc/nginx', '/etc/haproxy'], restore: true },
};

type Mutating = Exclude<Action, ReadAction>;
const isReading = (action: Action): action is ReadAction => actionClasses[action.kind] === 'read';

export function simMachine(node: SimNode, world: World, process: SimProcess, director: Director): Machine {
  /** The epoch under which the ledger has an attempt. */
  const epochOf = (context: ActionContext): number =>
    Number(context.ledger.sql('SELECT epoch FROM attempts WHERE key = ?').get(keyText(context))?.epoch ?? 0);

  const readings = readingsOf(node, world);

  const carryOut = async (action: Mutating, context: ActionContext): Promise<Ended<Answer>> => {
    const what = `${action.kind} ${context.key.step} ${context.key.phase}`;
    director.at(`start ${what}`, 'before', [], node.name);
    process.alive();
    if (!isJob(action)) node.note('start', context.key, action.kind, epochOf(context));
    director.at(`start ${what}`, 'after', [], node.name);
    process.alive();
    const hangMs = isJob(action) ? 0 : node.hang();
    if (hangMs > 0) {
      const left = Math.max(0, context.deadlineMs - context.clock.monotonicMs());
      await context.clock.sleep(Math.min(hangMs, left), context.signal);
      process.alive();
    }
    const isOver = context.clock.monotonicMs() >= context.deadlineMs;
    const ended = isOver ? fail('timeout', `${action.kind} took too long`) : await effect(action, context);
    process.alive();
    director.at(`end ${what}`, 'before', [], node.name);
    process.alive();
    if (!isJob(action)) node.note('end', context.key, action.kind);
    director.at(`end ${what}`, 'after', [], node.name);
    process.alive();
    return ended;
  };

  /** Time in which nothing of the action happens; fails when it was settled meanwhile. */
  const pause = async (context: ActionContext, ms: number): Promise<Result<void>> => {
    await context.clock.sleep(ms, context.signal);
    process.alive();
    return context.signal.aborted ? fail('command-killed', 'the attempt was settled') : ok(undefined);
  };

  const setUnits = async (units: string[], isActive: boolean, context: ActionContext): Promise<Result<void>> => {
    for (const unit of units) {
      const waited = await pause(context, unitMs);
      if (!waited.ok) return waited;
      node.setActive(unit, isActive);
    }
    return ok(undefined);
  };

  const effect = async (action: Mutating, context: ActionContext): Promise<Ended<Answer>> => {
    if (isJob(action)) return await startJob(action, context);
    const { kind } = action;
    if (world.takeFailure(context.key.step)) {
      const waited = await pause(context, actMs);
      return waited.ok ? fail('command-failed', `${kind} ended with 1`) : waited;
    }
    switch (kind) {
      case 'stopUnits':
      case 'startUnits': {
        const done = await setUnits(action.units, kind === 'startUnits', context);
        return done.ok ? ok({ kind, units: node.states(action.units, context.clock.nowMs()) }) : done;
      }
      case 'standDown': {
        const done = await setUnits(action.units, false, context);
        if (!done.ok) return done;
        for (const unit of action.units) node.unit(unit).isEnabled = false;
        node.addresses.delete(action.address);
        const units = node.states(action.units, context.clock.nowMs());
        return ok({ kind, units, addresses: [...node.addresses] });
      }
      case 'suspendFailover': {
        const nowMs = context.clock.nowMs();
        const known = readSuspension(context.ledger);
        writeSuspension(context.ledger, {
          run: context.key.run,
          units: known?.units ?? action.units.map((unit) => ({ unit, unitFileState: 'enabled' })),
          suspendedAtMs: known?.suspendedAtMs ?? nowMs,
          deadlineMs: nowMs + action.leaseMs,
          alarmedAtMs: 0,
        });
        for (const unit of action.units) {
          const waited = await pause(context, unitMs);
          if (!waited.ok) return waited;
          node.setActive(unit, false);
          node.unit(unit).isMasked = true;
        }
        return ok({ kind, ...readings.failover(action.units, context) });
      }
      case 'armFailover': {
        for (const unit of action.units) {
          node.unit(unit).isMasked = false;
          node.setActive(unit, true);
        }
        const waited = await pause(context, staysActiveMs);
        if (!waited.ok) {
          for (const unit of action.units) {
            node.setActive(unit, false);
            node.unit(unit).isMasked = true;
          }
          return waited;
        }
        clearSuspension(context.ledger);
        return ok({ kind, ...readings.failover(action.units, context) });
      }
      case 'stageRelease': {
        const waited = await pause(context, actMs);
        if (!waited.ok) return waited;
        node.staged ??= { isExecutable: false };
        return ok(readings.release(action, kind));
      }
      case 'makeExecutable': {
        const waited = await pause(context, actMs);
        if (!waited.ok) return waited;
        if (node.staged === undefined) return fail('not-in-state', 'the installer is not staged');
        node.staged.isExecutable = true;
        return ok(readings.release(action, kind));
      }
      case 'writeTestFile':
      case 'removeTestFile': {
        const waited = await pause(context, actMs);
        if (!waited.ok) return waited;
        if (kind === 'writeTestFile') world.files.set(action.path, action.content);
        else world.files.delete(action.path);
        return ok({ ...readings.file(action.path), kind });
      }
      case 'sendRequest': {
        const waited = await pause(context, actMs);
        if (!waited.ok) return waited;
        const value = send(action);
        if (value === undefined) return fail('command-failed', 'the portal answered 502');
        return ok({ kind, status: action.expectStatus[0] ?? 200, value, elapsedMs: 12, bodyStart: '' });
      }
      default:
        return kind satisfies never;
    }
  };

  /** Undefined where no database takes it. */
  const send = ({ method, url, body }: Extract<Action, { kind: 'sendRequest' }>): string | undefined => {
    if (!world.takesWrites()) return undefined;
    if (method === 'DELETE') {
      world.removeTicket(new URL(url).pathname.split('/').at(-1) ?? '');
      return '';
    }
    return world.makeTicket((JSON.parse(body) as { subject: string }).subject);
  };

  const startJob = async (action: JobAction, context: ActionContext): Promise<Ended<Answer>> => {
    // Its folder is there already: somebody has started it.
    if (node.units.has(unitOfKey(context.key))) return fail('lost', 'it was started before, how it ended is not known');
    if (action.kind === 'runInstaller' && node.staged?.isExecutable !== true)
      return fail('not-in-state', 'the installer is not staged');
    if (context.signal.aborted) return fail('command-killed', 'settled before it was started');
    node.startJob(action, context.key, epochOf(context), context.timeoutMs);
    return await attach(action, context);
  };

  /** As agent/jobs/attach-job.ts follows a unit to its end. */
  const attach = async (action: JobAction, context: ActionContext): Promise<Ended<Answer>> => {
    let absentMs = 0;
    for (;;) {
      const unit = node.units.get(unitOfKey(context.key));
      const job = { exitCode: unit?.status ?? -1, elapsedMs: 0, logFile: '/log', logBytes: 0, lastLines: '' };
      const answer = answerOfJob(action, node, { ...job, unit: unitOfKey(context.key) });
      const badly = (code: FailureCode, message: string): Ended<Answer> => {
        if (code !== 'lost') abandonJob(action, node, world);
        return { ok: false, failure: failure(code, message), answer };
      };
      if (unit?.status === 0) return ok(answer);
      if (unit?.status !== undefined) return badly('command-failed', `${action.kind} ended with 1`);
      if (unit?.isLoaded && !unit.isRunning)
        return badly(unit.result === 'timeout' ? 'timeout' : 'command-killed', `ended: ${unit.result}`);
      if (unit === undefined || !unit.isLoaded) {
        if (absentMs >= appearsWithinMs)
          return context.signal.aborted
            ? badly('command-killed', 'ended when its attempt was settled')
            : badly('lost', 'its unit is gone and left no exit status');
        absentMs += lookMs;
      }
      await context.clock.sleep(lookMs);
      process.alive();
    }
  };

  return {
    loadPolicy: async () => ok(policy),
    profileOf: () => profile,
    runAction: (action, context) =>
      isReading(action) ? readings.read(action, context) : carryOut(action as Mutating, context),
    attachJob: attach,
    observeUnits: async (units) => node.states(units, process.clock.nowMs()),
    units: {
      async readStanding(name) {
        const unit = node.units.get(name);
        const hasFailed = unit !== undefined && unit.result !== 'success';
        return ok({
          isLoaded: unit?.isLoaded ?? false,
          activeState: unit?.isLoaded ? (hasFailed ? 'failed' : 'active') : 'inactive',
          subState: unit?.isRunning ? 'running' : hasFailed ? 'failed' : 'exited',
          result: unit?.result ?? '',
          exitStatus: unit?.status ?? 0,
          isEmpty: !(unit?.isRunning ?? false),
        });
      },
      async stopUnit(name) {
        process.alive();
        node.endUnit(name);
        const unit = node.units.get(name);
        if (unit !== undefined) unit.isLoaded = false;
        return true;
      },
      async collectUnit(name) {
        process.alive();
        const unit = node.units.get(name);
        if (unit?.isRunning) return failure('refused-busy', `${name} still has processes`);
        if (unit !== undefined) unit.isLoaded = false;
        return undefined;
      },
    },
  };
}

const keyText = ({ key }: ActionContext): string => `${key.run}/${key.step}/${key.phase}/${key.attempt}`;
