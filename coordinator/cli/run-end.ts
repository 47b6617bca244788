// How a command that followed a run ends: recap for people, document for scripts, exit code by status.
import type { RunDocument, RunsDocument } from '../../shared/documents.ts';
import { fail, ok, type Result } from '../../shared/failures.ts';
import type { ReportDocument } from '../../shared/report-document.ts';
import type { OperatorClient } from './client.ts';
import { endedWell, exitOfRun } from './exit-codes.ts';
import { untilAnswered } from './follow.ts';
import type { Io } from './io.ts';
import { showRunLive } from './live.ts';
import type { CommandEnd } from './shell.ts';
import { recap } from './view/recap.ts';

const runPattern = /^[A-Za-z0-9][A-Za-z0-9-]{0,63}$/;

/** The id behind what was typed: `latest` is the newest run. */
export async function runArgument(client: OperatorClient, text: string): Promise<Result<string>> {
  if (!runPattern.test(text)) return fail('bad-input', `${JSON.stringify(text)} is no run; see: baton run ls`);
  if (text !== 'latest') return ok(text);
  const runs = await client.call<RunsDocument>('listRuns', {});
  if (!runs.ok) return runs;
  // One that is to start, or never did, is no run to look at without its name.
  const newest = runs.value.runs.find(({ scheduledFor }) => scheduledFor === undefined);
  return newest ? ok(newest.id) : fail('not-found', 'there is no run yet');
}

/** Follows a run until it leaves `running`, then recap and exit code; lines tell what happened from its start or from now on. */
export async function followToEnd(
  client: OperatorClient,
  io: Io,
  run: string,
  from: 'start' | 'now',
): Promise<CommandEnd> {
  io.onInterrupt = () => `detached; the run goes on. Back to it: baton run watch ${run}`;
  const now = await untilAnswered(
    () => client.call<RunDocument>('showRun', { run }),
    (failure) => io.note(`coordinator out of reach, the run goes on; reconnecting (${failure.message})`),
  );
  if (!now.ok) return now;
  const ended = await showRunLive(client, io, now.value, from);
  if (!ended.ok) return ended;
  await sayEnd(client, io, ended.value);
  return ok(exitOfRun(ended.value));
}

/** The recap with versions before and after, or the document. */
export async function sayEnd(client: OperatorClient, io: Io, run: RunDocument): Promise<void> {
  if (io.isJson) {
    io.document(run);
    if (endedWell(run)) return;
  }
  const report = await client.call<ReportDocument>('getReport', { run: run.id });
  // A report that cannot be made changes nothing about the run: the recap does without its versions.
  io.say(`\n${recap(run, report.ok ? report.value.versions : undefined, io.paint)}`);
}
