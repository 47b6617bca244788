// `baton-agent status`: what this node knows without any coordinator. Only reads.
import { readdirSync } from 'node:fs';
import { isJob } from '../../shared/actions/jobs/job.ts';
import { systemClock } from '../../shared/clock.ts';
import { fail, ok, type Result } from '../../shared/failures.ts';
import { formatKey, unitOfKey } from '../../shared/key.ts';
import { formatDuration } from '../../shared/units.ts';
import { readIdentity } from '../enrol/identity-files.ts';
import { observeUnits } from '../failover/observer.ts';
import { ledgerOf } from '../ledger/ledger.ts';
import { ledgerPath, openLedgerForReading } from '../ledger/ledger-file.ts';
import { readSuspension } from '../ledger/suspension.ts';
import { readConnection } from '../link/connection-file.ts';
import { errorCode, failureOfSystemCall, isNoSpace } from '../platform/system-error.ts';
import { describeState, isArmed } from '../platform/unit-states.ts';
import { loadPolicy } from '../policy/load-policy.ts';

/** Shape of `status --json`. Times are ISO 8601. */
export interface StatusDocument {
  schema: 1;
  /** Empty while the node has not joined. */
  node: string;
  role: string;
  agent: { running: boolean; connectedTo?: string; connectedSince?: string; lostSince?: string; reason?: string };
  hold: { held: boolean; since?: string };
  /** `unit`: the transient unit in which it runs, where it has one. */
  running?: { key: string; kind: string; startedAt: string; unit?: string };
  lastAction?: { key: string; verdict: string; startedAt: string; elapsedMs: number; message: string };
  /** Outcomes that no coordinator has confirmed. */
  waiting: number;
  failover: {
    /** `none`: this node carries no observer. */
    state: 'armed' | 'suspended' | 'not armed' | 'unknown' | 'none';
    since?: string;
    deadline?: string;
    run?: string;
    units: string[];
  };
  policy: { file: string; problem?: string };
}

/** What the state folder says; a failure where it cannot be read, since nothing would look like what was never there. */
export async function readStatus(stateDirectory: string, policyFile: string): Promise<Result<StatusDocument>> {
  try {
    return await readState(stateDirectory, policyFile);
  } catch (error) {
    // To be read the ledger needs a little room, unless the agent has it open.
    if (!isNoSpace(error)) throw error;
    return fail('no-space', `no room in ${stateDirectory}: the agent starts once there is some; free disk space there`);
  }
}

async function readState(stateDirectory: string, policyFile: string): Promise<Result<StatusDocument>> {
  try {
    readdirSync(stateDirectory);
  } catch (error) {
    if (errorCode(error) === 'EACCES')
      return fail('unauthorized', `${stateDirectory} cannot be opened; run it as root`);
    if (errorCode(error) !== 'ENOENT') return { ok: false, failure: failureOfSystemCall(error, stateDirectory) };
  }
  const identity = readIdentity(stateDirectory);
  const connection = readConnection(stateDirectory);
  const file = openLedgerForReading(ledgerPath(stateDirectory));
  const ledger = file && ledgerOf(file);
  const running = ledger?.unfinished()[0];
  const last = ledger?.lastFinished();
  const heldSinceMs = ledger?.heldSinceMs();
  const policy = await loadPolicy(policyFile);
  const suspension = file && readSuspension(file);
  const observerUnits = [
    ...new Set([
      ...(policy.ok ? policy.value.observerUnits : []),
      ...(suspension?.units ?? []).map(({ unit }) => unit),
    ]),
  ];
  const states = await observeUnits(observerUnits);
  const isHere = (states ?? []).some((state) => state.loadState !== 'not-found');
  const document: StatusDocument = {
    schema: 1,
    node: identity?.name ?? '',
    role: identity?.role ?? '',
    agent: {
      running: connection !== undefined,
      ...(connection?.connectedSinceMs === undefined
        ? {}
        : { connectedTo: connection.coordinator ?? '', connectedSince: iso(connection.connectedSinceMs) }),
      ...(connection?.lostSinceMs === undefined
        ? {}
        : { lostSince: iso(connection.lostSinceMs), reason: connection.reason ?? '' }),
    },
    hold: heldSinceMs === undefined ? { held: false } : { held: true, since: iso(heldSinceMs) },
    ...(running === undefined
      ? {}
      : {
          running: {
            key: formatKey(running.key),
            kind: running.action?.kind ?? '',
            startedAt: iso(running.startedAtMs),
            ...(running.action !== undefined && isJob(running.action) ? { unit: unitOfKey(running.key) } : {}),
          },
        }),
    ...(last === undefined
      ? {}
      : {
          lastAction: {
            key: last.key,
            verdict: last.outcome.verdict,
            startedAt: iso(last.outcome.startedAtMs),
            elapsedMs: last.outcome.elapsedMs,
            message: last.outcome.failure?.message ?? '',
          },
        }),
    waiting: ledger?.outbox().length ?? 0,
    failover: {
      state: stateOf(),
      ...(suspension === undefined
        ? {}
        : { since: iso(suspension.suspendedAtMs), deadline: iso(suspension.deadlineMs), run: suspension.run }),
      units: (states ?? []).map(describeState),
    },
    policy: { file: policyFile, ...(policy.ok ? {} : { problem: policy.failure.message }) },
  };
  file?.close();
  return ok(document);

  function stateOf(): StatusDocument['failover']['state'] {
    if (states === undefined) return 'unknown';
    if (isArmed(states)) return 'armed';
    if (suspension !== undefined) return 'suspended';
    return isHere ? 'not armed' : 'none';
  }
}

/** For people. */
export function printStatus(status: StatusDocument): string {
  const { agent, failover, running, lastAction } = status;
  const ago = (at: string) => `${formatDuration(Math.max(0, systemClock.nowMs() - Date.parse(at)))} ago`;
  const connected = () => {
    if (!agent.running) return 'not running';
    if (agent.connectedSince !== undefined) return `connected to ${agent.connectedTo} since ${agent.connectedSince}`;
    return agent.lostSince === undefined
      ? 'running, not connected'
      : `not connected since ${agent.lostSince}: ${agent.reason}`;
  };
  const overdue = failover.deadline !== undefined && Date.parse(failover.deadline) < systemClock.nowMs();
  const lines: [string, string][] = [
    ['node', status.node === '' ? 'not joined' : `${status.node} (${status.role})`],
    ['agent', connected()],
    ['hold', status.hold.held ? `on hold since ${status.hold.since}: new actions are refused` : 'no'],
    [
      'running',
      running === undefined
        ? 'nothing'
        : `${running.key} (${running.kind})${running.unit === undefined ? '' : ` in ${running.unit}`}, started ${ago(running.startedAt)}`,
    ],
    [
      'last action',
      lastAction === undefined
        ? 'none'
        : `${lastAction.key}: ${lastAction.verdict}, started ${ago(lastAction.startedAt)}, took ${formatDuration(lastAction.elapsedMs)}${lastAction.message === '' ? '' : `\n  ${lastAction.message}`}`,
    ],
    ['unconfirmed', `${status.waiting} outcome(s) wait for a coordinator`],
    [
      'failover',
      failover.state === 'suspended'
        ? `SUSPENDED since ${failover.since} by run ${failover.run}, until ${failover.deadline}${overdue ? ' (OVERDUE)' : ''}`
        : failover.state === 'none'
          ? 'this node carries no observer'
          : failover.state,
    ],
    ...failover.units.filter(() => failover.state !== 'none').map((unit): [string, string] => ['', unit]),
    ['policy', status.policy.problem === undefined ? status.policy.file : `UNUSABLE: ${status.policy.problem}`],
  ];
  return lines.map(([name, value]) => `${name.padEnd(12)} ${value}`).join('\n');
}

const iso = (ms: number): string => new Date(ms).toISOString();
