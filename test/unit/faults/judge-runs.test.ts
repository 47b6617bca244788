// I4, I5, I7 and I8, writers, halts, suspension, rollback: for every rule one planted change that the judge finds.
import assert from 'node:assert/strict';
import type { Evidence } from '../../faults/judge/evidence.ts';
import type { Fact } from '../../faults/judge/journal-facts.ts';
import { judge } from '../../faults/judge/judge.ts';
import { aborted, changed, dropped, finds, good, instead, isRead, without, withRecords } from './changes.ts';
import {
  beginning,
  ended,
  evidenceOf,
  goodFacts,
  halted,
  journalOf,
  over,
  pass,
  plan,
  read,
  record,
  run,
  said,
  started,
  told,
} from './handmade.ts';

/** A run of what changes nothing of the cluster, started by a schedule, in the middle of its one step. */
const unattended = (...facts: Fact[]): Evidence => {
  const items = plan.items.filter(({ id }) => id === 'install').map((item) => ({ ...item, isHarmless: true }));
  const begun: Fact[] = [{ type: 'RunStarted', cluster: 'lab', isUnattended: true }, started('install')];
  return evidenceOf([...begun, ...facts], { plans: { [run]: { plan: { ...plan, items }, hash: 'h' } } });
};
const suspendedSince: Evidence = { ...good, now: { ...good.now, failover: 'suspended' } };

describe('the judge of the fault tests', () => {
  describe('I4', () =>
    finds('I4', [
      [
        'an epoch that goes back',
        () =>
          evidenceOf(goodFacts, {
            journals: { [run]: journalOf(told(goodFacts).map((one, at) => (at === 12 ? { ...one, epoch: 1 } : one))) },
          }),
        /is of epoch 1, the one before it of 2/,
      ],
      [
        'a writer who had not taken over',
        () =>
          evidenceOf(goodFacts, {
            journals: { [run]: journalOf(told(goodFacts).map((one, at) => (at >= 13 ? { ...one, epoch: 3 } : one))) },
          }),
        /has not taken over/,
      ],
      ['an event after the end', () => evidenceOf([...goodFacts, over('failed')]), /comes after its end/],
      ['a run of another cluster', () => evidenceOf(goodFacts, { cluster: 'other' }), /run of cluster lab/],
      [
        'two runs at a time',
        () => ({ ...good, lock: [{ type: 'RunOpened', run: 'x-1' }, ...(good.lock ?? [])] }),
        /while x-1 held it/,
      ],
      [
        'a lock that is given back by another',
        () => ({ ...good, lock: [...(good.lock ?? []), { type: 'RunClosed', run: 'x-1' }] }),
        /which nobody held/,
      ],
      ['a run without the lock', () => ({ ...good, lock: [] }), /never took the cluster/],
      [
        'a lock that is given back too early',
        () => ({ ...evidenceOf(beginning), lock: good.lock ?? [] }),
        /before its end/,
      ],
      [
        'runs that overlap',
        () => withRecords(record('arm', 'start', { key: 'x-1/arm/do/1' }), record('arm', 'start')),
        /after run x-1 had begun/,
      ],
    ]));

  describe('I5', () =>
    finds('I5', [
      [
        'a halt without a message',
        () =>
          evidenceOf([...beginning, ended('install', 'unknown'), halted('install', 'step-unknown', { message: ' ' })]),
        /without a message/,
      ],
      [
        'a halt at nothing',
        () => evidenceOf([...beginning, halted('nowhere', 'paused')]),
        /nowhere, which the plan does not have/,
      ],
      ['a halt for nothing', () => evidenceOf([...beginning, halted('install', 'mood')]), /which is no reason/],
      [
        'a halt whose status is another',
        () => evidenceOf([...beginning, halted('install', 'approval')]),
        /approval, which is awaiting-operator/,
      ],
      [
        'a gate that fails without a finding',
        () => evidenceOf([...beginning, halted('quiet', 'gate-failed', { checks: [pass('observer-quiet')] })]),
        /without a finding/,
      ],
      [
        'a failure that is not told',
        () =>
          evidenceOf([
            ...beginning,
            ended('install', 'failed'),
            halted('install', 'step-failed', { message: 'sorry' }),
          ]),
        /does not say so/,
      ],
      [
        'a known end that is called unknown',
        () => evidenceOf([...beginning, ended('install', 'failed'), halted('install', 'step-unknown')]),
        /it is known/,
      ],
      [
        'an end that leaves something open',
        () => evidenceOf([...beginning, over('aborted')]),
        /nobody knows what became of/,
      ],
      [
        'a change that is called none',
        () => evidenceOf([...beginning, ended('install', 'failed'), over('failed')]),
        /as if nothing had been changed/,
      ],
      [
        'a halt of what nobody attends',
        () => unattended(halted('install', 'step-unknown'), over('failed', 'armed')),
        /nobody attends it/,
      ],
      [
        'an end of it that does not say where something may still run',
        () => unattended({ ...over('failed'), message: 'given up' } as Fact),
        /without a word on n1/,
      ],
    ]));

  describe('I5 has nothing to say', () =>
    it('of what nobody attends and ends while an agent is away, where it says so', () => {
      const end: Fact = { type: 'RunEnded', status: 'failed', message: 'n1 is away', failoverArmed: 'unknown' };
      const found = judge(unattended(end)).filter(({ invariant }) => invariant === 'I5');
      assert.deepEqual(found, []);
    }));

  describe('I7', () =>
    finds('I7', [
      [
        'a start without a look at the suspension',
        () => evidenceOf([...goodFacts.slice(0, 7), ...goodFacts.slice(8)]),
        /then of suspend was not read again/,
      ],
      [
        'a start while the observer was active',
        () => changed({ observerActive: true }),
        /while the observer was active/,
      ],
      [
        'a start while the observer had been active for long',
        () => changed({ observerActive: true, observerActiveSince: 5 }),
        /while the observer was active/,
      ],
      [
        'arming without a look',
        () => evidenceOf(without(isRead('arm', 'before'))),
        /without a look at portal and replication/,
      ],
      [
        'arming while replication is unknown',
        () =>
          evidenceOf(
            instead(isRead('arm', 'before'), {
              ...read('arm', 'before', 'portal-answers'),
              results: [pass('portal-answers'), { id: 'replication-streaming', verdict: 'unknown' }],
            }),
          ),
        /replication-streaming was unknown/,
      ],
      [
        'arming on the way back without a look',
        () => evidenceOf(aborted.filter((fact) => !isRead('suspend', 'undo-before')(fact))),
        /without a look at portal and replication/,
      ],
      [
        'an end without a word on failover',
        () => evidenceOf([...goodFacts.slice(0, -1), over('succeeded', '')]),
        /without a word on failover/,
      ],
      [
        'a success that leaves failover suspended',
        () => evidenceOf([...goodFacts.slice(0, -1), over('succeeded', 'suspended')]),
        /failover is suspended/,
      ],
      ['an end that says armed and is not', () => suspendedSince, /and it is suspended/],
      [
        'an end that says armed and is not, the observer put back before it',
        () => ({ ...suspendedSince, putBack: [{ node: 'n3', journaled: { [run]: goodFacts.length - 1 } }] }),
        /and it is suspended/,
      ],
      [
        'an end that says armed and is not, another machine put back after it',
        () => ({ ...suspendedSince, putBack: [{ node: 'n1', journaled: { [run]: goodFacts.length } }] }),
        /and it is suspended/,
      ],
    ]));

  describe('I8', () =>
    finds('I8', [
      ['an undo that nobody asked for', () => evidenceOf(dropped(aborted, 'abort')), /no operator had said abort/],
      [
        'an abort that goes on ahead',
        () => evidenceOf([...goodFacts.slice(0, 10), said('abort', 'install'), ...goodFacts.slice(10)]),
        /goes on ahead/,
      ],
    ]));
});
