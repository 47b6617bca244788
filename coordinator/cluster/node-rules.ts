// What the nodes of a cluster must be together: one master and one standby of each tier, one observer, no two the same.
import type { z } from 'zod';
import { namePattern } from '../../shared/names.ts';
import type { Role, Tier } from './cluster.ts';

interface FileNode {
  address: string;
  role: Role;
  tiers?: Tier[] | undefined;
}

const tiers: Tier[] = ['app', 'db'];

/** The tiers of a node: both where a master or standby names none. */
export const tiersOf = ({ role, tiers: named }: Pick<FileNode, 'role' | 'tiers'>): Tier[] =>
  role === 'observer' ? [] : (named ?? tiers);

/** Adds an issue for each rule that the nodes break. */
export function judgeNodes(nodes: Record<string, FileNode>, context: z.RefinementCtx): void {
  const tell = (path: string[], message: string) => context.addIssue({ code: 'custom', message, path });
  const entries = Object.entries(nodes);
  const seen = new Map<string, string>();
  for (const [name, node] of entries) {
    if (!namePattern.test(name)) tell([name], 'a node’s name has 1 to 31 of a-z, 0-9 and -, not beginning with -');
    const other = seen.get(node.address.toLowerCase());
    if (other !== undefined) tell([name, 'address'], `${node.address} is the address of ${other} too`);
    else seen.set(node.address.toLowerCase(), name);
    if (node.role === 'observer' && node.tiers !== undefined)
      tell([name, 'tiers'], 'an observer has no tiers: it must be on a machine of its own');
    if (node.role !== 'observer' && new Set(tiersOf(node)).size !== tiersOf(node).length)
      tell([name, 'tiers'], 'names a tier twice');
    if (node.role !== 'observer' && tiersOf(node).length === 0) tell([name, 'tiers'], 'must be app, db or both');
  }
  for (const role of ['master', 'standby'] as const)
    for (const tier of tiers) {
      const found = entries
        .filter(([, node]) => node.role === role && tiersOf(node).includes(tier))
        .map(([name]) => name);
      if (found.length === 0) tell([], `there is no ${role} of tier ${tier}; exactly one is needed`);
      if (found.length > 1) tell([], `${found.join(' and ')} are both ${role} of tier ${tier}; exactly one is needed`);
    }
  const observers = entries.filter(([, node]) => node.role === 'observer').map(([name]) => name);
  if (observers.length === 0) tell([], 'there is no observer; exactly one is needed');
  // Suspending one of two would leave the other to fail over in the middle of the work.
  if (observers.length > 1) tell([], `${observers.join(' and ')} are observers; this version works with exactly one`);
}
