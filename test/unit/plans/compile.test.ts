import assert from 'node:assert/strict';
import type { CheckRef } from '../../../coordinator/checks/check.ts';
import { compilePlan } from '../../../coordinator/plans/compile.ts';
import { describePlan } from '../../../coordinator/plans/describe.ts';
import { lookChecks, probeChecks } from '../../../coordinator/plans/looks.ts';
import type { Plan, Step } from '../../../coordinator/plans/plan.ts';
import { planFaults } from '../../../coordinator/plans/plan-rules.ts';
import { preflightChecks } from '../../../coordinator/plans/preflight.ts';
import { planMarkdown } from '../../../coordinator/report/plan-markdown.ts';
import { printCommands } from '../../../shared/actions/commands.ts';
import { canonicalJson } from '../../../shared/hash.ts';
import { cluster, labCluster, release } from '../checks/world.ts';
import { compile, installed, profile, profilesOf, stepOf, upgradeParameters } from './compiled.ts';

const refused = (
  parameters: unknown,
  facts: Record<string, string> = installed,
  name = 'upgrade',
  of = cluster,
  profiles = profilesOf(of),
) => {
  const result = compilePlan(name, of, parameters, profiles, { installed: facts });
  assert.ok(!result.ok, 'it was compiled');
  return result.failure;
};

describe('compiling a plan', () => {
  it('gives the same hash each time, and another one for other parameters', () => {
    assert.equal(compile().hash, compile().hash);
    assert.match(compile().hash, /^[0-9a-f]{64}$/);
    const other = { toVersion: '8.7.0', release: { ...release, sha256: 'b'.repeat(64) } };
    assert.notEqual(compile().hash, compile('upgrade', cluster, other).hash);
  });

  it('gives plain data that survives JSON unchanged', () => {
    const { plan } = compile();
    assert.deepEqual(JSON.parse(JSON.stringify(plan)), plan);
    assert.equal(canonicalJson(JSON.parse(canonicalJson(plan))), canonicalJson(plan));
  });

  const target = (change: object) => ({ ...upgradeParameters, ...change });
  const named = (name: string) => target({ release: { ...release, name } });
  const cases: [string, () => { code: string; message: string }, RegExp][] = [
    [
      'a target that contradicts the installer’s name',
      () => refused(target({ toVersion: '8.6.1' })),
      /contradicts the target/,
    ],
    [
      'a target older than what is installed',
      () => refused(upgradeParameters, { n1: '8.8.0', n2: '8.6.0' }),
      /n1: 8\.8\.0 is installed/,
    ],
    [
      'a target that is installed',
      () => refused(upgradeParameters, { n1: '8.7.0', n2: '8.7.0' }),
      /n1 and n2 are already at 8\.7\.0/,
    ],
    [
      'an installed version that is none',
      () => refused(upgradeParameters, { n1: 'x', n2: '8.6.0' }),
      /n1: "x" in .* is no version/,
    ],
    ['a target that is no version', () => refused(target({ toVersion: '8.7' })), /toVersion: must be a version/],
    [
      'a sum that is none',
      () => refused(target({ release: { ...release, sha256: 'x' } })),
      /release\.sha256: must be a SHA-256/,
    ],
    ['an empty installer', () => refused(target({ release: { ...release, sizeBytes: 0 } })), /must not be empty/],
    ['a name that is an option', () => refused(named('-rf_V870')), /plain file name/],
    ['a name that is a path', () => refused(named('../x_V870')), /plain file name/],
    ['a name that is code', () => refused(named('$(id)_V870')), /plain file name/],
    ['a parameter that nobody knows', () => refused(target({ force: true })), /force/],
    ['no parameters', () => refused(undefined), /plan upgrade/],
    ['a plan that nobody knows', () => refused({}, installed, 'constructor'), /there is no plan "constructor"/],
    [
      'the patroni flavor',
      () => refused(upgradeParameters, installed, 'upgrade', { ...cluster, flavor: 'patroni' }),
      /later version/,
    ],
    [
      'a node that never joined',
      () =>
        refused(
          upgradeParameters,
          installed,
          'upgrade',
          cluster,
          profilesOf({ ...cluster, nodes: cluster.nodes.slice(1) }),
        ),
      /n1 never joined: baton node add/,
    ],
  ];
  for (const [what, attempt, message] of cases)
    it(`refuses ${what} as bad input`, () => {
      const { code, message: told } = attempt();
      assert.equal(code, 'bad-input');
      assert.match(told, message);
    });

  it('calls an installed version that could not be read out of reach, not bad input', () => {
    assert.equal(refused(upgradeParameters, { n1: '8.6.0' }).code, 'unreachable');
  });

  it('goes on where only one node is at the target already, and leaves the verdict to the preflight', () => {
    const result = compilePlan('upgrade', cluster, upgradeParameters, profilesOf(cluster), {
      installed: { n1: '8.7.0', n2: '8.6.0' },
    });
    assert.ok(result.ok);
  });
});

describe('rules of every plan', () => {
  const { plan } = compile();
  const changedStep = (change: Partial<Step>): Plan => ({
    ...plan,
    items: plan.items.map((item) =>
      item.id === 'master.install' && item.kind === 'step' ? { ...item, ...change } : item,
    ),
  });
  const cases: [string, Plan, RegExp][] = [
    ['an id that stands twice', { ...plan, items: [...plan.items, ...plan.items.slice(-1)] }, /stands twice/],
    ['an id that is no key', changedStep({ id: 'Master Install' }), /not a key's step/],
    ['a condition that ends at nothing', changedStep({ until: 'nowhere' }), /holds until nowhere/],
    ['a condition that ended before', changedStep({ until: 'stage.n1' }), /holds until stage\.n1/],
    ['a check that there is not', changedStep({ before: [{ check: 'moon', params: {} }] }), /there is no check moon/],
    ['a step without postcondition', changedStep({ then: [] }), /no postcondition/],
    ['a step that only reads', changedStep({ action: { kind: 'readNode' } }), /only reads/],
    ['a step without undo or reason', changedStep({ undo: { noUndo: '' } }), /neither undo nor a reason/],
    [
      'an undo that ends at nothing',
      changedStep({
        undo: {
          ...{ title: 'Go back', action: { kind: 'stopUnits', units: ['ha'] }, timeoutMs: 1, before: [], then: [] },
          ...{ thenWithinMs: 1, onlyBefore: { step: 'nowhere', because: 'x' } },
        },
      }),
      /undone only before nowhere/,
    ],
    [
      'an action that no agent takes',
      changedStep({ action: { kind: 'stopUnits', units: ['$(id)'] } }),
      /stopUnits\.units\.0/,
    ],
    ['a node that there is not', changedStep({ node: 'n9' }), /no node n9/],
    ['an item without section', changedStep({ section: '' }), /no section/],
  ];
  it('find nothing in the plans that there are', () => assert.deepEqual(planFaults(plan), []));
  for (const [what, broken, fault] of cases)
    it(`find ${what}`, () => assert.match(planFaults(broken).join('\n'), fault));
});

describe('the dry run', () => {
  const compiled = compile();
  const document = describePlan(compiled);
  const item = (id: string) => document.items.find((one) => one.id === id);

  it('prints the exact command lines of every step', () => {
    assert.deepEqual(item('master.stop-services')?.commands.slice(0, 3), [
      'systemctl stop ft-main-server',
      'systemctl stop ft-analytics-server',
      'systemctl stop elasticsearch',
    ]);
    assert.match(item('master.install')?.commands.join('\n') ?? '', /systemd-run .*--unit=.*master\.install-do-1/);
    assert.match(
      item('master.make-executable')?.commands.join('\n') ?? '',
      /chmod 0700 .*MotadataServiceOpsCommonUpgrade_V870/,
    );
    assert.ok(item('master.stop-services')?.undoCommands.includes('systemctl start ft-main-server'));
    // What the coordinator knows by itself needs no command: who is connected, and the last probe.
    const known = ['preflight.agents', 'preflight.evidence'];
    for (const one of document.items.filter(({ kind }) => kind !== 'approval'))
      assert.ok(one.commands.length > 0 || known.includes(one.id), one.id);
  });

  it('quotes what is not known before the run only where the executed line is quoted', () => {
    const executed = printCommands(stepOf(compiled.plan.items, 'master.install').action, profile, {
      key: { run: 'r1', step: 'master.install', phase: 'do', attempt: 1 },
      timeoutMs: stepOf(compiled.plan.items, 'master.install').timeoutMs,
    });
    assert.deepEqual(
      item('master.install')?.commands.map((line) => line.replaceAll('{{run}}', 'r1')),
      executed,
    );
    assert.ok(document.items.some((one) => one.commands.join('').includes('baton-test-{{run}}')));
  });

  it('prints all three counts of the row parity with their node', () => {
    const lines = item('verify.rows')?.commands.filter((line) => line.includes('apolo'));
    assert.deepEqual(
      lines?.map((line) => line.slice(0, 3)),
      ['n1:', 'n2:', 'n1:'],
    );
  });

  it('says in words what must hold, until when, and how it is undone', () => {
    assert.deepEqual(item('standby.install')?.postcondition, ['n2: version 8.7.0 installed']);
    assert.equal(item('suspend-failover')?.until, 'arm-failover');
    assert.equal(item('suspend-failover')?.undo, 'Arm failover: unmask and start the observer');
    assert.match(item('master.install')?.undo ?? '', /^none: .*without a backup of this run there is no rollback/);
    assert.match(item('master.install')?.pointOfNoReturn ?? '', /migrates the database/);
    for (const one of document.items)
      assert.ok(
        one.postcondition.every((words) => words !== ''),
        one.id,
      );
  });

  it('is the same as Markdown, every item and command in it', () => {
    const markdown = planMarkdown(document);
    for (const one of document.items) {
      assert.ok(markdown.includes(`\`${one.id}\``), one.id);
      for (const command of [...one.commands, ...one.undoCommands]) assert.ok(markdown.includes(command), command);
    }
    assert.match(markdown, /^# Plan upgrade of cluster lab\n/);
    assert.match(markdown, /\n## Arm failover\n/);
  });

  it('cannot be broken out of: no text in the Markdown is markup, or an escape that a terminal obeys', () => {
    const [first] = document.items;
    assert.ok(first);
    const evil = { ...first, title: 'a\n# b\u001b[2J', commands: ['````', '~~~~~', 'echo \u001b]0;x\u0007\u009b2J'] };
    const markdown = planMarkdown({ ...document, items: [evil] });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
    assert.doesNotMatch(markdown, /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/);
    assert.doesNotMatch(markdown, /^# b/m);
    assert.match(markdown, /^`{5}sh\n`{4}\n~{5}\necho\n`{5}$/m);
  });
});

describe('checks of the preflight', () => {
  it('are those of the plan’s gates, with or without a release', () => {
    const gates = compile().plan.items.filter(({ phase }) => phase === 'Preflight');
    assert.deepEqual(
      preflightChecks(cluster, upgradeParameters),
      gates.flatMap((gate) => (gate.kind === 'gate' ? gate.checks : [])),
    );
    const ids = preflightChecks(labCluster()).map(({ check }) => check);
    for (const id of ['disk-space', 'version-compatible', 'rows-equal', 'failover-armed'])
      assert.ok(ids.includes(id), id);
  });

  it('are taken without a run too, with the observer’s quiet; a probe compares contents and asks nothing of probes', () => {
    const added = (looked: CheckRef[]) => looked.map(({ check }) => check).filter((id) => !names.includes(id));
    const names = preflightChecks(cluster).map(({ check }) => check);
    assert.deepEqual(added(lookChecks(cluster)), ['observer-quiet']);
    const probed = probeChecks(cluster);
    assert.deepEqual(added(probed), ['observer-quiet']);
    assert.ok(names.includes('probe-recent') && !probed.some(({ check }) => check === 'probe-recent'));
    const content = (looked: CheckRef[]) => looked.find(({ check }) => check === 'files-same')?.params.content;
    assert.deepEqual([content(lookChecks(cluster)), content(probed)], [false, true]);
    const never = labCluster((text) => `${text}files: { hashes: never }\n`);
    assert.equal(content(probeChecks(never)), false);
  });
});
