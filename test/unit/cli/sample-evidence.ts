// The evidence of a report for tests of what people see.
import type { CheckResultDocument } from '../../../shared/documents.ts';
import type { ReportEvidence } from '../../../shared/report-evidence.ts';

const failingCheck: CheckResultDocument = {
  ...{ id: 'replication-streaming', title: 'Replication streams', node: 'n2', severity: 'blocking', verdict: 'fail' },
  ...{ section: 'Pre-Upgrade Requirements', limit: 'lag at most 16 MiB', reading: 'lag 41 MB', remedy: 'look at n1' },
};

/** An operator who approved, a check that was accepted, a curve with a gap, the end of what the installer wrote. */
export function sampleEvidence(): ReportEvidence {
  const at = '2026-11-21T23:00:02.000Z';
  const gate = (phase: string, sequence: number, checks: CheckResultDocument[]) => ({
    ...{
      at,
      sequence,
      item: phase.toLowerCase(),
      title: `${phase} gate`,
      phase,
      of: 'gate' as const,
      passed: true,
      checks,
    },
  });
  const portal: CheckResultDocument = {
    ...{ ...failingCheck, id: 'portal-answers', title: 'Portal answers', node: 'n3', limit: '200', remedy: '' },
    ...{ reading: '200 in 12 ms', verdict: 'pass' },
  };
  const accepted = { ...failingCheck, verdict: 'warn' as const, accepted: 'the vendor knows, CHG-4711' };
  return {
    change: 'CHG-4711',
    reason: 'quarterly upgrade',
    decisions: [
      { at, operator: 'alice', decision: 'start', item: '', title: '', reason: 'quarterly upgrade' },
      { at, operator: 'bob', decision: 'approve', item: 'ticket', title: 'Create a test ticket', reason: 'seen on n2' },
    ],
    readings: [gate('Preflight', 3, [portal, accepted]), gate('Verify', 40, [{ ...portal, reading: '200 in 19 ms' }])],
    curve: {
      spanMs: 1000,
      spans: [0, 1000, 2000, 8000, 9000].map((fromMs) => ({
        ...{ fromMs, samples: 10, failures: 0 },
        medianMs: 12,
        slowestMs: 80,
      })),
    },
    logs: [
      {
        ...{ at, item: 'install-master', title: 'Run the installer', node: 'n1', about: 'attempt 1: succeeded' },
        ...{ text: '99 %\nupgraded to 8.7.0', whole: '/var/lib/baton-agent/runs/x/output' },
      },
    ],
  };
}
