// What a verification of the audit finds, and that it calls nothing damaged that is not.
import assert from 'node:assert/strict';
import { createAuditVerifier, encodeAuditEvent, type Oldest } from '../../../coordinator/audit/chain.ts';
import type { Head } from '../../../coordinator/fleet/fleet.ts';
import { canonicalJson, sha256Hex } from '../../../shared/hash.ts';

const zeros = '0'.repeat(64);

/** A chain of so many events; `from` is the number of the first. */
function chainOf(count: number, more: { from?: number; previous?: string; oldest?: Oldest } = {}): string[] {
  const { from = 1, oldest } = more;
  let previous = more.previous ?? zeros;
  return Array.from({ length: count }, (_, index) => {
    const event = {
      atMs: 1_000 + index,
      who: 'operator ana',
      what: 'decide',
      detail: `${index}`,
      outcome: 'done' as const,
    };
    const link = { schema: 1 as const, sequence: from + index, previous, ...(oldest && { oldest }) };
    const bytes = encodeAuditEvent({ ...event, ...link });
    previous = sha256Hex(bytes);
    return bytes;
  });
}

const headOf = (events: string[], sequence: number): Head => ({
  sequence,
  hash: sha256Hex(events[sequence - 1] ?? ''),
});

function verify(
  events: (string | undefined)[],
  more: { known?: Head[]; from?: number; mayHaveGone?: boolean; last?: number } = {},
) {
  const { known = [], from = 1, mayHaveGone = false } = more;
  const verifier = createAuditVerifier(known, () => mayHaveGone);
  for (const [index, bytes] of events.entries()) verifier.see(from + index, bytes);
  return verifier.end(more.last ?? from + events.length - 1);
}

const found = (events: (string | undefined)[], more?: Parameters<typeof verify>[1]) =>
  verify(events, more).findings.map(({ sequence, message }) => `${sequence}: ${message}`);

describe('the chain of the audit', () => {
  const whole = chainOf(8);
  const changed = (event: string) => canonicalJson({ ...JSON.parse(event), who: 'operator eve' });
  const but = (index: number, ...others: (string | undefined)[]) => [
    ...whole.slice(0, index),
    ...others,
    ...whole.slice(index + others.length),
  ];

  it('is whole as it was written, up to a head that was kept', () => {
    const verdict = verify(whole, { known: [headOf(whole, 8), headOf(whole, 3)] });
    assert.deepEqual(verdict, { events: 8, first: 1, head: headOf(whole, 8), chainedFrom: 1, findings: [] });
  });

  it('names the event that was changed, wherever it is', () => {
    for (let index = 0; index < 7; index += 1)
      assert.deepEqual(
        found(but(index, changed(whole[index] ?? '')), { known: [headOf(whole, 8)] }),
        [`${index + 1}: it was changed: the next event names another hash`],
        `event ${index + 1}`,
      );
    assert.deepEqual(found(but(7, changed(whole[7] ?? '')), { known: [headOf(whole, 8)] }), [
      '8: it is not the event that was acknowledged under this number',
    ]);
  });

  it('names an event whose word about the one before was changed', () => {
    const event = canonicalJson({ ...JSON.parse(whole[3] ?? ''), previous: 'f'.repeat(64) });
    assert.deepEqual(found(but(3, event)), [
      '4: its previous hash is not the one of the event before',
      '4: it was changed: the next event names another hash',
    ]);
  });

  it('names events that were taken away: in the middle, at the end, and all of them', () => {
    assert.deepEqual(found(but(2, undefined)), ['3: event 3 is missing']);
    assert.deepEqual(found(but(2, undefined, undefined, undefined)), ['3: events 3 to 5 are missing']);
    const known = [headOf(whole, 8)];
    assert.deepEqual(found(whole.slice(0, 6), { known }), ['7: events up to 8 were there and are missing']);
    assert.deepEqual(found([], { known, last: 0 }), ['1: events up to 8 were there and are missing']);
    assert.deepEqual(found(but(7, undefined), { known }), ['8: event 8 is missing']);
  });

  it('names events that were taken out so that the others moved up', () => {
    const moved = [...whole.slice(0, 3), ...whole.slice(4)];
    assert.equal(found(moved)[0], '4: it says that it is event 5');
  });

  it('names events that changed places', () => {
    const [third = '', fourth = ''] = whole.slice(2, 4);
    const findings = found(but(2, fourth, third));
    assert.ok(findings.includes('3: it says that it is event 4'), findings.join('\n'));
    assert.ok(findings.includes('4: it says that it is event 3'), findings.join('\n'));
  });

  it('finds a chain that was written anew by a head that was noted', () => {
    const anew = chainOf(8, { previous: zeros }).map((event) => event);
    const other = chainOf(8, { previous: 'a'.repeat(64) });
    assert.deepEqual(found(anew, { known: [headOf(whole, 5)] }), []);
    assert.deepEqual(found(other, { known: [headOf(whole, 5)] }), [
      '5: it is not the event that was acknowledged under this number',
    ]);
  });

  it('begins in the middle where the oldest have gone by age, and nowhere else', () => {
    const oldest = { sequence: 3, atMs: 500 };
    const later = chainOf(4, { from: 9, previous: 'b'.repeat(64), oldest });
    assert.deepEqual(found(later, { from: 9, mayHaveGone: true }), []);
    assert.deepEqual(found(later, { from: 9, mayHaveGone: false }), [
      '3: events up to 8 are missing, too young to have gone by themselves',
    ]);
    assert.deepEqual(found(chainOf(4, { from: 3, oldest }), { from: 3 }), []);
  });

  it('begins after events of a version that had no chain, and none of those comes later', () => {
    const old = canonicalJson({ atMs: 1, who: 'operator ana', what: 'x', detail: '', outcome: 'done' });
    const chained = chainOf(3, { from: 2, previous: sha256Hex(old) });
    assert.equal(verify([old, ...chained]).chainedFrom, 2);
    assert.deepEqual(found([old, ...chained]), []);
    assert.deepEqual(found([...chainOf(2), old]), ['3: it is not chained, as those before it are']);
    assert.equal(found([changed(old), ...chained])[0], '1: it was changed: the next event names another hash');
  });

  it('finds bytes that are no event, and others of the same meaning', () => {
    assert.ok(found(but(4, 'nonsense')).includes('5: it is not an event'));
    const spaced = JSON.stringify(JSON.parse(whole[4] ?? ''), undefined, 1);
    assert.ok(found(but(4, spaced)).includes('5: its bytes are not canonical'));
  });

  it('tells a bounded number of findings', () => {
    const findings = found(Array.from({ length: 500 }, () => 'nonsense'));
    assert.equal(findings.length, 101);
    assert.match(findings.at(-1) ?? '', /400 more findings/);
  });
});
