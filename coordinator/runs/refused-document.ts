// A refused run as `run show` prints it: what its journal still tells, why it goes no further, and the way out. Pure.
import type { HaltDocument, NextCommandDocument, RunDocument, RunSummaryDocument } from '../../shared/documents.ts';
import { emptyHead } from '../journal/chain.ts';
import { type Refusal, refusalText } from './refusals.ts';
import type { Now } from './run-document.ts';

const iso = (atMs: number): string => new Date(atMs).toISOString();

/** What replaces the part of a document that a journal's end would tell; `told` is the part that is there. */
export function refusedDocument(refusal: Refusal, told: RunDocument | undefined, now: Now): RunDocument {
  const { run, closed } = refusal;
  const message = refusalText(refusal);
  const { runsNow, downNow } = now;
  const evidenceAt = [`baton run export ${run}`, 'the store of the coordinator', 'the ledgers of the nodes'];
  const halt: HaltDocument = {
    item: '',
    reason: 'restored-state',
    message,
    evidence: '',
    runsNow,
    downNow,
    evidenceAt,
  };
  const nothing: RunDocument = {
    ...{ schema: 1, ...refusedSummary(refusal, undefined), planHash: '', parameters: {}, failover: now.failover },
    ...{ steps: [], next: [], head: emptyHead },
  };
  const { halt: _, endedAt: __, ...rest } = told ?? nothing;
  return {
    ...rest,
    ...ending(refusal),
    message,
    failover: now.failover,
    ...(closed === undefined ? { halt, next: nextOf(refusal) } : { next: [] }),
  };
}

/** The line of `run ls`. */
export function refusedSummary(refusal: Refusal, told: RunSummaryDocument | undefined): RunSummaryDocument {
  const { run, cluster, atMs } = refusal;
  const nothing = { id: run, cluster, plan: '', operator: '', startedAt: iso(atMs) };
  return { ...(told ?? nothing), ...ending(refusal), message: refusalText(refusal) };
}

function ending({ closed }: Refusal): Pick<RunDocument, 'status' | 'endedAt'> {
  return closed === undefined ? { status: 'halted' } : { status: 'failed', endedAt: iso(closed.atMs) };
}

function nextOf({ run }: Refusal): NextCommandDocument[] {
  return [
    { command: `baton run export ${run}`, consequence: 'writes what is left of the journal, as evidence' },
    {
      command: `baton run abort ${run}`,
      consequence:
        'after a look at every node: gives the cluster back and has the nodes forget the run. Nothing is undone, nothing is appended to the journal; the run counts as failed. Failover stays as it is: baton failover show, then arm',
    },
  ];
}
