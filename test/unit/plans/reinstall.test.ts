// Going back by the previous version’s installer: its place in the plan, what it does not bring back, and which one is refused.
import assert from 'node:assert/strict';
import { compilePlan } from '../../../coordinator/plans/compile.ts';
import type { Plan } from '../../../coordinator/plans/plan.ts';
import { legalDecisions, nextCommands } from '../../../coordinator/sequencer/legal.ts';
import { whyNotRolledBack } from '../../../coordinator/sequencer/roll-back-offer.ts';
import type { RunState } from '../../../coordinator/sequencer/state.ts';
import { sha256 } from '../checks/world.ts';
import { profilesOf, stepOf, steps } from './compiled.ts';
import { cluster, factsOf, of, stoppedAt, upgrade } from './rollback-facts.ts';

const release = { name: 'MotadataServiceOpsCommonUpgrade_V860', sha256, sizeBytes: 1_000_000 };
const bare: Plan = { ...upgrade, items: upgrade.items.filter(({ phase }) => phase !== 'Back up') };

const tried = (state: RunState, plan: Plan = upgrade, name = release.name) =>
  compilePlan('rollback', cluster, { of, release: { ...release, name } }, profilesOf(cluster), {
    installed: {},
    rollback: { ...factsOf(state), plan, ...(plan === bare && { parts: [] }) },
  });
function planned(state: RunState, plan: Plan = upgrade) {
  const result = tried(state, plan);
  assert.ok(result.ok, result.ok ? '' : result.failure.message);
  return result.value;
}
const refusal = (...asked: Parameters<typeof tried>) => {
  const result = tried(...asked);
  assert.ok(!result.ok, 'it was compiled');
  assert.match(result.failure.message, /nothing was touched/);
  return `${result.failure.code}: ${result.failure.message}`;
};

describe('a rollback by the previous version’s installer', () => {
  it('stages it before anything is stopped, runs it after the database is back, and restores the configuration after it', () => {
    const { items } = planned(stoppedAt('standby.install')).plan;
    assert.deepEqual(
      steps(items).map(({ id }) => id),
      [
        ...['stage.n2', 'stage.n1', 'suspend-failover', 'standby.stop-services', 'master.stop-services'],
        ...['standby.make-executable', 'standby.install', 'standby.stop-services-again'],
        ...['standby.restore-configuration', 'master.restore-database'],
        ...['master.make-executable', 'master.install', 'master.stop-services-again'],
        ...['master.restore-configuration', 'master.start-services', 'arm-failover'],
      ],
    );
    const { action, then, redo } = stepOf(items, 'master.install');
    assert.ok(action.kind === 'runInstaller' && action.sha256 === sha256);
    assert.deepEqual(then, [{ check: 'version-is', params: { nodes: ['n1'], version: '8.6.0' } }]);
    assert.deepEqual(redo, ['master.stop-services']);
  });

  it('runs it only where the upgrade had started its own', () => {
    const ids = steps(planned(stoppedAt('master.install')).plan.items).map(({ id }) => id);
    assert.ok(ids.includes('master.install') && !ids.includes('standby.install') && !ids.includes('stage.n2'));
  });

  it('takes the version of before for no proof that it has ended: a half done upgrade still says the old one', () => {
    for (const id of ['master.install', 'standby.install'])
      assert.equal(stepOf(planned(stoppedAt('standby.install')).plan.items, id).thenMayHoldBefore, true);
  });

  it('needs no backup of the application, but the one of the database where the run took one', () => {
    const facts = factsOf(stoppedAt('master.install'));
    const compiled = (parts: typeof facts.parts) =>
      compilePlan('rollback', cluster, { of, release }, profilesOf(cluster), {
        installed: {},
        rollback: { ...facts, parts },
      });
    assert.ok(compiled(facts.parts.filter(({ part }) => part !== 'application')).ok);
    const without = compiled(facts.parts.filter(({ part }) => part !== 'database'));
    assert.match(without.ok ? '' : without.failure.message, /n1: .*\/database is not there/);
  });

  it('looks afterwards whether the installer has left the schema as it was backed up, where that is known', () => {
    const facts = factsOf(stoppedAt('master.install'));
    const schemaDigest = 'a'.repeat(64);
    const gateOf = (digest: string) => {
      const parts = facts.parts.map((part) => ({ ...part, schemaDigest: part.part === 'database' ? digest : '' }));
      const compiled = compilePlan('rollback', cluster, { of, release }, profilesOf(cluster), {
        installed: {},
        rollback: { ...facts, parts },
      });
      assert.ok(compiled.ok, compiled.ok ? '' : compiled.failure.message);
      return compiled.value.plan.items.find((item) => item.id === 'verify.schema');
    };
    const found = gateOf(schemaDigest);
    assert.deepEqual(found?.kind === 'gate' && found.checks, [
      { check: 'schema-as-backed-up', params: { schemaDigest } },
    ]);
    assert.equal(gateOf(''), undefined);
  });

  it('leaves the database as it is where the run took no backup, and says what is not known of it', () => {
    const { plan, costs = [] } = planned(stoppedAt('master.install'), bare);
    assert.ok(steps(plan.items).every(({ action }) => !/^restore/.test(action.kind)));
    assert.match(
      costs.join('\n'),
      /database flotoitsmdb stays as it is.*whether it had begun to change the schema is not known/,
    );
    assert.doesNotMatch((planned(stoppedAt('master.install')).costs ?? []).join('\n'), /stays as it is, since/);
  });

  it('is refused where the database was migrated for good and nothing was backed up', () => {
    assert.match(
      refusal(stoppedAt('standby.install'), bare),
      /^not-in-state: .*n1: the installer of run upgrade-1 has ended well and migrated the database.*VM snapshot/,
    );
  });

  it('is refused with another version’s installer, where no installer was started, and for a run that installs nothing', () => {
    assert.match(
      refusal(stoppedAt('master.install'), upgrade, 'MotadataServiceOpsCommonUpgrade_V850'),
      /^bad-input: .*contradicts the version before run upgrade-1: .*_V850 is not 8\.6\.0/,
    );
    assert.match(refusal(stoppedAt('master.stop-services')), /^bad-input: .*has started no installer/);
    assert.match(
      refusal(stoppedAt('master.install'), { ...upgrade, name: 'db-upgrade' }),
      /^bad-input: .*one of db-upgrade, which installs no application/,
    );
  });
});

describe('a halt of a run without backup', () => {
  const halt = { item: 'master.install', reason: 'step-failed', message: '', evidence: '', checks: [] } as const;

  it('offers to go back by the installer, with the command that names it', () => {
    const state = { ...stoppedAt('master.install'), halt } as unknown as RunState;
    const offered = nextCommands(bare, state, {}).find(({ command }) => command.includes('rollback'));
    assert.equal(offered?.command, 'baton run rollback upgrade-1 --reinstall FILE');
    assert.match(offered?.consequence ?? '', /installs the previous version again.*database stays as it is/);
  });

  it('offers nothing once the database was migrated, and says why', () => {
    const state = { ...stoppedAt('standby.install'), halt } as unknown as RunState;
    assert.ok(!legalDecisions(bare, state).some(({ decision }) => decision === 'rollback'));
    assert.match(whyNotRolledBack(bare, state) ?? '', /has taken no backup that a rollback could restore/);
  });

  it('says nothing of an installer where there is a backup', () => {
    const state = { ...stoppedAt('master.install'), halt } as unknown as RunState;
    assert.ok(nextCommands(upgrade, state, {}).some(({ command }) => command === 'baton run rollback upgrade-1'));
  });
});
