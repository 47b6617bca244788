// What the lab's nodes keep of a run, read from outside while they work: the ledgers' rows before their run is closed, and
// the stand-in installer's own log.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { lab, onNode } from '../../lab/lab.ts';
import type { LedgerAttempt, LedgerEvidence, NodeRecord } from '../judge/evidence.ts';

export interface LedgerWatch {
  /** Reads every ledger as it is now; what is gone the next time stays known. */
  look(): void;
  /** As last seen, with all rows that were ever seen. */
  evidence(): LedgerEvidence[];
}

/** Watches the agents' ledgers on the disks of these nodes. */
export async function watchLedgers(nodes: string[]): Promise<LedgerWatch> {
  const state = /state (\S+)/.exec(await lab('status'))?.[1] ?? '';
  const ledgers = new Map<string, LedgerEvidence>();
  const rows = new Map<string, Map<string, LedgerAttempt>>(nodes.map((node) => [node, new Map()]));
  return {
    look() {
      for (const node of nodes) {
        const path = join(state, 'nodes', node, 'root/var/lib/baton-agent/ledger.sqlite');
        const seen = existsSync(path) ? readLedger(node, path) : undefined;
        if (seen === undefined) continue;
        for (const row of seen.attempts) rows.get(node)?.set(row.key, row);
        ledgers.set(node, seen);
      }
    },
    evidence: () =>
      [...ledgers.values()].map((ledger) => ({ ...ledger, attempts: [...(rows.get(ledger.node)?.values() ?? [])] })),
  };
}

/** Undefined when its agent is just being killed or started: there is a next look. */
function readLedger(node: string, path: string): LedgerEvidence | undefined {
  let file: DatabaseSync | undefined;
  try {
    file = new DatabaseSync(path, { readOnly: true, timeout: 1_000 });
    const fact = (name: string) => file?.prepare('SELECT value FROM facts WHERE name = ?').get(name)?.value;
    const runs = file.prepare('SELECT * FROM runs').all();
    return {
      node,
      generation: String(fact('generation')),
      counter: Number(fact('counter')),
      highestEpoch: Number(fact('highest_epoch') ?? 0),
      heads: runs
        .filter((row) => Number(row.head_sequence) > 0)
        .map((row) => ({ run: String(row.run), sequence: Number(row.head_sequence), hash: String(row.head_hash) })),
      closedRuns: runs.filter((row) => row.closed_at_ms !== null).map((row) => String(row.run)),
      attempts: file.prepare('SELECT * FROM attempts').all().map(attemptOf),
    };
  } catch {
    return undefined;
  } finally {
    file?.close();
  }
}

function attemptOf(row: Record<string, unknown>): LedgerAttempt {
  const outcome = row.outcome === null ? undefined : (JSON.parse(String(row.outcome)) as LedgerAttempt);
  return {
    key: String(row.key),
    epoch: Number(row.epoch),
    settled: row.settled_at_ms !== null,
    ...(row.payload_hash === null ? {} : { payloadHash: String(row.payload_hash) }),
    ...(outcome?.verdict === undefined ? {} : { verdict: outcome.verdict }),
  };
}

/**
 * Starts and ends by the installer's log, of all nodes in the order of their one clock. `keys` tells which attempt a
 * transient unit carries; a unit that no attempt has keeps its name, for the judge to wonder about.
 */
export async function installerRecords(nodes: string[], keys: Map<string, string>): Promise<NodeRecord[]> {
  const dated: { at: string; record: NodeRecord }[] = [];
  for (const node of nodes) {
    const log = await onNode(node, 'cat /var/log/standin-installer.log 2>/dev/null || true');
    for (const line of log.split('\n')) {
      const [, what, at = '', unit = ''] = /^(start|end) (\S+) \S+ (\S+)$/.exec(line) ?? [];
      if (what !== 'start' && what !== 'end') continue;
      dated.push({ at, record: { node, what, key: keys.get(unit) ?? `${unit}/?`, kind: 'runInstaller' } });
    }
  }
  return dated.sort((a, b) => (a.at < b.at ? -1 : 1)).map(({ record }) => record);
}
