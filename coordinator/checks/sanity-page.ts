// A page that the site itself named answers as it says: asked from the observer, as a client would.
import { z } from 'zod';
import type { ActionOf } from '../../shared/actions/action.ts';
import { nodeOf } from '../cluster/cluster.ts';
import { defineCheck, judgeEach } from './define.ts';

export const sanityPage = defineCheck({
  id: 'sanity-page',
  title: 'Sanity check of a page',
  section: 'Step 3: Service Health Verification › Sanity Checks',
  severity: 'blocking',
  remedy:
    'Open the page in a browser; where it is meant to answer so, correct sanity in the cluster file, which counts from the next run on.',
  params: z.strictObject({
    name: z.string(),
    path: z.string(),
    headers: z.record(z.string(), z.string()),
    tokenFile: z.string().optional(),
    expectStatus: z.number(),
    expectPattern: z.string().optional(),
  }),
  words: (page) => `${page.name}: ${limitOf(page)}`,
  *evaluate(page, { cluster }) {
    const action: ActionOf<'readUrl'> = {
      kind: 'readUrl',
      url: new URL(page.path, cluster.application.portal.url).href,
      headers: Object.entries(page.headers).map(([name, value]) => ({ name, value })),
      ...(page.tokenFile !== undefined && { tokenFile: page.tokenFile }),
      ...(page.expectPattern !== undefined && { valuePattern: page.expectPattern }),
    };
    const found = yield* judgeEach([nodeOf(cluster, 'observer').name], action, limitOf(page), (answer) => {
      const isStatus = answer.status === page.expectStatus;
      const isThere = page.expectPattern === undefined || answer.value !== '';
      return {
        reading: `${answer.status}${isThere ? '' : `, nothing that matches ${page.expectPattern}`}`,
        verdict: isStatus && isThere ? 'pass' : 'fail',
      };
    });
    return found.map((finding) => ({ ...finding, about: page.name }));
  },
});

const limitOf = ({
  path,
  expectStatus,
  expectPattern,
}: {
  path: string;
  expectStatus: number;
  expectPattern?: string | undefined;
}) => `${path} answers ${expectStatus}${expectPattern === undefined ? '' : ` with what matches ${expectPattern}`}`;
