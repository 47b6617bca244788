// What an operator can decide about a run. The words of the consequences come with the run (`next`); which decisions
// are legal is the coordinator's to say.
import { randomUUID } from 'node:crypto';
import type { RunDocument } from '../../../shared/documents.ts';
import { ok } from '../../../shared/failures.ts';
import type { OperatorClient } from '../client.ts';
import { exitCodes } from '../exit-codes.ts';
import { untilAnswered } from '../follow.ts';
import type { Io } from '../io.ts';
import { followToEnd, runArgument } from '../run-end.ts';
import type { CommandEnd, Shell } from '../shell.ts';
import { verdict } from '../view/recap.ts';
import { clean } from '../view/text.ts';
import { commandWith, jsonOption } from './arguments.ts';

interface Decision {
  verb: string;
  description: string;
  /** In a terminal it is asked for once more; the command itself is the yes elsewhere. */
  asks: boolean;
  /** Returns at once; the others follow the run that goes on. */
  isFollowed: boolean;
}

const decisions: Decision[] = [
  { verb: 'pause', description: 'Hold the run after its current step.', asks: false, isFollowed: false },
  { verb: 'resume', description: 'Let a paused run go on, and follow it.', asks: false, isFollowed: true },
  {
    verb: 'retry',
    description: 'Try the step at which the run stands once more, after mending the cause, and follow the run.',
    asks: false,
    isFollowed: true,
  },
  {
    verb: 'adopt',
    description:
      'Say that the step was finished by hand, and follow the run: it goes on only if the step’s postcondition holds.',
    asks: true,
    isFollowed: true,
  },
  { verb: 'approve', description: 'Say yes to what the run asks, and follow it.', asks: false, isFollowed: true },
  { verb: 'reject', description: 'Say no to what the run asks.', asks: false, isFollowed: true },
  {
    verb: 'abort',
    description:
      'Give the run up: undo what can be undone, services and observer as before, and follow it. An aborted run ends with 1.',
    asks: true,
    isFollowed: true,
  },
];

export const decisionCommands = (shell: Shell) => decisions.map((decision) => decisionCommand(shell, decision));

function decisionCommand(shell: Shell, decision: Decision) {
  const { verb, description } = decision;
  return commandWith(verb, description, [`baton run ${verb} latest`, `baton run ${verb} latest --reason "CHG-4711"`])
    .argument('<RUN>')
    .option('--reason <TEXT>', 'why, for the journal')
    .option('--yes', 'do not ask in a terminal')
    .option('--detach', 'return as soon as the decision is in the journal')
    .option(...jsonOption)
    .action(async (text, options) => {
      await shell.withCoordinator(options, async (client, io) => {
        const run = await runArgument(client, text);
        if (!run.ok) return run;
        const now = await client.call<RunDocument>('showRun', { run: run.value });
        if (!now.ok) return now;
        if (decision.asks && !options.yes && io.isTerminal && !(await isMeant(io, now.value, verb))) {
          io.note('Nothing was decided.');
          return ok(exitCodes.badInput);
        }
        const isFollowed = decision.isFollowed && options.detach !== true;
        return await decide(client, io, { run: run.value, decision: verb, reason: options.reason ?? '' }, isFollowed);
      });
    });
}

async function isMeant(io: Io, run: RunDocument, verb: string): Promise<boolean> {
  const consequence = run.next.find((next) => next.command.includes(`run ${verb} `))?.consequence;
  if (consequence !== undefined) io.note(clean(consequence));
  return await io.confirm(`${verb} run ${clean(run.id)}? [y/N] `);
}

async function decide(
  client: OperatorClient,
  io: Io,
  request: { run: string; decision: string; reason: string },
  isFollowed: boolean,
): Promise<CommandEnd> {
  io.onInterrupt = () => `interrupted; see whether it was decided: baton run show ${request.run}`;
  // Asked again under the same id when the answer is lost with the coordinator.
  const requestId = randomUUID();
  const decided = await untilAnswered(
    () => client.call<RunDocument>('decideRun', { ...request, requestId }),
    (failure) => io.note(`${failure.message}; asking again`),
  );
  if (!decided.ok) return decided;
  if (isFollowed) return await followToEnd(client, io, request.run, 'now');
  if (io.isJson) io.document(decided.value);
  else io.say(verdict(decided.value, io.paint));
  return ok(exitCodes.done);
}
