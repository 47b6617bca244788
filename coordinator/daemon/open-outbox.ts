// Puts together what brings notices to people: their table on the bus, the files of secrets, and the channels.
import type { Clock } from '../../shared/clock.ts';
import { ok, type Result } from '../../shared/failures.ts';
import type { Log } from '../../shared/log.ts';
import type { Audit } from '../audit/audit.ts';
import type { Bus } from '../bus/bus.ts';
import { openClusterStore } from '../cluster/cluster-store.ts';
import { createDeliver, type Deliver } from '../notify/deliver.ts';
import { createOutbox, type Outbox, openNoticeTable } from '../notify/outbox.ts';
import { secretFilesIn } from '../notify/secrets.ts';

export async function openOutbox(parts: {
  bus: Bus;
  audit: Audit;
  secretsDirectory: string;
  clock: Clock;
  log: Log;
}): Promise<Result<{ outbox: Outbox; deliver: Deliver }>> {
  const clusters = await openClusterStore(parts.bus);
  if (!clusters.ok) return clusters;
  const table = await openNoticeTable(parts.bus);
  if (!table.ok) return table;
  const deliver = createDeliver(secretFilesIn(parts.secretsDirectory));
  return ok({ outbox: createOutbox({ ...parts, deliver, clusters: clusters.value, table: table.value }), deliver });
}
