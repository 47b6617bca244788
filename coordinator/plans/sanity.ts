// Guide › Post-Upgrade Verification › Sanity Checks: what the site itself looks at, once before anything is touched and
// once after the work. Without the key `sanity` a plan says that nobody has looked.
import { minutes } from '../../shared/units.ts';
import type { CheckRef } from '../checks/check.ts';
import { sanityPage } from '../checks/sanity-page.ts';
import { sanityQuery } from '../checks/sanity-query.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { gate, type Unphased } from './items.ts';

const section = 'Post-Upgrade › Step 3: Service Health Verification › Sanity Checks';
const before = 'preflight.sanity';

/** What fails now is accepted by name, or nothing begins: afterwards nobody could say what has broken it. */
export function sanityBefore(cluster: Cluster): Unphased[] {
  const { sanity = [] } = cluster;
  if (sanity.length === 0) return [];
  return [
    gate(`${section} (looked at ahead)`, {
      id: before,
      title: 'The site’s own sanity checks pass before the work',
      checks: sanityChecks(cluster, null),
    }),
  ];
}

/** The same afterwards; `isCompared` where the same run has looked before. */
export function sanityAfter(cluster: Cluster, isCompared: boolean): Unphased[] {
  const { sanity = [] } = cluster;
  if (sanity.length === 0) return [];
  return [
    gate(section, {
      id: 'verify.sanity',
      title: 'The site’s own sanity checks pass after the work',
      checks: sanityChecks(cluster, isCompared ? before : null),
      // Right after a start the first answers of an application may be errors.
      withinMs: minutes(1),
    }),
  ];
}

function sanityChecks({ sanity = [] }: Cluster, comparedTo: string | null): CheckRef[] {
  return sanity.map((check) => ('query' in check ? sanityQuery.ref({ ...check, comparedTo }) : sanityPage.ref(check)));
}
