// The evidence of one run in the lab, from what anybody could get at: the exported journal, the plan compiled anew and held
// against the hash that the run was started with, the ledgers, the installers' log, the cluster as it is.
import { readFile } from 'node:fs/promises';
import { parseCluster } from '../../../coordinator/cluster/parse.ts';
import { compilePlan, type Facts } from '../../../coordinator/plans/compile.ts';
import type { BackupsDocument } from '../../../shared/backup-documents.ts';
import type { ClusterDocument, ExportLineDocument, RunDocument } from '../../../shared/documents.ts';
import { parseKey, unitOfKey } from '../../../shared/key.ts';
import { baton, batonJson, lab, onNode } from '../../lab/lab.ts';
import { versionOn } from '../../lab/scenario.ts';
import { profile } from '../../unit/plans/compiled.ts';
import type { Evidence, JournalHead, LedgerEvidence } from '../judge/evidence.ts';
import { readEvent } from '../judge/journal-facts.ts';
import { installerRecords, type LedgerWatch } from './node-records.ts';

export const nodes = ['n1', 'n2', 'n3'];
const databases = ['n1', 'n2'];

/** What a plan is made from: read before the run, since the run changes it. */
export async function factsNow(): Promise<Facts> {
  const { document } = await batonJson<BackupsDocument>('backup', 'ls', 'lab');
  const backups = document.backups.flatMap(({ id: backup, parts }) =>
    parts.map(({ node, part, complete, sizeBytes, takenAt, verifiedAt, restoredAt }) => ({
      ...{ node, backup, part, isComplete: complete, sizeBytes, warnings: [] },
      ...{ takenAtMs: msOf(takenAt), verifiedAtMs: msOf(verifiedAt), restoredAtMs: msOf(restoredAt) },
    })),
  );
  return { installed: { n1: await versionOn('n1'), n2: await versionOn('n2') }, backups };
}

const msOf = (iso: string | undefined): number => (iso === undefined ? 0 : Date.parse(iso));

export async function labEvidence(
  run: RunDocument,
  ledgers: LedgerWatch,
  acknowledged: JournalHead[],
  facts: Facts,
): Promise<Evidence> {
  const lines = await exported(run.id);
  ledgers.look();
  const shown = (await batonJson<ClusterDocument>('cluster', 'show', run.cluster)).document;
  return {
    cluster: run.cluster,
    journals: { [run.id]: lines },
    plans: { [run.id]: await planOf(run, facts) },
    acknowledged,
    ledgers: ledgers.evidence().map((ledger) => ofRun(ledger, run.id)),
    records: await installerRecords(databases, keysByUnit(run.id, lines)),
    now: {
      failover: shown.failover.state,
      writable: await writable(),
      portalAnswers: shown.portal.status === 200,
    },
    doublePrimaries: [],
  };
}

/** Nodes also remember earlier runs, whose journals nobody has asked for. */
function ofRun(ledger: LedgerEvidence, run: string): LedgerEvidence {
  const heads = ledger.heads.filter((head) => head.run === run);
  return { ...ledger, heads, attempts: ledger.attempts.filter(({ key }) => key.startsWith(`${run}/`)) };
}

async function exported(run: string): Promise<ExportLineDocument[]> {
  const ended = await baton('run', 'export', run);
  if (ended.exitCode !== 0) throw new Error(`run export ${run}: exit ${ended.exitCode}\n${ended.stderr}`);
  return ended.stdout.split('\n').map((line) => JSON.parse(line) as ExportLineDocument);
}

/** The plan that the run was started with; throws when compiling it anew gives another one. */
async function planOf(run: RunDocument, facts: Facts): Promise<Evidence['plans'][string]> {
  const file = await lab('cluster-file');
  const parsed = parseCluster(await readFile(file, 'utf8'), file);
  if (!parsed.ok) throw new Error(parsed.failure.message);
  const profiles = Object.fromEntries(nodes.map((node) => [node, profile]));
  const compiled = compilePlan(run.plan, parsed.value, run.parameters, profiles, facts);
  if (!compiled.ok) throw new Error(compiled.failure.message);
  const { plan, hash } = compiled.value;
  if (hash !== run.planHash) throw new Error(`run ${run.id} has the plan ${run.planHash}, compiled anew it is ${hash}`);
  return { plan, hash };
}

function keysByUnit(run: string, lines: ExportLineDocument[]): Map<string, string> {
  const keys = new Map<string, string>();
  for (const { event } of lines) {
    const fact = readEvent(event)?.fact;
    if (fact?.type !== 'StepStarted') continue;
    const text = `${run}/${fact.item}/${fact.phase}/${fact.attempt}`;
    const key = parseKey(text);
    if (key !== undefined) keys.set(unitOfKey(key), text);
  }
  return keys;
}

async function writable(): Promise<string[]> {
  const answers = await Promise.all(
    databases.map(async (node) => ({
      node,
      says: await onNode(node, "sudo -u postgres psql -XtAc 'SELECT pg_is_in_recovery()'"),
    })),
  );
  return answers.filter(({ says }) => says === 'f').map(({ node }) => node);
}
