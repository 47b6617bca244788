// What notices say, and of what: runs' events, suspensions beyond their deadline, nodes that stay away; and where they go.
import assert from 'node:assert/strict';
import type { NodePresence, ReadingResult } from '../../../coordinator/checks/check.ts';
import type { Cluster } from '../../../coordinator/cluster/cluster.ts';
import type { ClusterRecord } from '../../../coordinator/cluster/cluster-store.ts';
import { parseCluster } from '../../../coordinator/cluster/parse.ts';
import { absence, createAlarms, overdueSuspension } from '../../../coordinator/notify/alarms.ts';
import { toMessage } from '../../../coordinator/notify/message.ts';
import type { Notice } from '../../../coordinator/notify/notice.ts';
import { harmless } from '../../../coordinator/notify/secrets.ts';
import { ok } from '../../../shared/failures.ts';
import { quiet, request, Site, simPlan } from '../runs/process.ts';
import { World } from '../sequencer/world.ts';

const minute = 60_000;

const unasked = { ...simPlan, items: simPlan.items.filter(({ kind }) => kind !== 'approval') };

describe('notices of runs', () => {
  /** Everything that a run of these items tells. */
  async function toldBy(plan = unasked, until: string[] = ['succeeded', 'halted', 'awaiting-operator', 'failed']) {
    const told: Notice[] = [];
    const site = new Site(new World());
    const process = site.process(undefined, undefined, undefined, { tell: (notice) => void told.push(notice) });
    const started = await site.run(process.service.startRun(request('r1', plan)));
    assert.ok(started.ok);
    await site.until(started.value, ...until);
    return { told, run: started.value, site };
  }
  const distinct = (told: Notice[]) => [...new Map(told.map((one) => [one.id, one])).values()];

  it('tell its start and its end with the change and the reason', async () => {
    const { told, run } = await toldBy();
    const [start, end, ...more] = distinct(told);
    assert.deepEqual(more, []);
    assert.equal(start?.kind, 'start');
    assert.equal(start.run, run);
    assert.match(start.text, /Started by: ana\nChange: CHG-1\nReason: test/);
    assert.equal(end?.kind, 'end');
    assert.match(end.subject, /succeeded/);
    assert.match(end.text, /Failover is armed/);
    assert.match(end.text, new RegExp(`baton report ${run}`));
  });

  it('ask for an approval with the commands that give it', async () => {
    const { told, run } = await toldBy(simPlan);
    const question = told.find(({ kind }) => kind === 'approval');
    assert.match(question?.text ?? '', new RegExp(`baton run approve ${run}`));
    assert.match(question?.text ?? '', new RegExp(`baton run reject ${run}`));
  });

  it('are told again after a takeover with the same ids, so that they can be told apart', async () => {
    const { told, run, site } = await toldBy(simPlan);
    const again: Notice[] = [];
    const next = site.process(undefined, undefined, undefined, { tell: (notice) => void again.push(notice) });
    await site.run(next.service.resumeAll());
    await site.run(site.clock.sleep(1_000));
    assert.deepEqual(
      again
        .filter(({ run: of }) => of === run)
        .map(({ id }) => id)
        .slice(0, 2),
      distinct(told).map(({ id }) => id),
    );
  });

  it('do not disturb a run, whatever becomes of them', async () => {
    const site = new Site(new World());
    const process = site.process(undefined, undefined, undefined, {
      tell: () => {
        throw new Error('a bug of who tells');
      },
    });
    const started = await site.run(process.service.startRun(request()));
    assert.ok(started.ok);
    await site.until(started.value, 'awaiting-operator');
    const word = { decision: 'approve' as const, operator: 'ben', reason: '', requestId: 'd1' };
    assert.deepEqual(await site.run(process.service.decide(started.value, word)), { ok: true, value: undefined });
    await site.until(started.value, 'succeeded');
  });
});

describe('alarms', () => {
  const node = (more: Partial<NodePresence>): NodePresence => ({
    ...{ node: 'n1', joined: true, connected: false, hold: false, agentVersion: '', lastSeenMs: 0 },
    ...more,
  });

  it('come at the deadline of a suspension, and again every 15 minutes', () => {
    const state = { suspended: true, deadlineMs: 100 * minute, run: 'upgrade-1' };
    const at = (nowMinutes: number) => overdueSuspension('lab', state, nowMinutes * minute);
    assert.equal(at(99), undefined);
    assert.match(at(100)?.text ?? '', /baton run show upgrade-1/);
    assert.equal(at(114)?.id, at(100)?.id);
    assert.notEqual(at(116)?.id, at(100)?.id);
    assert.equal(overdueSuspension('lab', { ...state, suspended: false }, 200 * minute), undefined);
  });

  it('come for a node that stays away, once, and say when it is back', () => {
    assert.equal(absence('lab', node({}), false, 2 * minute), undefined);
    const lost = absence('lab', node({}), false, 4 * minute);
    assert.match(lost?.subject ?? '', /n1 is lost/);
    assert.equal(absence('lab', node({}), true, 40 * minute)?.id, lost?.id);
    assert.match(absence('lab', node({ connected: true }), true, 41 * minute)?.subject ?? '', /back/);
    assert.equal(absence('lab', node({ connected: true }), false, 41 * minute), undefined);
    assert.equal(absence('lab', node({ revoked: true }), false, 40 * minute), undefined);
    assert.equal(absence('lab', node({ joined: false }), false, 40 * minute), undefined);
  });
});

describe('looking for alarms', () => {
  it('tells of each once, however often it looks', async () => {
    let nowMs = 0;
    const told: string[] = [];
    const lab = { ...simPlan.cluster, notify: { events: ['alarm'] } } as unknown as Cluster;
    const nodes = lab.nodes.map(({ name }) => ({
      ...{ node: name, joined: true, connected: name !== 'n1', hold: false, agentVersion: '', lastSeenMs: 0 },
    }));
    const alarms = createAlarms({
      clusters: { list: async () => ok([{ cluster: lab } as ClusterRecord]) },
      fleet: {
        presence: async () => nodes,
        read: async () => {
          const answer = { kind: 'readFailover', suspended: true, deadlineMs: 10 * minute, run: '' };
          return { ok: true, answer, commands: [] } as unknown as ReadingResult;
        },
      },
      notifier: { tell: ({ subject }) => void told.push(subject) },
      clock: { nowMs: () => nowMs, monotonicMs: () => nowMs, sleep: async () => undefined },
      log: quiet,
    });
    for (; nowMs <= 30 * minute; nowMs += minute) await alarms.look();
    const overdue = 'sim: failover is suspended beyond its deadline';
    assert.deepEqual(told, ['sim: the agent of n1 is lost', overdue, overdue]);
  });
});

describe('texts that go out', () => {
  it('are bounded, and hold nothing that a header or a terminal obeys', () => {
    const wild = {
      kind: 'halt' as const,
      cluster: 'lab',
      subject: 'a\r\nBcc: b\u001b[2J',
      text: 'x\u001b]0;t\u0007\n\u202ey',
    };
    const message = toMessage({ ...wild, text: wild.text + 'z'.repeat(20_000) }, 'i', 0);
    assert.equal(message.subject, 'a Bcc: b [2J');
    assert.match(message.text, /^x\]0;t\nyz/);
    assert.equal(message.text.length, 8_000);
  });

  it('do not repeat a secret that a server sends back', () => {
    assert.equal(harmless('535 no: pa$$ cGEkJA==', ['pa$$']), '535 no: *** ***');
  });
});

describe('notify in the cluster file', () => {
  const file = (notify: string) =>
    parseCluster(
      `cluster: lab
nodes:
  n1: { address: 10.77.0.11, role: master }
  n2: { address: 10.77.0.12, role: standby }
  n3: { address: 10.77.0.13, role: observer }
application:
  version: { file: /opt/v, pattern: '^(.+)$' }
  portal: { url: 'http://10.77.0.10/' }
notify: ${notify}
`,
      'c.yaml',
    );
  const smtp = 'host: mail.x, from: a@x.test, to: [b@x.test]';

  it('has ports that follow from tls, and all kinds', () => {
    const ports = ['starttls', 'tls', 'none'].map((tls) => {
      const parsed = file(`{ smtp: { ${smtp}, tls: ${tls} } }`);
      return parsed.ok && parsed.value.notify?.smtp?.port;
    });
    assert.deepEqual(ports, [587, 465, 25]);
    const parsed = file(`{ webhook: { url: 'https://h/x', headerFiles: { Authorization: /s/t } } }`);
    assert.deepEqual(parsed.ok && parsed.value.notify, {
      webhook: { url: 'https://h/x', headers: {}, headerFiles: { Authorization: '/s/t' } },
      events: ['start', 'halt', 'approval', 'end', 'alarm', 'cancelled', 'probe'],
    });
  });

  for (const [what, notify, says] of [
    ['nobody', '{}', /needs smtp or webhook/],
    ['a user without a password', `{ smtp: { ${smtp}, user: u } }`, /belong together/],
    [
      'a password over no TLS',
      `{ smtp: { ${smtp}, tls: none, user: u, passwordFile: /s/p } }`,
      /never sent without TLS/,
    ],
    ['a password in the file', `{ smtp: { ${smtp}, password: x } }`, /password: there is no such key/],
    [
      'an address with more than one line',
      `{ smtp: { host: m, from: "a@x\\nBcc: b@x", to: [b@x] } }`,
      /e-mail address/,
    ],
    ['a token over plain HTTP', `{ webhook: { url: 'http://10.0.0.1/x' } }`, /must be https/],
    ['a header that is Baton’s own', `{ webhook: { url: 'https://h/', headers: { Host: x } } }`, /Baton sets itself/],
    [
      'a header twice',
      `{ webhook: { url: 'https://h/', headers: { a: x }, headerFiles: { A: /s/t } } }`,
      /stands in headers too/,
    ],
    ['a kind that is none', `{ smtp: { ${smtp} }, events: [bang] }`, /must be start, halt/],
  ] as const)
    it(`refuses ${what}`, () => {
      const parsed = file(notify);
      assert.ok(!parsed.ok);
      assert.match(parsed.failure.message, says);
    });
});
