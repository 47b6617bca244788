// An upgrade that is rolled back: its plan with a backup, and what the operator's service does between the operator's word
// and the hand-over.
import type { Cluster } from '../../../coordinator/cluster/cluster.ts';
import { readRollbackFacts } from '../../../coordinator/operator/rollback-facts.ts';
import { compilePlan } from '../../../coordinator/plans/compile.ts';
import type { CompiledPlan } from '../../../coordinator/plans/plan.ts';
import type { Result } from '../../../shared/failures.ts';
import { labCluster } from '../../unit/checks/world.ts';
import { profilesOf } from '../../unit/plans/compiled.ts';
import type { BusServer } from './bus-server.ts';
import type { Coordinator } from './site.ts';

/** Of an upgrade that is rolled back. */
export const rollbackCluster: Cluster = labCluster((text) =>
  `${text}backup: { snapshots: { none: 'the simulation has no virtual machines' } }\n`.replace(
    'application:\n',
    'application:\n  installerTimeout: 3m\n',
  ),
);

/** Reads and compiles as `baton run rollback` has it done, and hands the run over. */
export async function goBack(
  { fleet, views, runs }: NonNullable<Coordinator['ready']>,
  cluster: Cluster,
  of: string,
  requestId: string,
): Promise<Result<string>> {
  const facts = await readRollbackFacts({ fleet, views }, cluster, of);
  if (!facts.ok) return facts;
  const compiled = compilePlan('rollback', cluster, { of }, profilesOf(cluster), {
    installed: {},
    rollback: facts.value,
  });
  if (!compiled.ok) return compiled;
  const agreed = {
    compiled: compiled.value,
    planHash: compiled.value.hash,
    operator: 'ana',
    requestId,
    change: '',
    reason: '',
  };
  return await runs.handOver(of, agreed);
}

const decoder = new TextDecoder();

/** A compiled plan as it was stored under this name; undefined where it is not whole. */
export function storedPlan(server: BusServer, sha256: string): CompiledPlan | undefined {
  const messages = server.streams.get(`ARTEFACT_${sha256}`)?.messages ?? [];
  const parts = messages.filter(({ subject }) => !subject.endsWith('.complete'));
  const text = [...new Map(parts.map(({ subject, data }) => [subject, decoder.decode(data)])).values()].join('');
  return text === '' ? undefined : (JSON.parse(text) as CompiledPlan);
}
