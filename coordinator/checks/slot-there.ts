// The replication slot that a standby will use is there; without it the primary may remove what the standby still needs.
import { z } from 'zod';
import { defineCheck, judgeEach, passIf } from './define.ts';

export const slotThere = defineCheck({
  id: 'slot-there',
  title: 'Replication slot is there',
  section: 'Step 3: Reconfigure HA',
  severity: 'blocking',
  remedy: 'Somebody removed it: look at pg_replication_slots on the node; baton run retry makes it again.',
  params: z.strictObject({ node: z.string(), slot: z.string() }),
  words: ({ node, slot }) => `${node}: there is a replication slot ${slot}`,
  *evaluate({ node, slot }, { cluster }) {
    const slots = { table: 'pg_catalog.pg_replication_slots', column: 'slot_name', value: slot };
    const action = { kind: 'findRows', database: cluster.database.name, ...slots } as const;
    return yield* judgeEach([node], action, `slot ${slot}`, ({ rows }) => ({
      reading: rows > 0 ? 'is there' : `there is no slot ${slot}`,
      verdict: passIf(rows > 0),
    }));
  },
});
