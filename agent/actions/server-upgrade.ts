// Jobs that upgrade a PostgreSQL server, give the old one back, and record what must be carried over: their scripts do it all
// and look first how far a former attempt came; each answers which servers there are afterwards.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Answer } from '../../shared/actions/action.ts';
import { outputFolder } from '../../shared/actions/jobs/scripts.ts';
import type { UpgradeKind } from '../../shared/actions/jobs/server-upgrade.ts';
import { ok } from '../../shared/failures.ts';
import { failureOfScript } from '../jobs/failures.ts';
import type { Job } from '../jobs/job.ts';
import { printableLines } from '../platform/printable.ts';
import type { ActionContext } from './context.ts';
import { serversHere } from './read-servers.ts';

const refusalMax = 1500;

/** A job whose script says why it ended; pg_upgrade's own words, where there are some, are the reason. */
function serverJob<K extends UpgradeKind>(kind: K, name: string): Job<K> {
  return {
    name,
    async finish(_action, context, job) {
      const servers = await serversNow(context);
      return servers.ok ? ok({ kind, servers: servers.value.servers, job } as never) : servers;
    },
    async fail(_action, context, job, found) {
      const folder = outputFolder(context.profile, context.key);
      const failure = await failureOfScript(job, found, folder, undefined);
      const said = found.code === 'command-failed' ? await refusalIn(folder) : '';
      const servers = await serversNow(context);
      const answer = { kind, servers: servers.ok ? servers.value.servers : [], job } as Answer as never;
      if (said === '') return { failure, answer };
      return { failure: { ...failure, message: `pg_upgrade: ${said}` }, answer };
    },
  };
}

/** As readServers, but not among the commands of the job: its script did what counts. */
const serversNow = (context: ActionContext) => serversHere({ ...context, commands: [] });

/** What the script has put together of pg_upgrade’s reports, as one bounded line. */
async function refusalIn(folder: string): Promise<string> {
  const text = await readFile(join(folder, 'refusal'), 'utf8').catch(() => '');
  return printableLines(text, 60, 300).join(' ').slice(0, refusalMax);
}

export const recordServer: Job<'recordServer'> = serverJob('recordServer', 'recording the server');
export const checkServerUpgrade: Job<'checkServerUpgrade'> = serverJob('checkServerUpgrade', 'pg_upgrade --check');
export const stopServer: Job<'stopServer'> = serverJob('stopServer', 'stopping the server');
export const upgradeServer: Job<'upgradeServer'> = serverJob('upgradeServer', 'the upgrade of the server');
export const startServer: Job<'startServer'> = serverJob('startServer', 'starting the server');
export const returnServer: Job<'returnServer'> = serverJob('returnServer', 'returning to the former server');
export const analyzeServer: Job<'analyzeServer'> = serverJob('analyzeServer', 'gathering statistics');
export const dropServer: Job<'dropServer'> = serverJob('dropServer', 'removing the server');
