// The maintenance window by the clocks of its time zone: over midnight, over both changes of summer time, and what the check
// and a held run say of it.
import assert from 'node:assert/strict';
import { checkSentence, worstVerdict } from '../../../coordinator/checks/evaluate.ts';
import { windowOpen } from '../../../coordinator/checks/window-open.ts';
import { parseCluster } from '../../../coordinator/cluster/parse.ts';
import { type MaintenanceWindow, nextOpening, openingAt, wallTime } from '../../../coordinator/cluster/window.ts';
import { hours, minutes } from '../../../shared/units.ts';
import { context, drive } from '../checks/world.ts';

const at = (text: string): number => Date.parse(text);
const berlin = (more: Partial<MaintenanceWindow>): MaintenanceWindow => ({
  ...{ days: ['sun'], from: '01:00', to: '05:00', timezone: 'Europe/Berlin' },
  ...more,
});
const opening = (window: MaintenanceWindow, atMs: number): string[] => {
  const found = openingAt(window, atMs) ?? nextOpening(window, atMs);
  return found === undefined ? [] : [found.opensAtMs, found.closesAtMs].map((one) => new Date(one).toISOString());
};

describe('the maintenance window', () => {
  it('is open from its first moment to its last, on its days', () => {
    const window = berlin({});
    assert.equal(openingAt(window, at('2026-11-22T00:59:59+01:00')), undefined);
    assert.notEqual(openingAt(window, at('2026-11-22T01:00:00+01:00')), undefined);
    assert.notEqual(openingAt(window, at('2026-11-22T04:59:59+01:00')), undefined);
    assert.equal(openingAt(window, at('2026-11-22T05:00:00+01:00')), undefined);
    assert.equal(openingAt(window, at('2026-11-23T02:00:00+01:00')), undefined, 'it is a Monday');
  });

  it('belongs over midnight to the day on which it opens', () => {
    const window = berlin({ days: ['sat'], from: '22:00', to: '02:00' });
    assert.notEqual(openingAt(window, at('2026-11-22T01:59:00+01:00')), undefined, 'Sunday, still Saturday’s');
    assert.equal(openingAt(window, at('2026-11-21T01:00:00+01:00')), undefined, 'Saturday, of Friday’s there is none');
    assert.deepEqual(opening(berlin({ days: ['sat'], from: '20:00', to: '24:00' }), at('2026-11-21T12:00Z')), [
      '2026-11-21T19:00:00.000Z',
      '2026-11-21T23:00:00.000Z',
    ]);
  });

  it('is an hour shorter in the night in which summer time begins, and an hour longer when it ends', () => {
    assert.deepEqual(opening(berlin({}), at('2026-03-29T00:30Z')), [
      '2026-03-29T00:00:00.000Z',
      '2026-03-29T03:00:00.000Z',
    ]);
    assert.deepEqual(opening(berlin({}), at('2026-10-25T00:30Z')), [
      '2026-10-24T23:00:00.000Z',
      '2026-10-25T04:00:00.000Z',
    ]);
  });

  it('opens and closes at the change where its own time is skipped, and at the first one where it comes twice', () => {
    const skipped = berlin({ from: '02:30', to: '04:00' });
    assert.deepEqual(opening(skipped, at('2026-03-29T00:00Z')), [
      '2026-03-29T01:00:00.000Z',
      '2026-03-29T02:00:00.000Z',
    ]);
    const closing = berlin({ from: '01:00', to: '02:30' });
    assert.deepEqual(opening(closing, at('2026-03-29T00:00Z')), [
      '2026-03-29T00:00:00.000Z',
      '2026-03-29T01:00:00.000Z',
    ]);
    assert.deepEqual(opening(closing, at('2026-10-24T23:10Z')), [
      '2026-10-24T23:00:00.000Z',
      '2026-10-25T00:30:00.000Z',
    ]);
    const inside = berlin({ from: '02:10', to: '02:50' });
    assert.deepEqual(opening(inside, at('2026-03-28T12:00Z')), [
      '2026-04-05T00:10:00.000Z',
      '2026-04-05T00:50:00.000Z',
    ]);
  });

  it('says its next time as people there read it', () => {
    const window: MaintenanceWindow = { days: ['sat'], from: '01:00', to: '05:00', timezone: 'Asia/Kolkata' };
    const next = nextOpening(window, at('2026-11-22T12:00Z'));
    assert.equal(wallTime(next?.opensAtMs ?? 0, window.timezone), 'Sat 2026-11-28 01:00 Asia/Kolkata');
  });

  const file = (window: string) =>
    parseCluster(
      `cluster: lab
nodes:
  n1: { address: 10.77.0.11, role: master }
  n2: { address: 10.77.0.12, role: standby }
  n3: { address: 10.77.0.13, role: observer }
application:
  version: { file: /opt/v, pattern: '^(.+)$' }
  portal: { url: 'http://10.77.0.10/' }
window: ${window}
`,
      'c.yaml',
    );

  it('is as the cluster file says', () => {
    const parsed = file("{ days: [sat, sun], from: '22:00', to: '24:00', timezone: Asia/Kolkata }");
    assert.deepEqual(parsed.ok && parsed.value.window, {
      ...{ days: ['sat', 'sun'], from: '22:00', to: '24:00', timezone: 'Asia/Kolkata' },
    });
  });

  for (const [what, window, says] of [
    ['a day that is none', "{ days: [caturday], from: '01:00', to: '05:00', timezone: UTC }", /must be mon, tue/],
    ['no day', "{ days: [], from: '01:00', to: '05:00', timezone: UTC }", /at least one day/],
    ['a time that is none', "{ from: '25:00', to: '05:00', timezone: UTC }", /must be a time/],
    ['no length', "{ from: '01:00', to: '01:00', timezone: UTC }", /must differ from/],
    ['a time zone that nobody knows', "{ from: '01:00', to: '05:00', timezone: Asia/Lemuria }", /must be a time zone/],
    ['no time zone', "{ from: '01:00', to: '05:00' }", /timezone/],
  ] as const)
    it(`with ${what} is refused`, () => {
      const parsed = file(window);
      assert.ok(!parsed.ok);
      assert.match(parsed.failure.message, says);
    });
});

describe('window-open', () => {
  const window: MaintenanceWindow = { days: ['sat'], from: '01:00', to: '05:00', timezone: 'UTC' };
  const found = (now: string, neededMs: number | null, more: { likely?: number; window?: undefined } = {}) => {
    const cluster = { ...context.cluster, ...('window' in more ? {} : { window }) };
    return drive(
      [windowOpen.ref({ neededMs })],
      { ...context, cluster, nowMs: at(now), ...(more.likely !== undefined && { neededMs: more.likely }) },
      () => assert.fail('it reads something'),
    );
  };
  const said = (results: ReturnType<typeof found>) => results.map(checkSentence).join();

  it('passes while the rest of the window is long enough', () => {
    assert.equal(worstVerdict(found('2026-11-28T03:00Z', hours(2))), 'pass');
  });
  it('fails while it is closed, with its next time', () => {
    const results = found('2026-11-22T12:00Z', hours(1));
    assert.equal(worstVerdict(results), 'fail');
    assert.match(said(results), /closed, opens next Sat 2026-11-28 01:00 UTC/);
  });
  it('fails where too little is left of it, and says whether it will ever be enough', () => {
    const results = found('2026-11-28T03:00:01Z', hours(2));
    assert.equal(worstVerdict(results), 'fail');
    assert.match(said(results), /open for 1 h 59 min.*opens next Sat 2026-12-05/s);
    assert.doesNotMatch(said(results), /never open for so long/);
    assert.match(said(found('2026-11-28T01:00Z', hours(5))), /never open for so long/);
  });
  it('goes by what this site’s own runs have shown, where there are any', () => {
    assert.equal(worstVerdict(found('2026-11-28T03:00Z', hours(2), { likely: hours(3) })), 'fail');
    assert.equal(worstVerdict(found('2026-11-28T03:00Z', hours(3), { likely: minutes(90) })), 'pass');
  });
  it('only tells when it is open where nothing is about to begin', () => {
    const results = found('2026-11-22T12:00Z', null);
    assert.equal(worstVerdict(results), 'pass');
    assert.match(results[0]?.reading ?? '', /opens next/);
  });
  it('passes where there is no window', () => {
    assert.equal(worstVerdict(found('2026-11-22T12:00Z', hours(1), { window: undefined })), 'pass');
  });
});
