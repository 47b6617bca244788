// readValues, setValues: NAME=VALUE lines of settings files that the policy names. A link in a file's place is not followed.
import { dirname } from 'node:path';
import { outputFolder } from '../../shared/actions/jobs/scripts.ts';
import { valuesIn } from '../../shared/actions/jobs/set-values.ts';
import { fail, ok, type Result } from '../../shared/failures.ts';
import { failureOfScript } from '../jobs/failures.ts';
import type { Job } from '../jobs/job.ts';
import { openConfined, readStart } from '../platform/confined-path.ts';
import { commandsHere, type Run, record } from './context.ts';

const fileBytesMax = 1024 * 1024;

export const readValues: Run<'readValues'> = async (action, context) => {
  for (const command of commandsHere(action, context)) record(context, command);
  const values = await valuesOf(action.path, action.names);
  return values.ok ? ok({ kind: 'readValues', values: values.value }) : values;
};

export const setValues: Job<'setValues'> = {
  name: 'setting values',
  async finish(action, _context, job) {
    const values = await valuesOf(
      action.path,
      action.values.map(({ name }) => name),
    );
    if (!values.ok) return values;
    const answer = { kind: 'setValues' as const, values: values.value, job };
    const differs = action.values.filter(
      ({ name, value }) => !values.value.some((found) => found.name === name && found.value === value),
    );
    if (differs.length === 0) return ok(answer);
    const message = `${action.path} was changed, but ${differs.map(({ name }) => name).join(', ')} is not as it was set`;
    return { ...fail('not-in-state', message), answer };
  },
  async fail({ path }, context, job, found) {
    const failure = await failureOfScript(job, found, outputFolder(context.profile, context.key), dirname(path));
    return { failure, answer: { kind: 'setValues', values: [], job } };
  },
};

async function valuesOf(path: string, names: readonly string[]): Promise<Result<{ name: string; value: string }[]>> {
  const opened = await openConfined(path, [dirname(path)]);
  if (!opened.ok) return opened;
  try {
    return ok(valuesIn(await readStart(opened.value, fileBytesMax), names));
  } finally {
    await opened.value.close();
  }
}
