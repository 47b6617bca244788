// A lab that is made to fail checks: rows say what breaks each and what mends it. What does not disturb one another is broken at
// the same time, so that a row costs next to nothing.
import assert from 'node:assert/strict';
import type { CheckDocument } from '../../shared/documents.ts';
import { batonJson, lab, onNode, waitFor } from './lab.ts';
import { agentIsBack } from './scenario.ts';

export interface Row {
  what: string;
  check: string;
  node: string;
  verdict: 'fail' | 'warn';
  reading: RegExp;
  /** Shell lines on nodes: what breaks it, and the remedy. */
  broken: [on: string, line: string];
  mended: [on: string, line: string];
}

export const row = (
  what: string,
  [check, node]: [string, string],
  reading: RegExp,
  broken: Row['broken'],
  mended: Row['mended'],
  verdict: Row['verdict'] = 'fail',
): Row => ({ what, check, node, verdict, reading, broken, mended });

/** Breaks all rows, looks, mends them, looks again: a test for each. `whileBroken`: what else is to be seen then. */
export function seeRows(rows: Row[], options: { only?: string[]; whileBroken?: () => Promise<void> } = {}): void {
  const { only, whileBroken } = options;
  let broken: CheckDocument;
  let mended: CheckDocument;

  const change = async (side: 'broken' | 'mended') => {
    const subnet = /subnet (\d+\.\d+\.\d+)\.0/.exec(await lab('status'))?.[1] ?? '';
    for (const { [side]: act } of rows) await onNode(act[0], act[1].replaceAll('@SUBNET@', subnet));
    if (rows.some(({ check }) => check === 'clock-offset')) await agentIsBack('n2');
  };
  const words = ['check', 'lab', ...(only === undefined ? [] : ['--only', only.join(',')])];
  const check = async () => (await batonJson<CheckDocument>(...words)).document;
  const found = (document: CheckDocument, { check: id, node }: Row) =>
    document.checks.filter((result) => result.id === id && result.node === node);
  const fails = (document: CheckDocument, one: Row) =>
    found(document, one).some(({ verdict, reading }) => verdict === one.verdict && one.reading.test(reading));
  const passes = (document: CheckDocument, one: Row) => {
    const results = found(document, one);
    return results.length > 0 && results.every(({ verdict }) => verdict === 'pass');
  };
  const say = (document: CheckDocument, one: Row) => JSON.stringify(found(document, one), null, 2);

  before(async () => {
    await change('broken');
    // A clock's offset is known some heartbeats after its agent has come back.
    broken = await waitFor('each is seen', async () => {
      const document = await check();
      return rows.every((one) => fails(document, one)) ? document : undefined;
    }).catch(check);
    await whileBroken?.();
    await change('mended');
    mended = await waitFor('each passes', async () => {
      const document = await check();
      return rows.every((one) => passes(document, one)) ? document : undefined;
    }).catch(check);
  });

  for (const one of rows)
    it(`${one.check} tells of ${one.what}, and passes after the remedy`, () => {
      assert.ok(fails(broken, one), `broken: ${say(broken, one)}`);
      for (const result of found(broken, one).filter(({ verdict }) => verdict === one.verdict))
        assert.match(result.remedy, /\S/);
      assert.ok(passes(mended, one), `mended: ${say(mended, one)}`);
    });
}
