// Every command with every role: what a role may not do ends with 2 and the words who may, what it may reaches the
// coordinator. The commands are real, so are socket, certificates and access check; answers are a test's.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from '@commander-js/extra-typings';
import { type OperatorRole, operatorRoles, refusalOfDecision } from '../../../coordinator/access/roles.ts';
import { createProgram, main } from '../../../coordinator/cli/program.ts';
import { openOperatorSocket } from '../../../coordinator/daemon/operator-socket.ts';
import { failure } from '../../../shared/failures.ts';
import { createLog } from '../../../shared/log.ts';
import { formatIdentity } from '../../../shared/security/identity-file.ts';
import { haltedRun, sampleCluster, samplePlan, sampleReport, sampleRun } from '../../unit/cli/samples.ts';
import { must } from '../bus/test-bus.ts';
import { type Fixture, startFixture } from '../fleet/fleet-fixture.ts';
import { type Answers, type FakeOperator, implementation } from './fake-operator.ts';

const all = operatorRoles;
const operators = ['operator', 'admin'] as const;
const approvers = ['approver', 'admin'] as const;
const admins = ['admin'] as const;
/** The call that a command is for, who may make it, and words after the command’s name. */
type Row = [call: string, who: readonly OperatorRole[], ...words: string[]];

const installer = ['--installer', 'INSTALLER', '--to', '8.7.0'];
const now = ['--yes', '--detach'];
const rows: Record<string, Row> = {
  'node add': ['addNode', admins, 'n1', '--role', 'master'],
  'node ls': ['listNodes', all],
  'node revoke': ['revokeNode', admins, 'n1'],
  'cluster apply': ['applyCluster', admins, 'INSTALLER'],
  'cluster show': ['showCluster', all, 'lab'],
  'cluster ls': ['listClusters', all],
  'operator add': ['addOperator', admins, 'eve', '--role', 'admin', '--output', 'OUTPUT'],
  'operator ls': ['listOperators', all],
  'operator role': ['changeOperator', admins, 'eve', 'admin'],
  'operator revoke': ['revokeOperator', admins, 'eve'],
  check: ['check', all, 'lab'],
  'backup take': ['startRun', operators, 'lab', ...now],
  'backup ls': ['listBackups', all, 'lab'],
  'backup verify': ['startRun', operators, 'lab', 'backup-1', '--detach'],
  'plan upgrade': ['compilePlan', all, 'lab', ...installer],
  'plan db-upgrade': ['compilePlan', all, 'lab', '--to', '17'],
  'plan backup': ['compilePlan', all, 'lab'],
  'plan rollback': ['compilePlan', all, 'lab', '--of', 'latest'],
  'plan recover': ['compilePlan', all, 'lab'],
  stage: ['uploadRelease', operators, 'lab', '--installer', 'INSTALLER', ...now],
  upgrade: ['startRun', operators, 'lab', ...installer, ...now],
  'db-upgrade': ['startRun', operators, 'lab', '--to', '17', ...now],
  'run ls': ['listRuns', all],
  'run show': ['showRun', all, 'latest'],
  'run watch': ['watchRun', all, 'latest'],
  'run logs': ['readRunLogs', all, 'latest'],
  'run pause': ['decideRun', operators, 'latest'],
  'run resume': ['decideRun', operators, 'latest'],
  'run retry': ['decideRun', operators, 'latest'],
  'run adopt': ['decideRun', operators, 'latest', '--yes'],
  'run approve': ['decideRun', approvers, 'latest'],
  'run reject': ['decideRun', approvers, 'latest'],
  'run abort': ['decideRun', operators, 'latest', '--yes'],
  'run rollback': ['startRun', operators, 'latest', ...now],
  'run finalize': ['startRun', operators, 'latest', ...now],
  'run export': ['exportRun', all, 'latest'],
  recover: ['startRun', operators, 'lab', ...now],
  report: ['getReport', all, 'latest'],
  'failover show': ['showFailover', all, 'lab'],
  'failover suspend': ['startRun', operators, 'lab', ...now],
  'failover arm': ['startRun', operators, 'lab', ...now],
  probe: ['takeProbe', operators, 'lab'],
  'probes history': ['listProbes', all, 'lab'],
  'schedule add': ['addSchedule', operators, 'lab', '--probe', '--cron', '0 2 * * *', '--timezone', 'UTC'],
  'schedule ls': ['listSchedules', all],
  'schedule rm': ['removeSchedule', operators, 'lab', '--probe'],
  audit: ['readAudit', all],
  'notify test': ['testNotice', operators, 'lab'],
  version: ['getVersion', all],
};
/** These ask no coordinator, or a file where it is given. */
const alone = ['init', 'coordinator', 'cluster template', 'authority issue', 'run verify'];

const leavesOf = (command: Command, path = ''): string[] =>
  (command.commands as unknown as Command[]).flatMap((child) => {
    const own = `${path} ${child.name()}`.trim();
    return child.commands.length === 0 ? [own] : leavesOf(child, own);
  });

describe('every command with every role', function () {
  this.timeout(60_000);
  let fixture: Fixture;
  let folder: string;
  let socket: { close(): Promise<void> };
  const fake: Pick<FakeOperator, 'calls' | 'uploaded'> = { calls: [], uploaded: Buffer.alloc(0) };
  const answers: Answers = {
    listRuns: () => ({ schema: 1, runs: [haltedRun()] }),
    showRun: () => haltedRun(),
    showCluster: () => sampleCluster(),
    compilePlan: () => samplePlan(),
    getReport: () => sampleReport(),
    uploadRelease: () => ({ schema: 1, name: 'x', sha256: 'a'.repeat(64), sizeBytes: 1, version: '8.7.0' }),
    startRun: () => ({ schema: 1, run: haltedRun().id }),
    // Operators are named after their roles here. The service asks the same of whoever decides.
    decideRun: ({ decision }, user) => {
      const refusal = refusalOfDecision(user as OperatorRole, String(decision));
      return refusal === undefined ? sampleRun() : failure('unauthorized', refusal);
    },
  };

  /** A command line in this process; gives its exit code and what it wrote on stderr. */
  const run = async (role: OperatorRole, words: string[]) => {
    fake.calls.length = 0;
    let stderr = '';
    const { stdout: out, stderr: err } = process;
    const [toOut, toErr, code, listeners] = [out.write, err.write, process.exitCode, process.listeners('SIGINT')];
    out.write = () => true;
    err.write = (text: string | Uint8Array) => {
      stderr += String(text);
      return true;
    };
    try {
      const to = ['--address', `unix:${join(folder, 'operator.sock')}`, '--identity', join(folder, `${role}.pem`)];
      await main([...to, ...words]);
      return { exitCode: process.exitCode, stderr, called: fake.calls.map(({ method }) => method) };
    } finally {
      Object.assign(out, { write: toOut });
      Object.assign(err, { write: toErr });
      process.exitCode = code;
      for (const each of process.listeners('SIGINT'))
        if (!listeners.includes(each)) process.off('SIGINT', each as () => void);
    }
  };

  before(async () => {
    fixture = await startFixture();
    folder = await mkdtemp(join(tmpdir(), 'baton-roles-'));
    await writeFile(join(folder, 'MotadataServiceOpsCommonUpgrade_V870'), 'installer');
    const { authority, revocations, operators: table, audit, clock } = fixture;
    for (const role of operatorRoles) {
      const own = { ...(await fixture.operator(role, role)), authority: authority.certificate };
      await writeFile(join(folder, `${role}.pem`), formatIdentity(own), { mode: 0o600 });
    }
    const log = createLog('test');
    log.silent = true;
    const path = join(folder, 'operator.sock');
    const parts = { authority, revocations, operators: table, audit, clock, log };
    socket = must(
      await openOperatorSocket({ ...parts, path, group: 'baton', operator: implementation(fake, answers) }),
    );
  });
  after(async () => {
    await socket.close();
    await fixture.stop();
    await rm(folder, { recursive: true });
  });

  it('has a row for every command', () => {
    assert.deepEqual([...Object.keys(rows), ...alone].sort(), leavesOf(createProgram() as unknown as Command).sort());
  });

  for (const [command, [call, who, ...words]] of Object.entries(rows))
    it(`${command}: ${who.length === all.length ? 'everybody' : who.join(', ')}`, async () => {
      const places: Record<string, string> = {
        INSTALLER: join(folder, 'MotadataServiceOpsCommonUpgrade_V870'),
        OUTPUT: join(folder, 'output.pem'),
      };
      for (const role of operatorRoles) {
        const line = [...command.split(' '), ...words.map((word) => places[word] ?? word)];
        const { exitCode, stderr, called } = await run(role, line);
        const said = `${role}: exit ${exitCode}, ${called.join(' ')}\n${stderr}`;
        if (who.includes(role)) {
          assert.ok(called.includes(call), said);
          assert.doesNotMatch(stderr, /is for the role/, said);
        } else {
          assert.match(stderr, new RegExp(`is for the role .*, yours is ${role}; an admin changes it`), said);
          assert.equal(exitCode, 2, said);
          if (call !== 'decideRun') assert.ok(!called.includes(call), said);
        }
      }
    });
});
