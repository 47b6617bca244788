// Where the cluster file asks for it, an approval is another person's than who started the run; the journal says whose.
import assert from 'node:assert/strict';
import { parseCluster } from '../../../coordinator/cluster/parse.ts';
import type { Decision } from '../../../coordinator/journal/event.ts';
import type { Plan } from '../../../coordinator/plans/plan.ts';
import { request, Site, simPlan } from './process.ts';

const byAnother: Plan = { ...simPlan, cluster: { ...simPlan.cluster, approvals: { byAnother: true } } };

async function waiting(plan = byAnother) {
  const site = new Site();
  const { service, views } = site.process();
  // By ana.
  const started = await site.run(service.startRun(request('r1', plan)));
  assert.ok(started.ok);
  const run = started.value;
  await site.until(run, 'awaiting-operator');
  const say = (operator: string, decision: Decision, requestId: string) =>
    site.run(service.decide(run, { decision, operator, reason: '', requestId }));
  return { site, run, say, views };
}

describe('an approval that has to be another person’s', () => {
  for (const decision of ['approve', 'reject'] as const)
    it(`is refused where who started the run says ${decision}, and nothing is journaled`, async () => {
      const { site, run, say } = await waiting();
      const before = site.events(run).length;
      const said = await say('ana', decision, 'd1');
      assert.ok(!said.ok);
      assert.equal(said.failure.code, 'unauthorized');
      assert.match(said.failure.message, /was started by ana.*asks for another person’s/);
      assert.equal(site.events(run).length, before);
      assert.equal(site.statusOf(run), 'awaiting-operator');
    });

  it('is taken from somebody else, whose name the journal keeps', async () => {
    const { site, run, say } = await waiting();
    assert.ok((await say('ben', 'approve', 'd1')).ok);
    await site.until(run, 'succeeded');
    const words = site.events(run).flatMap(({ fact }) => (fact.type === 'OperatorDecided' ? [fact.operator] : []));
    assert.deepEqual(words, ['ben']);
  });

  it('leaves every other decision to who started it', async () => {
    const { site, run, say } = await waiting();
    assert.ok((await say('ana', 'abort', 'd1')).ok);
    await site.until(run, 'aborted');
  });

  it('says so where it tells what can be done', async () => {
    const { site, run, views } = await waiting();
    const shown = await site.run(views.show(run));
    const approve = shown.ok && shown.value.next.find(({ command }) => command.includes(' approve '));
    assert.match(approve ? approve.consequence : '', /by another person than ana/);
  });

  it('may be one’s own where the cluster file does not ask', async () => {
    const { site, run, say } = await waiting(simPlan);
    assert.ok((await say('ana', 'approve', 'd1')).ok);
    await site.until(run, 'succeeded');
  });

  it('is asked for by the key approvals', () => {
    const text = (approvals: string) => `cluster: lab
nodes:
  n1: { address: 10.77.0.11, role: master }
  n2: { address: 10.77.0.12, role: standby }
  n3: { address: 10.77.0.13, role: observer }
application:
  version: { file: /opt/v, pattern: '^(.+)$' }
  portal: { url: 'http://10.77.0.10/' }
approvals: ${approvals}
`;
    const parsed = parseCluster(text('{ byAnother: true }'), 'c.yaml');
    assert.deepEqual(parsed.ok && parsed.value.approvals, { byAnother: true });
    const wrong = parseCluster(text('{ byAnother: maybe }'), 'c.yaml');
    assert.match(wrong.ok ? '' : wrong.failure.message, /must be true or false/);
  });
});
