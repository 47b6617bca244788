// Recap, halt, plan and checks as an operator reads them.
import assert from 'node:assert/strict';
import { acceptArgument } from '../../../coordinator/cli/commands/arguments.ts';
import { checkView } from '../../../coordinator/cli/view/check-view.ts';
import { clusterView } from '../../../coordinator/cli/view/fleet-view.ts';
import { haltView } from '../../../coordinator/cli/view/halt-view.ts';
import { planInFull, planSummary } from '../../../coordinator/cli/view/plan-view.ts';
import { portalWords, recap, runView } from '../../../coordinator/cli/view/recap.ts';
import { paintWhen } from '../../../coordinator/cli/view/text.ts';
import { ok } from '../../../shared/failures.ts';
import {
  failingCheck,
  haltedRun,
  sampleCluster,
  samplePlan,
  sampleReport,
  sampleRun,
  succeededRun,
} from './samples.ts';

const plainly = paintWhen(false);

describe('a run', () => {
  it('that is put off starts, and has not started', () => {
    const run = { ...sampleRun(), startedAt: '2026-11-22T17:26:00.000Z' };
    assert.match(runView({ ...run, status: 'scheduled' }, plainly), /^Starts +2026-11-22 17:26:00 UTC$/m);
    assert.match(runView({ ...run, status: 'running' }, plainly), /^Started +2026-11-22 17:26:00 UTC$/m);
  });
});

describe('a halt', () => {
  const text = haltView(haltedRun(), plainly);
  it('says what happened and where', () => {
    assert.match(text, /HALTED at: Run the installer on n1/);
    assert.match(text, /the installer ended with 1 after 12 s/);
  });
  it('says what runs and what is down now', () => {
    assert.match(text, /Runs now +n1 nginx\.service/);
    assert.match(text, /Down now +n1 ft-main-server\.service/);
  });
  it('says that failover is suspended and what that means', () => {
    assert.match(text, /Failover +SUSPENDED: .*nothing takes over/);
  });
  it('says where the evidence lies and shows its end, without escape sequences', () => {
    assert.match(text, /Evidence +n1:\/var\/lib\/baton-agent/);
    assert.match(text, /│ migration failed$/m);
    assert.ok(!text.includes('\u001b') && !text.includes('\u0007'));
  });
  it('names each legal command with its consequence, and only those', () => {
    assert.match(text, /baton run retry 20261121-2300-upgrade-1\n +runs the installer once more/);
    assert.match(text, /baton run abort 20261121-2300-upgrade-1\n +starts the services/);
    assert.doesNotMatch(text, /rollback/);
  });
  it('shows the failing checks of a gate with node, limit, reading and remedy', () => {
    const run = haltedRun();
    const steps = run.steps.map((step) => (step.id === 'install-master' ? { ...step, checks: [failingCheck] } : step));
    const gate = haltView({ ...run, steps }, plainly);
    for (const word of ['n2: Replication streams', 'lag at most 16 MiB', 'lag 41 MB', 'see pg_stat_replication on n1'])
      assert.ok(gate.includes(word), word);
  });
});

describe('the recap', () => {
  const text = recap(succeededRun(), sampleReport().versions, plainly);
  it('has versions before and after, downtime as metered, failover and the report', () => {
    assert.match(text, /Version on n1 +8\.6\.0 → 8\.7\.0/);
    assert.match(text, /Portal +didn't answer for 42\.3 s, at most 42\.0 s .*423 of 2400.*unobserved for 1\.0 s/);
    assert.match(text, /Failover +armed/);
    assert.match(text, /baton report 20261121-2300-upgrade-1/);
    assert.match(text, /upgrade of lab: succeeded\. lab runs 8\.7\.0$/);
  });
  it('has each step with its time', () => {
    assert.match(text, /✔ Run the installer +n1 +8\.0 s/);
  });
  it('takes one line for a phase that was never reached', () => {
    const run = sampleRun({ status: 'aborted' }, 3);
    const steps = run.steps.map((step) => (step.status === 'pending' ? { ...step, status: 'skipped' as const } : step));
    const text = recap({ ...run, steps }, undefined, plainly);
    assert.match(text, /^Standby: not reached$/m);
    assert.match(text, /^Master$/m);
  });
  it('of a refused run shows why', () => {
    const run = sampleRun({ status: 'failed', message: 'a check failed' });
    const [first, ...rest] = run.steps;
    assert.ok(first);
    const text = recap(
      { ...run, steps: [{ ...first, status: 'failed', checks: [failingCheck] }, ...rest] },
      undefined,
      plainly,
    );
    assert.match(text, /lag 41 MB[\s\S]*see pg_stat_replication on n1/);
  });
});

describe('a plan', () => {
  it('in short has each item, the outage and the suspension time', () => {
    const text = planSummary(samplePlan(), plainly);
    for (const item of samplePlan().items) assert.ok(text.includes(item.title), item.title);
    assert.match(text, /portal down +about 1 min 30 s/);
    assert.match(text, /failover suspended +about 3 min 20 s/);
    assert.match(text, /the previous version must be installed again/);
  });
  it('in full has each command line, section and way back, and says that nothing was touched', () => {
    const text = planInFull(samplePlan(), plainly);
    for (const item of samplePlan().items)
      for (const command of item.commands) assert.ok(text.includes(`$ ${command}`), command);
    assert.match(text, /Guide › Master/);
    assert.match(text, /way back +put it back/);
    assert.match(text, /nothing on the nodes was touched/);
  });
  it('in full tells the functions that scripts share once, and says where', () => {
    const shared = Array.from({ length: 30 }, (_, line) => `function_${line}() { true; }`);
    const script = (last: string) => ["bash <<'JOB'", ...shared, last, 'JOB'].join('\n');
    const [first, second] = samplePlan().items;
    assert.ok(first && second);
    const items = [
      { ...first, commands: [script('stop_server')] },
      { ...second, commands: [script('start_server'), script('stop_server')] },
    ];
    const text = planInFull({ ...samplePlan(), items }, plainly);
    assert.equal(text.split('function_7()').length, 2);
    assert.match(text, /# … the first 30 lines as in 1\. …\n +start_server\n +JOB/);
    assert.match(text, /# … the first 32 lines as in 1\. …/);
  });
});

describe('checks', () => {
  it('show node, limit, reading and remedy of each that does not pass', () => {
    const text = checkView(
      {
        schema: 1,
        cluster: 'lab',
        complete: true,
        verdict: 'fail',
        checks: [failingCheck, { ...failingCheck, id: 'other', title: 'Other', verdict: 'unknown' }],
      },
      plainly,
    );
    assert.match(text, /✖ n2: Replication streams/);
    assert.match(text, /limit +lag at most 16 MiB\n +reading +lag 41 MB\n +remedy +see pg_stat_replication on n1/);
    assert.match(text, /unknown, which is not a pass/);
    assert.match(text, /Not ready: 0 pass, 0 warn, 1 fail, 1 unknown/);
  });
});

describe('a cluster', () => {
  it('is a table with failover and portal under it', () => {
    const text = clusterView(sampleCluster({ run: 'r1' }), plainly);
    assert.match(text, /^\+ Cluster: lab \(classic\) /);
    assert.match(text, /\| n2 +\| 10\.77\.0\.12 \| standby +\| standby \| streaming \| 0 B \|/);
    assert.match(text, /Failover: armed/);
    assert.match(text, /Portal: http:\/\/10\.77\.0\.10\/ 200 in 12 ms, version 8\.6\.0/);
    assert.match(text, /Held by run r1/);
  });
});

describe('the portal in words', () => {
  const none = { downMs: 0, longestMs: 0, unobservedMs: 0, samples: 0, failures: 0, intervals: [] };
  it('is not said to have answered when nobody looked', () => {
    assert.match(portalWords({ ...none, unobservedMs: 9_000 }), /not metered \(unobserved for 9\.0 s\)/);
    assert.match(portalWords({ ...none, samples: 90 }), /answered all the time/);
  });
});

describe('what was accepted', () => {
  const accepted = 'the vendor said so, CHG-1\u001b[2J';
  it('is told before the yes and in the dry run', () => {
    const plan = samplePlan();
    const items = plan.items.map((item) =>
      item.id === 'healthy' ? { ...item, accepted: [{ check: 'files-equal', reason: accepted }] } : item,
    );
    for (const text of [planSummary({ ...plan, items }, plainly), planInFull({ ...plan, items }, plainly)]) {
      assert.match(text, /Accepted even if it fails\n +files-equal: the vendor said so, CHG-1/);
      assert.ok(!text.includes('\u001b'));
    }
    assert.doesNotMatch(planSummary(plan, plainly), /Accepted/);
  });
  it('stands in the recap of the run, each finding once', () => {
    const run = succeededRun();
    const checks = [{ ...failingCheck, verdict: 'warn' as const, accepted }];
    const text = recap({ ...run, steps: run.steps.map((step) => ({ ...step, checks })) }, undefined, plainly);
    assert.equal(
      text.match(/^Accepted +replication-streaming on n2: lag 41 MB; the vendor said so, CHG-1$/gm)?.length,
      1,
    );
  });
});

describe('--accept', () => {
  it('takes names and reasons, also with an equals sign in them', () => {
    assert.deepEqual(acceptArgument(), ok({}));
    assert.deepEqual(
      acceptArgument(['files-equal= a=b ', 'load=x']),
      ok({ accept: { 'files-equal': 'a=b', load: 'x' } }),
    );
  });
  it('refuses what is no reason, and the same check twice', () => {
    for (const texts of [
      ['files-equal'],
      ['files-equal='],
      ['files-equal=  '],
      ['=x'],
      ['A B=x'],
      ['load=a', 'load=b'],
    ]) {
      const refused = acceptArgument(texts);
      assert.equal(refused.ok ? '' : refused.failure.code, 'bad-input', texts.join());
    }
  });
});
