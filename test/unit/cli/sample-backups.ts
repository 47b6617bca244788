// Backups of a cluster as the coordinator tells them: one verified, one of which a part is missing.
import type { BackupsDocument } from '../../../shared/backup-documents.ts';

const part = (node: string, name: string) => ({
  node,
  part: name,
  complete: true,
  sizeBytes: 1_000_000_000,
  takenAt: '2026-11-21T02:14:00.000Z',
  verifiedAt: '2026-11-21T02:20:00.000Z',
});

export const sampleBackups = (): BackupsDocument => ({
  schema: 1,
  cluster: 'lab',
  directory: '/var/backups/baton',
  keep: 3,
  nodes: [
    { node: 'n1', freeBytes: 50e9 },
    { node: 'n2', failure: 'no answer \u001b[31m' },
  ],
  backups: [
    {
      id: 'upgrade-1a2b3c4d',
      takenAt: '2026-11-21T02:14:00.000Z',
      state: 'verified',
      sizeBytes: 4_000_000_000,
      parts: [
        part('n1', 'application'),
        { ...part('n1', 'database'), restoredAt: '2026-11-21T02:20:00.000Z' },
        part('n2', 'application'),
      ],
      missing: [],
    },
    {
      id: 'backup-00000001',
      takenAt: '2026-11-20T02:14:00.000Z',
      state: 'incomplete',
      sizeBytes: 2_000_000_000,
      parts: [part('n1', 'application'), { ...part('n2', 'application'), complete: false }],
      missing: ['n1 database'],
    },
  ],
  schedule: {
    cron: '30 0 * * *',
    timezone: 'Asia/Kolkata',
    nextAt: '2026-11-22T19:00:00.000Z',
    last: { at: '2026-11-21T19:00:00.000Z', run: 'backup-00000001' },
    missed: [{ at: '2026-11-20T19:00:00.000Z', why: 'no coordinator was there to start it' }],
  },
});
