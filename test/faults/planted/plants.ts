// The planted bugs, the most dangerous first. Each is a line that somebody could really get wrong.
import type { Plant } from './plant.ts';

export const plants: readonly Plant[] = [
  {
    name: 'skip-the-fsync-of-the-journal',
    file: 'coordinator/bus/embedded.ts',
    find: '  sync_interval: always',
    replace: '  sync_interval: 2m',
    says: 'the journal’s server syncs every two minutes, as it does by itself',
    invariant: 'I1',
    provedBy: { file: 'test/integration/power-cut/journal.test.ts', names: 'loses no acknowledged event' },
  },
  {
    name: 'skip-the-fsync-of-the-ledger',
    file: 'agent/ledger/ledger-file.ts',
    find: 'PRAGMA synchronous = FULL;',
    replace: 'PRAGMA synchronous = OFF;',
    says: 'the ledger is written to disk when the system likes',
    invariant: 'I2',
    provedBy: {
      file: 'test/integration/power-cut/ledger.test.ts',
      names: 'loses no acknowledged write, from the first',
    },
  },
  {
    name: 'skip-the-compare-and-set',
    file: 'coordinator/journal/nats-journal.ts',
    find: 'expect: { streamName: streamOfRun(event.run), lastSequence: head.sequence },',
    replace: 'expect: { streamName: streamOfRun(event.run) },',
    says: 'an event is appended behind whatever stands there',
    invariant: 'I1',
    shows: { class: 'boundary: coordinator stopped, its message late', plan: 'failover-suspend', at: 'append ' },
  },
  {
    name: 'drop-the-deduplication',
    file: 'agent/execution/executor.ts',
    find: 'known: ledger.attempt(key),',
    replace: 'known: undefined,',
    also: {
      file: 'agent/ledger/ledger.ts',
      find: "'INSERT INTO attempts (key, run, payload_hash,",
      replace: "'INSERT OR REPLACE INTO attempts (key, run, payload_hash,",
    },
    says: 'the agent starts what it is sent, whether or not its ledger knows the key',
    invariant: 'I2',
    shows: { class: 'boundary: delivered late', plan: 'upgrade', at: 'request command' },
  },
  {
    name: 'take-an-older-epoch',
    file: 'agent/execution/decide-command.ts',
    find: 'if (facts.epoch < facts.highestEpoch)',
    replace: 'if (facts.epoch < 0)',
    says: 'the agent obeys a coordinator that is over',
    invariant: 'I2',
    // A next leader is there within seconds and has sent its own command before a late one arrives, which is then known.
    provedBy: {
      file: 'test/integration/agent/commands.test.ts',
      names: 'refuses an older epoch, also after a restart',
    },
  },
  {
    name: 'skip-the-tombstone',
    file: 'agent/execution/standing.ts',
    find: '    ledger.settle(key, epoch, clock.nowMs());\n',
    replace: '',
    says: 'the agent ends an attempt that is settled and writes no tombstone',
    invariant: 'I2',
    shows: { class: 'boundary: agent killed', plan: 'failover-suspend' },
  },
  {
    name: 'count-unknown-as-pass',
    file: 'coordinator/checks/evaluate.ts',
    find: "results.every(({ verdict }) => verdict === 'pass' || verdict === 'warn');",
    replace: "results.every(({ verdict }) => verdict !== 'fail');",
    says: 'a check that could not be read counts as passed',
    invariant: 'I3',
    shows: { class: 'boundary: coordinator killed', plan: 'failover-suspend' },
  },
  {
    name: 'rerun-the-unknown',
    file: 'coordinator/sequencer/attempt.ts',
    find: "return actionClasses[attempt.action.kind] !== 'once' && ours.length < limits.attemptsMax;",
    replace: 'return ours.length < limits.attemptsMax;',
    says: 'an installer whose end nobody knows is started again by itself',
    invariant: 'I3',
    shows: { class: 'boundary: agent killed', plan: 'upgrade', at: 'start sendRequest' },
  },
  {
    name: 'start-over-what-runs',
    file: 'coordinator/sequencer/state.ts',
    find: "return !attempt.isSettled && (attempt.outcome === undefined || attempt.outcome.verdict === 'unknown');",
    replace: 'return !attempt.isSettled && attempt.outcome === undefined;',
    says: 'an attempt that ended unknown counts as over without its agent having said so',
    invariant: 'I3',
    shows: { class: 'boundary: agent killed', plan: 'failover-suspend', at: 'start ' },
  },
  {
    name: 'send-before-journaling',
    file: 'coordinator/runs/runner.ts',
    find: '      const appended = await journal.append(next);',
    replace: `      if (next.fact.type === 'StepStarted') {
        const { item, phase, attempt, node, action, timeoutMs } = next.fact;
        await fleet.send(node, { key: { run, step: item, phase, attempt }, epoch, head, action, timeoutMs });
      }
      const appended = await journal.append(next);`,
    says: 'a command goes out before its intent is in the journal',
    invariant: 'I2',
    shows: { class: 'boundary: coordinator killed', plan: 'stage', at: 'append StepStarted' },
  },
  {
    name: 'start-before-the-ledger-row',
    file: 'agent/execution/executor.ts',
    find: 'ledger.begin({ key, payloadHash, action: decision.action, timeoutMs, epoch, startedAtMs });',
    replace:
      'void clock.sleep(50).then(() => ledger.begin({ key, payloadHash, action: decision.action, timeoutMs, epoch, startedAtMs })).catch(() => undefined);',
    says: 'an attempt starts before it is in the ledger',
    invariant: 'I2',
    shows: { class: 'boundary: agent killed', plan: 'stage', at: 'start ' },
  },
  {
    name: 'tell-before-the-ledger',
    file: 'agent/execution/executor.ts',
    find: '      const { outcome, counter } = await written(attempt.key, {',
    replace: `      parts.onOutcome(
        attempt.key,
        { ...verdictOf(result), commands, startedAtMs: attempt.startedAtMs, elapsedMs: elapsedMs() },
        ledger.file.counter(),
      );
      await clock.sleep(50);
      const { outcome, counter } = await written(attempt.key, {`,
    says: 'an outcome is told before it is in the ledger',
    invariant: 'I2',
    shows: { class: 'boundary: agent killed', plan: 'stage' },
  },
  {
    name: 'believe-the-last-leader',
    file: 'coordinator/sequencer/apply.ts',
    find: "    case 'LeaderChanged':\n      return { ...state, eraSequence: sequence };",
    replace: "    case 'LeaderChanged':\n      return state;",
    says: 'what was read before a takeover still counts after it',
    invariant: 'I3',
    shows: { class: 'boundary: coordinator killed', plan: 'failover-arm' },
  },
  {
    name: 'take-the-cluster-anyway',
    file: 'coordinator/journal/cluster-log.ts',
    find: "        if (holder?.run === fact.after) return ok('write');\n",
    replace: "        return ok('write');\n",
    says: 'a run takes a cluster that another one holds',
    invariant: 'I4',
    provedBy: { file: 'test/integration/journal/locks.test.ts', names: 'gives a cluster to one of two runs' },
  },
  {
    name: 'halt-without-evidence',
    file: 'coordinator/sequencer/ending.ts',
    find: "halt: { checks: [], evidence: '', ...what }",
    replace: "halt: { ...what, checks: [], evidence: '' }",
    says: 'a halt keeps its findings to itself',
    invariant: 'I5',
    shows: { class: 'schedules', schedules: 400 },
  },
  {
    name: 'skip-the-guard',
    file: 'coordinator/sequencer/start.ts',
    find: '  if (suspension === undefined) return undefined;',
    replace: '  if (suspension === undefined || limits.graceMs > 0) return undefined;',
    says: 'nobody looks whether failover is still suspended',
    invariant: 'I7',
    shows: { class: 'boundary: answer lost', plan: 'upgrade', boundaries: 5 },
  },
  {
    name: 'arm-blindly',
    file: 'coordinator/sequencer/forward.ts',
    find: '    checks: step.before,',
    replace: "    checks: step.action.kind === 'armFailover' ? [] : step.before,",
    says: 'failover is armed without a look at portal and replication',
    invariant: 'I7',
    shows: { class: 'boundary: answer lost', plan: 'failover-arm', boundaries: 5 },
  },
  {
    name: 'roll-back-by-itself',
    file: 'coordinator/sequencer/decide.ts',
    find: "return state.direction === 'forward' ? decideForward(situation) : decideUndo(situation);",
    replace: `const hasFailed = Object.values(state.items).some((item) => item.status === 'failed');
  return state.direction === 'forward' && !hasFailed ? decideForward(situation) : decideUndo(situation);`,
    says: 'a failure takes back what was done, without anybody’s word',
    invariant: 'I8',
    shows: { class: 'schedules', plan: 'upgrade', schedules: 60 },
  },
];

export const plantOf = (name: string): Plant | undefined => plants.find((plant) => plant.name === name);
