import assert from 'node:assert/strict';
import { checkCatalogue } from '../../../coordinator/checks/catalogue.ts';
import type { CheckResult } from '../../../coordinator/checks/check.ts';
import { acceptAsFound, acceptChecks } from '../../../coordinator/plans/accept.ts';
import { compilePlan } from '../../../coordinator/plans/compile.ts';
import { describePlan } from '../../../coordinator/plans/describe.ts';
import type { Gate } from '../../../coordinator/plans/plan.ts';
import { preflightChecks } from '../../../coordinator/plans/preflight.ts';
import { planMarkdown } from '../../../coordinator/report/plan-markdown.ts';
import { initialState, itemState } from '../../../coordinator/sequencer/state.ts';
import { cluster, context, results } from '../checks/world.ts';
import { compile, installed, profilesOf, upgradeParameters } from './compiled.ts';

const reason = 'a copy is under way, CHG-1';
const accepting = (accept: Record<string, string>) => ({ ...upgradeParameters, accept });
const refused = (accept: unknown) => {
  const parameters = { ...upgradeParameters, accept };
  const compiled = compilePlan('upgrade', cluster, parameters, profilesOf(cluster), { installed });
  assert.ok(!compiled.ok, 'it was compiled');
  assert.equal(compiled.failure.code, 'bad-input');
  return compiled.failure.message;
};

describe('accepting that a check fails', () => {
  const { plan, hash } = compile('upgrade', cluster, accepting({ 'files-equal': reason }));
  const gates = plan.items.filter((item): item is Gate => item.kind === 'gate');
  const refsOf = (id: string) => gates.find((gate) => gate.id === id)?.checks ?? [];
  const fewer = (node: string, kind: string) => (kind === 'countFiles' && node === 'n2' ? { files: 499 } : undefined);

  it('writes the reason into the preflight of the plan, which is another plan then', () => {
    assert.notEqual(hash, compile().hash);
    assert.deepEqual(
      gates.flatMap(({ phase, checks }) =>
        checks.flatMap(({ check, accepted }) => (accepted ? [[phase, check, accepted]] : [])),
      ),
      [
        ['Preflight', 'files-equal', reason],
        ['Verify', 'files-equal', reason],
      ],
    );
    assert.deepEqual(plan.parameters.accept, { 'files-equal': reason });
    assert.equal(compile('upgrade', cluster, accepting({})).plan.items.length, plan.items.length);
  });

  it('lets the preflight pass with a warning that has the reason', () => {
    const found = results(refsOf('preflight.files'), (node, { kind }) => fewer(node, kind));
    assert.deepEqual(
      found.filter(({ verdict }) => verdict !== 'pass').map(({ verdict, accepted }) => [verdict, accepted]),
      [['warn', reason]],
    );
  });

  it('accepts after the work only what the preflight had found on the same node', () => {
    const refs = refsOf('verify.files');
    const verdicts = (earlier: Partial<CheckResult>[] | undefined) =>
      results(refs, (node, { kind }) => fewer(node, kind), {
        ...context,
        ...(earlier && { earlier: (gate: string) => (gate === 'preflight.files' ? earlier : []) as CheckResult[] }),
      }).map(({ verdict }) => verdict);
    const node = results(refs, (on, { kind }) => fewer(on, kind)).find(({ verdict }) => verdict === 'fail')?.node ?? '';
    const found = { id: 'files-equal', node, accepted: reason };
    assert.ok(verdicts([found]).includes('warn'));
    assert.ok(!verdicts([found]).includes('fail'));
    for (const other of [
      undefined,
      [],
      [{ id: 'files-equal', node }],
      [{ ...found, node: 'n9' }],
      [{ ...found, id: 'rows-equal' }],
    ])
      assert.ok(verdicts(other).includes('fail'), JSON.stringify(other));
  });

  it('accepts at the end of a way back what its run had found and accepted, and nothing else', () => {
    const { items } = compile().plan;
    const read = (results: Partial<CheckResult>[]) => ({
      sequence: 1,
      passed: true,
      results: results as CheckResult[],
    });
    const state = initialState('upgrade-1');
    const found = (results: Partial<CheckResult>[]) => ({
      items: { 'preflight.files': { ...itemState(state, 'preflight.files'), firstPass: read(results) } },
    });
    const accepted = (results: Partial<CheckResult>[]) =>
      acceptAsFound(items, found(results)).flatMap((item) =>
        item.kind === 'gate' ? item.checks.filter((ref) => ref.accepted).map((ref) => `${item.id} ${ref.check}`) : [],
      );
    assert.deepEqual(accepted([{ id: 'files-equal', accepted: reason }]), ['verify.files files-equal']);
    assert.deepEqual(accepted([{ id: 'files-equal' }]), []);

    const verdicts = (node: string) => {
      const gate = acceptAsFound(items, found([{ id: 'files-equal', node, accepted: reason }])).find(
        (item): item is Gate => item.kind === 'gate' && item.id === 'verify.files',
      );
      return results(gate?.checks ?? [], (at, { kind }) => fewer(at, kind)).flatMap((one) =>
        one.id === 'files-equal' && one.verdict !== 'pass' ? [one.verdict] : [],
      );
    };
    assert.deepEqual(verdicts('n2'), ['warn']);
    assert.deepEqual(verdicts('n1'), ['fail']);
  });

  it('shows it wherever the plan is shown', () => {
    const document = describePlan({ plan, hash, commands: {}, undoCommands: {} });
    assert.deepEqual(
      document.items.flatMap(({ accepted }) => accepted ?? []),
      [{ check: 'files-equal', reason }],
    );
    assert.match(planMarkdown(document), /accepted if it fails.*CHG/);
  });

  const cases: [string, unknown, RegExp][] = [
    [
      'a check that there is not',
      { 'moon-phase': 'x' },
      /there is no check "moon-phase".*can be accepted here: .*files-equal/,
    ],
    ['the one primary', { 'replication-streaming': 'x' }, /replication-streaming is never accepted: .*one primary/],
    ['room', { 'disk-space': 'x' }, /disk-space is never accepted: .*disk/],
    ['a check of later on', { 'version-is': 'x' }, /version-is is no check of this preflight/],
    ['an empty reason', { 'files-equal': ' ' }, /accept\.files-equal: must be a reason/],
    ['a reason that paints the terminal', { 'files-equal': '\u001b[2J' }, /control characters/],
    ['a reason of pages', { 'files-equal': 'x'.repeat(301) }, /at most 300/],
    ['what is no object', ['files-equal'], /accept/],
  ];
  for (const [what, accept, message] of cases)
    it(`refuses ${what}`, () => {
      assert.match(refused(accept), message);
    });

  it('is never about one primary, sums or room, in any plan', () => {
    const never = [...checkCatalogue.values()].flatMap(({ id, neverAccepted }) => (neverAccepted ? [id] : []));
    const primary = ['master-is-primary', 'replication-streaming', 'no-open-primary', 'not-fenced', 'sides-as-found'];
    const room = ['disk-space', 'backup-space', 'restore-space', 'room-for-server', 'server-upgradable'];
    for (const id of [...primary, ...room, 'release-staged']) assert.ok(never.includes(id), id);
  });

  it('names in its refusal nothing that it would refuse', () => {
    const message = refused({ 'moon-phase': 'x' });
    const those = message.split('can be accepted here: ')[1]?.split(', ') ?? [];
    assert.ok(those.length > 5);
    for (const check of those) assert.ok(acceptChecks(preflightChecks(cluster), { [check]: 'x' }).ok, check);
  });

  it('is the same for `baton check`', () => {
    const refs = acceptChecks(preflightChecks(cluster), { 'portal-answers': reason });
    assert.ok(refs.ok);
    const evaluated = results(refs.value, (_, { kind }) => (kind === 'readUrl' ? { status: 503 } : undefined));
    const portal = evaluated.find(({ id }) => id === 'portal-answers');
    assert.deepEqual([portal?.verdict, portal?.accepted], ['warn', reason]);
    assert.equal(acceptChecks(preflightChecks(cluster), { 'master-is-primary': 'x' }).ok, false);
  });
});
