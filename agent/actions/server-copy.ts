// fenceServer, unfenceServer, createSlot, copyServer, restoreServer: jobs that answer with the servers as they are afterwards.
import type { ActionOf, AnswerOf } from '../../shared/actions/action.ts';
import { partFolder } from '../../shared/actions/jobs/places.ts';
import { outputFolder } from '../../shared/actions/jobs/scripts.ts';
import { markRestored, readIntactManifest } from '../backups/manifest.ts';
import { failureOfScript } from '../jobs/failures.ts';
import type { Job, JobEnd } from '../jobs/job.ts';
import { isOwnDirectory } from './back-up.ts';
import type { ActionContext } from './context.ts';
import { serversHere } from './read-servers.ts';

type ServerKind = 'fenceServer' | 'unfenceServer' | 'createSlot' | 'copyServer' | 'restoreServer' | 'dropAsides';

/** What every job about a server answers. Servers that cannot be read don't make a job fail that has ended well: its step looks again. */
async function answerOf<K extends ServerKind>(kind: K, context: ActionContext, job: JobEnd): Promise<AnswerOf<K>> {
  const read = await serversHere({ ...context, commands: [] });
  return { kind, servers: read.ok ? read.value.servers : [], job } as unknown as AnswerOf<K>;
}

function jobOn<K extends ServerKind>(
  kind: K,
  name: string,
  more: Pick<Job<K>, 'before' | 'progressPattern'> & {
    /** Before the answer; its failure is the job's. */
    ended?(action: ActionOf<K>, context: ActionContext): ReturnType<NonNullable<Job<K>['before']>>;
  } = {},
): Job<K> {
  const { ended, ...rest } = more;
  return {
    ...rest,
    name,
    async finish(action, context, job) {
      const done = await ended?.(action, context);
      const answer = await answerOf(kind, context, job);
      return done?.ok === false ? { ...done, answer } : { ok: true, value: answer };
    },
    async fail(_action, context, job, found) {
      const failure = await failureOfScript(job, found, outputFolder(context.profile, context.key), undefined);
      return { failure, answer: await answerOf(kind, context, job) };
    },
  };
}

export const fenceServer = jobOn('fenceServer', 'fencing the server');
export const unfenceServer = jobOn('unfenceServer', 'unfencing the server');
export const dropAsides = jobOn('dropAsides', 'removing what was set aside');
export const createSlot = jobOn('createSlot', 'making the replication slot');

export const copyServer = jobOn('copyServer', 'copying the server', {
  // As pg_basebackup says it: `1234/5678 kB (21%), 0/1 tablespace`.
  progressPattern: () => '\\((\\d+)%\\)',
});

export const restoreServer = jobOn('restoreServer', 'restoring the server', {
  async before(action) {
    const own = await isOwnDirectory(action.directory);
    if (!own.ok) return own;
    const manifest = await readIntactManifest(partFolder({ ...action, part: 'database' }));
    return manifest.ok ? { ok: true, value: undefined } : manifest;
  },
  ended: (action, context) =>
    markRestored(partFolder({ ...action, part: 'database' }), context.key.run, context.clock.nowMs()),
});
