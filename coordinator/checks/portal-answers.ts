// The portal answers at the address that clients use, with the expected version where the cluster file says how to read it.
import { z } from 'zod';
import type { ActionOf } from '../../shared/actions/action.ts';
import { nodeOf } from '../cluster/cluster.ts';
import { defineCheck, judgeEach } from './define.ts';

export const portalAnswers = defineCheck({
  id: 'portal-answers',
  title: 'Portal answers',
  section: 'Step 3: Service Health Verification › Application Access',
  severity: 'blocking',
  remedy: 'Open the portal in a browser; look at nginx and ft-main-server on the master and at their logs.',
  params: z.strictObject({ version: z.string().nullable() }),
  words: ({ version }, { application: { portal } }) =>
    `${portal.url} answers ${portal.expectStatus}${version && portal.versionPattern ? ` with version ${version}` : ''}`,
  *evaluate({ version }, { cluster }) {
    const { url, expectStatus, versionPattern } = cluster.application.portal;
    const isVersionRead = version !== null && versionPattern !== undefined;
    const limit = `${url} answers ${expectStatus}${isVersionRead ? ` with version ${version}` : ''}`;
    const action: ActionOf<'readUrl'> = {
      kind: 'readUrl',
      url,
      headers: [],
      ...(isVersionRead && { valuePattern: versionPattern }),
    };
    // Asked from the observer's node: neither of the two that are being worked on.
    return yield* judgeEach([nodeOf(cluster, 'observer').name], action, limit, (answer) => {
      const reading = `${answer.status} in ${Math.round(answer.elapsedMs)} ms`;
      if (answer.status !== expectStatus) return { reading, verdict: 'fail' };
      if (!isVersionRead) return { reading, verdict: 'pass' };
      if (answer.value === version) return { reading: `${reading}, version ${answer.value}`, verdict: 'pass' };
      return {
        reading: `${reading}, version ${answer.value || 'not found'}`,
        verdict: 'fail',
        remedy: 'Another version answers than was installed: look which node and service the address leads to.',
      };
    });
  },
});
