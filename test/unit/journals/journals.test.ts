// Journals that earlier versions wrote, under test/journals: they fold to the same state for ever.
import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunEvent } from '../../../coordinator/journal/event.ts';
import { verifyExport } from '../../../coordinator/journal/export.ts';
import type { CompiledPlan } from '../../../coordinator/plans/plan.ts';
import { reportDocument } from '../../../coordinator/runs/report-document.ts';
import { runDocument } from '../../../coordinator/runs/run-document.ts';
import { apply } from '../../../coordinator/sequencer/apply.ts';
import { decide } from '../../../coordinator/sequencer/decide.ts';
import { legalDecisions } from '../../../coordinator/sequencer/legal.ts';
import { defaultLimits } from '../../../coordinator/sequencer/limits.ts';
import { nothingSeen } from '../../../coordinator/sequencer/seen.ts';
import { initialState } from '../../../coordinator/sequencer/state.ts';
import type { ExportLineDocument } from '../../../shared/documents.ts';
import { sha256Hex } from '../../../shared/hash.ts';
import { courses } from '../../journals/courses.ts';
import { differences, foldedOf } from '../../journals/folded.ts';

const root = join(import.meta.dirname, '../../journals');
const text = (path: string): string => readFileSync(join(root, path), 'utf8');
const journals = globSync('*/*.jsonl', { cwd: root }).sort();

interface Kept {
  lines: ExportLineDocument[];
  records: string[];
  events: RunEvent[];
  compiled: CompiledPlan;
  folded: { tells: string; state: { status: string } } & Record<string, unknown>;
}

function load(journal: string): Kept {
  const lines = text(journal)
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as ExportLineDocument);
  const records = lines.flatMap(({ event }) => (event === undefined ? [] : [event]));
  const events = records.map((bytes) => JSON.parse(bytes) as RunEvent);
  const started = events[0]?.fact;
  assert.ok(started?.type === 'RunStarted');
  const plan = text(`plans/${started.planArtefact}.json`);
  assert.equal(sha256Hex(plan), started.planArtefact);
  const compiled = JSON.parse(plan) as CompiledPlan;
  return { lines, records, events, compiled, folded: JSON.parse(text(journal.replace('.jsonl', '.state.json'))) };
}

describe('journals of earlier versions', () => {
  it('are as they were recorded, all of them', () => {
    const listed = text('SHA256SUMS').trimEnd().split('\n');
    const files = listed.map((line) => line.split('  ')[1] ?? '');
    for (const [index, line] of listed.entries()) {
      const path = files[index] ?? '';
      assert.ok(existsSync(join(root, path)), `${path} was removed`);
      assert.equal(`${sha256Hex(text(path))}  ${path}`, line);
    }
    assert.deepEqual(globSync(['*/*.json', '*/*.jsonl'], { cwd: root }).sort(), files.toSorted());
  });

  it('cover every course that a run can take', () => {
    const recorded = journals.map((path) => path.split('/')[1]?.replace('.jsonl', ''));
    assert.deepEqual(
      courses.map(({ name }) => name).filter((name) => !recorded.includes(name)),
      [],
      'npm run journals records them',
    );
  });

  for (const journal of journals) {
    const version = journal.split('/')[0];
    it(`${journal}: verifies and folds to what version ${version} made of it`, () => {
      const { lines, records, compiled, folded } = load(journal);
      assert.equal(verifyExport(lines).ok, true);
      assert.deepEqual(differences({ ...folded, tells: '' }, { tells: '', ...foldedOf(records, compiled) }), []);
    });

    it(`${journal}: can be taken up at every event, shown and reported`, () => {
      const { lines, events, compiled } = load(journal);
      const { plan } = compiled;
      let state = initialState(events[0]?.run ?? '');
      for (const event of events) {
        state = apply(state, event);
        legalDecisions(plan, state);
        decide({ plan, state, seen: nothingSeen, nowMs: 1, limits: defaultLimits });
      }
      const head = lines.at(-1)?.head;
      assert.ok(head && state.ended);
      const document = runDocument(compiled, state, head, { failover: 'armed', runsNow: [], downNow: [], nodes: {} });
      assert.equal(document.status, state.ended.status);
      assert.equal(reportDocument(compiled, events, document).timeline.length, events.length);
    });
  }

  it('see a fold that has changed, and none in a field that is new', () => {
    const was = { status: 'halted', items: { a: { attempts: [1] } } };
    assert.deepEqual(differences(was, { ...was, new: true }), []);
    assert.equal(differences(was, { ...was, status: 'running' }).length, 1);
    assert.equal(differences(was, { status: 'halted', items: { a: { attempts: [1, 2] } } }).length, 1);
    assert.equal(differences(was, { status: 'halted', items: {} }).length, 1);
    const halt = { legal: ['retry', 'abort'] };
    assert.deepEqual(differences(halt, { legal: ['retry', 'abort', 'rollback'] }), []);
    assert.equal(differences(halt, { legal: ['retry', 'rollback'] }).length, 1);
  });
});
