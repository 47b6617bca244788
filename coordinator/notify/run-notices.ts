// What people are told of a run: from its events, in words that need no terminal. Pure.
import { formatDuration } from '../../shared/units.ts';
import type { RunFact } from '../journal/event.ts';
import type { Plan } from '../plans/plan.ts';
import { nextCommands } from '../sequencer/legal.ts';
import type { RunState } from '../sequencer/state.ts';
import type { Notice } from './notice.ts';

/** The notice of an event, from the state after it; undefined where nobody has to know. */
export function noticeOf(plan: Plan, state: RunState, fact: RunFact): Notice | undefined {
  const { run, sequence } = state;
  const { cluster } = plan.cluster;
  const about = { cluster, run, id: `${run} ${sequence}` };
  switch (fact.type) {
    case 'RunStarted':
      return {
        ...about,
        kind: 'start',
        subject: `${cluster}: ${fact.plan} has started (${run})`,
        text: lines(
          run,
          `Run ${run} of cluster ${cluster} has started: ${fact.plan}${targetOf(plan)}.`,
          `Predicted: ${predicted(plan)}.`,
          ...by(state),
          `Watch it: baton run watch ${run}`,
        ),
      };
    case 'RunHalted': {
      const isQuestion = fact.halt.reason === 'approval';
      const subject = isQuestion
        ? 'waits for an approval'
        : fact.halt.reason === 'paused'
          ? 'is paused'
          : 'stands still';
      return {
        ...about,
        kind: isQuestion ? 'approval' : 'halt',
        subject: `${cluster}: ${plan.name} ${subject} (${run})`,
        text: lines(
          run,
          `Run ${run} of cluster ${cluster} is ${fact.status}:`,
          fact.halt.message,
          ...by(state),
          `What runs and what is down now: baton run show ${run}`,
          'Then one of:',
          ...nextCommands(plan, state, {}).map(({ command, consequence }) => `  ${command}\n      ${consequence}`),
        ),
      };
    }
    case 'RunEnded': {
      const { metered } = state;
      return {
        ...about,
        kind: 'end',
        subject: `${cluster}: ${plan.name} ${fact.status} (${run})`,
        text: lines(
          run,
          `Run ${run} of cluster ${cluster} has ended: ${fact.status}.`,
          fact.message,
          `Failover is ${fact.failoverArmed === 'unknown' ? 'armed or not, it could not be read' : fact.failoverArmed}.`,
          ...(metered === undefined
            ? []
            : [
                `The portal was down for ${formatDuration(metered.downMs)}, ${formatDuration(plan.predicted.outageMs)} were predicted.`,
              ]),
          ...by(state),
          ...(fact.successor === undefined ? [] : [`The cluster goes on with run ${fact.successor}.`]),
          `Report: baton report ${run}`,
        ),
      };
    }
    default:
      return undefined;
  }
}

/** The end of a run that has its cluster's lock and no plan: its coordinator died before it began. */
export function noticeOfUnbegun({ run, sequence, started }: RunState, fact: RunFact): Notice | undefined {
  if (fact.type !== 'RunEnded' || started === undefined) return undefined;
  const { cluster, plan, operator } = started;
  return {
    ...{ kind: 'end', cluster, run, id: `${run} ${sequence}` },
    subject: `${cluster}: ${plan} ${fact.status} (${run})`,
    text: [
      `Run ${run} of cluster ${cluster} has not begun: ${fact.message}.`,
      `Started by: ${operator}`,
      'It is not started again by itself.',
    ].join('\n'),
  };
}

function by({ started }: RunState): string[] {
  if (started === undefined) return [];
  const { operator, change, reason } = started;
  return [
    `Started by: ${operator}`,
    ...(change === '' ? [] : [`Change: ${change}`]),
    ...(reason === '' ? [] : [`Reason: ${reason}`]),
  ];
}

function targetOf({ name, parameters }: Plan): string {
  const to = name === 'upgrade' ? parameters.toVersion : name === 'db-upgrade' ? parameters.to : undefined;
  return to === undefined ? '' : ` to ${String(to)}`;
}

function predicted({ predicted: { durationMs, outageMs, suspensionMs } }: Plan): string {
  return [
    `${formatDuration(durationMs)} in all`,
    ...(outageMs > 0 ? [`portal down for ${formatDuration(outageMs)}`] : []),
    ...(suspensionMs > 0 ? [`failover suspended for ${formatDuration(suspensionMs)}`] : []),
  ].join(', ');
}

const lines = (run: string, ...all: string[]): string => all.join('\n').replaceAll('{{run}}', run);
