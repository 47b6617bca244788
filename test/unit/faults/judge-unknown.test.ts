// I3, unknown is no pass: for every rule one planted change that the judge finds.
import { again, dropped, finds, instead, isRead, without } from './changes.ts';
import { beginning, done, ended, evidenceOf, goodFacts, halted, over, read, takeover, verified } from './handmade.ts';

describe('the judge of the fault tests', () => {
  describe('I3', () =>
    finds('I3', [
      [
        'an unknown reading that counts as pass',
        () =>
          evidenceOf(
            instead(isRead('install', 'then'), {
              ...read('install', 'then'),
              results: [{ id: 'version-is', verdict: 'unknown' }],
            }),
          ),
        /version-is is unknown/,
      ],
      [
        'a pass without one of its checks',
        () => evidenceOf(instead(isRead('arm', 'before'), read('arm', 'before', 'portal-answers'))),
        /without replication-streaming/,
      ],
      [
        'an attempt over one that may still run',
        () => evidenceOf(dropped(again, 'AttemptSettled')),
        /nor that it is over/,
      ],
      ['an installer that is run again by itself', () => evidenceOf(dropped(again, 'retry')), /no operator had asked/],
      [
        'an installer that is run again after a retry that ended in a halt',
        () => evidenceOf([...again.slice(0, 14), halted('install', 'step-unknown'), ...again.slice(14)]),
        /no operator had asked/,
      ],
      [
        'a success without a reading',
        () => evidenceOf(without(isRead('install', 'then'))),
        /then of install was never read/,
      ],
      [
        'a success by a reading from before the attempt',
        () =>
          evidenceOf([
            ...again.slice(0, 11),
            read('install', 'then', 'version-is'),
            ...again.slice(11).filter((fact) => !isRead('install', 'then')(fact)),
          ]),
        /then of install was not read again/,
      ],
      [
        'a success after a failure',
        () =>
          evidenceOf(
            instead((fact) => fact.type === 'OutcomeRecorded' && fact.item === 'install', ended('install', 'failed')),
          ),
        /its attempt ended with failed/,
      ],
      [
        'an end by what was verified before a takeover',
        () => evidenceOf(instead((fact) => fact === verified, verified, takeover)),
        /the run succeeded, and gate of streams was not read again/,
      ],
      ['a success of what was never started', () => evidenceOf([...beginning, done('arm')]), /never started/],
      [
        'a success by what an earlier installer may have left',
        () =>
          evidenceOf(
            again.map((fact) =>
              fact.type === 'OutcomeRecorded' && fact.attempt === 2 ? ended('install', 'unknown', 2) : fact,
            ),
          ),
        /an earlier attempt may have left/,
      ],
      [
        'an adoption that nobody said',
        () =>
          evidenceOf(
            instead((fact) => fact.type === 'ItemSucceeded' && fact.item === 'install', done('install', true)),
          ),
        /nobody said/,
      ],
      [
        'a start behind a gate that was not read again',
        () => evidenceOf([...beginning.slice(0, 2), takeover, ...beginning.slice(2)]),
        /gate of quiet was not read again/,
      ],
      [
        'a start whose own condition was not read again',
        () =>
          evidenceOf([
            ...beginning.slice(0, 3),
            takeover,
            read('quiet', 'gate', 'observer-quiet'),
            ...beginning.slice(3),
          ]),
        /before of suspend was not read again/,
      ],
      [
        'a start over a condition that did not pass',
        () => evidenceOf(instead(isRead('quiet', 'gate'), { ...read('quiet', 'gate'), passed: false })),
        /gate of quiet did not pass/,
      ],
      [
        'a postcondition in force that was not read after a takeover',
        () =>
          evidenceOf([
            ...goodFacts.slice(0, 14),
            takeover,
            ...goodFacts.slice(14).filter((fact) => !isRead('install', 'then')(fact)),
          ]),
        /then of install was not read again/,
      ],
      [
        'a success with an item left out',
        () => evidenceOf([...beginning.slice(0, 7), over('succeeded')]),
        /install is not done/,
      ],
      [
        'a success without a last look',
        () => evidenceOf([...goodFacts.slice(0, -3), ...goodFacts.slice(-1)]),
        /then of arm was not read again/,
      ],
    ]));
});
