// readDatabaseState: what a database's schema is and what was written to it, as digests that can be compared later.
import { fail, ok } from '../../shared/failures.ts';
import { commandsHere, executeOk, isProgram, type Run } from './context.ts';

export const readDatabaseState: Run<'readDatabaseState'> = async (action, context) => {
  const digests: string[] = [];
  for (const command of commandsHere(action, context).filter(isProgram)) {
    const ran = await executeOk(context, command);
    if (!ran.ok) return ran;
    digests.push(ran.value.stdout.trim());
  }
  const [schemaDigest = '', writtenDigest = ''] = digests;
  if (/^[0-9a-f]{64}$/.test(schemaDigest) && /^[0-9a-f]{32}$/.test(writtenDigest))
    return ok({ kind: 'readDatabaseState', schemaDigest, writtenDigest });
  return fail('unexpected-output', `no digests: ${JSON.stringify(digests.join(' ').slice(0, 100))}`);
};
