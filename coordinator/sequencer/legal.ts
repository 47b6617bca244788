// What an operator may say to a run now, and what it would lead to. Pure; the same list is printed with every halt (I5)
// and enforced when a decision arrives.
import type { Decision } from '../journal/event.ts';
import type { Plan, PlanItem, Step } from '../plans/plan.ts';
import { wasBegun } from './begun.ts';
import { fencedByAbort } from './fenced.ts';
import { type Hindrance, hindranceOf } from './put-back.ts';
import { putBackBy } from './redo.ts';
import {
  recoverAnew,
  rollbackConsequence,
  rollbackOptions,
  whatAbortLeaves,
  whyNotRolledBack,
} from './roll-back-offer.ts';
import { byWhom } from './second-person.ts';
import type { NodeSeen } from './seen.ts';
import { isOpen, isStanding, itemState, latestAttempt, type RunState } from './state.ts';

type Nodes = Readonly<Record<string, NodeSeen>>;

export interface LegalDecision {
  decision: Decision;
  /** One sentence: what happens then. */
  consequence: string;
}

/** The decisions that are legal now, the most likely first; none while an agent has to be asked first and cannot be. */
export function legalDecisions(plan: Plan, state: RunState, nodes: Nodes = {}): LegalDecision[] {
  if (state.ended !== undefined || state.started === undefined) return [];
  // It ends in favour of another run, or stands again in a moment: a word in between would be heard and not heeded.
  if (state.successor !== undefined) return [];
  if (isStanding(state) && hindranceOf(plan, state, nodes) !== undefined) return [];
  const abort: LegalDecision[] =
    state.direction === 'undo' ? [] : [{ decision: 'abort', consequence: abortConsequence(plan, state) }];
  if (!isStanding(state)) {
    const pause: LegalDecision = { decision: 'pause', consequence: 'holds after the current step, until `resume`' };
    return state.isPauseRequested ? abort : [pause, ...abort];
  }
  const item = plan.items.find(({ id }) => id === state.halt?.item);
  const back: LegalDecision[] =
    whyNotRolledBack(plan, state) === undefined
      ? [...abort, { decision: 'rollback', consequence: rollbackConsequence(plan, state) }]
      : abort;
  switch (state.halt?.reason) {
    case 'approval':
      return [
        { decision: 'approve', consequence: `goes on with what comes next${byWhom(plan, state)}` },
        { decision: 'reject', consequence: 'halts here; `retry` asks again' },
        ...back,
      ];
    case 'paused':
      return [{ decision: 'resume', consequence: `goes on with: ${item?.title ?? 'what comes next'}` }, ...back];
    case 'window':
      return [
        { decision: 'retry', consequence: 'looks at the window again and goes on once the rest fits' },
        {
          decision: 'approve',
          consequence: `goes on now, outside of the window, to the end: ${item?.title ?? ''}${byWhom(plan, state)}`,
        },
        ...back,
      ];
    case 'rejected':
      return [{ decision: 'retry', consequence: 'asks for the approval again' }, ...back];
    default:
      return [
        { decision: 'retry', consequence: retryConsequence(plan, state, item) },
        ...(mayAdopt(state, item) ? [adopt(state, item)] : []),
        ...back,
      ];
  }
}

export interface NextCommand {
  command: string;
  consequence: string;
}

/** What an operator may type now, with its consequence: the legal decisions, or what has to come before any. */
export function nextCommands(plan: Plan, state: RunState, nodes: Nodes): NextCommand[] {
  const hindrance = isStanding(state) ? hindranceOf(plan, state, nodes) : undefined;
  if (hindrance !== undefined) return waiting(plan, state, hindrance);
  const successor = state.ended?.successor;
  if (successor !== undefined)
    return [
      {
        command: `baton run watch ${successor}`,
        consequence:
          state.successor?.plan === 'recover'
            ? 'follows the run that recovers the cluster from here'
            : 'follows the run that takes back what this one had started',
      },
    ];
  const left = state.ended?.status === 'aborted' ? whatAbortLeaves(plan) : undefined;
  if (left !== undefined)
    return [
      { command: left.command, consequence: 'plans the way back anew, from what is there now; shows it and asks' },
    ];
  const decisions = legalDecisions(plan, state, nodes).map(({ decision, consequence }) => ({
    command: `baton run ${decision} ${state.run}${decision === 'rollback' ? rollbackOptions(plan, state) : ''}`,
    consequence,
  }));
  const isAnew = plan.name === 'recover' && isStanding(state) && decisions.length > 0;
  return isAnew
    ? [
        ...decisions,
        {
          command: recoverAnew(plan),
          consequence: 'looks at the nodes anew and takes over from this run; shows its plan first and asks',
        },
      ]
    : decisions;
}

function waiting({ cluster }: Plan, { run }: RunState, { node, why, putBack }: Hindrance): NextCommand[] {
  const role = cluster.nodes.find(({ name }) => name === node)?.role ?? '';
  const later = `then baton run show ${run} says what can be decided`;
  if (putBack === 'coordinator')
    return [
      {
        command: 'systemctl restart baton-coordinator',
        consequence: `on this coordinator’s machine, once it is sure that no other coordinator runs: it leads with a newer epoch, and ${node} obeys it again; ${later}`,
      },
    ];
  if (putBack === undefined)
    return [
      { command: `baton run show ${run}`, consequence: `only waiting is possible now: ${why}; once it is, ${later}` },
    ];
  return [
    {
      command: `baton node revoke ${node}`,
      consequence: `after a look at what ran on ${node}, if it was put back on purpose: its agent is no longer known`,
    },
    {
      command: `baton node add ${node} --role ${role}`,
      consequence: `prints the line with which ${node} joins anew; ${later}`,
    },
  ];
}

/** Why a decision is not legal now; undefined when it is. */
export function whyIllegal(plan: Plan, state: RunState, decision: Decision, nodes: Nodes = {}): string | undefined {
  const legal = legalDecisions(plan, state, nodes);
  if (legal.some((one) => one.decision === decision)) return undefined;
  // Whatever the run was about: a recovery starts from what is there. Nothing of it may be on its way any more.
  if (decision === 'recover' && legal.length > 0 && isStanding(state)) return undefined;
  if (state.ended !== undefined) return `run ${state.run} has ended: ${state.ended.status}`;
  const hindrance = isStanding(state) ? hindranceOf(plan, state, nodes) : undefined;
  if (hindrance !== undefined)
    return `run ${state.run} is ${state.status}; ${decision} is not possible now, only waiting: ${hindrance.why}`;
  if (state.successor !== undefined)
    return `run ${state.run} is being handed over to ${state.successor.run}; ${decision} is not possible now, only waiting: see baton run show ${state.run}`;
  const names = legal.map((one) => one.decision).join(', ');
  const why = decision === 'rollback' && isStanding(state) ? whyNotRolledBack(plan, state) : undefined;
  if (why !== undefined) return `${why}; only: ${names || 'waiting'}`;
  return `run ${state.run} is ${state.status}; ${decision} is not possible now, only: ${names || 'waiting'}`;
}

function adopt(state: RunState, item: PlanItem | undefined): LegalDecision {
  const what = `${state.direction === 'undo' ? 'the undo of ' : ''}“${item?.title ?? ''}”`;
  return {
    decision: 'adopt',
    consequence: `takes ${what} as finished by hand, if everything is as it must be after it`,
  };
}

/** Only an item that was started and is not done can have been finished by hand. */
function mayAdopt(state: RunState, item: PlanItem | undefined): boolean {
  if (item?.kind !== 'step') return false;
  const standing = itemState(state, item.id);
  const attempt = latestAttempt(standing, state.direction === 'forward' ? 'do' : 'undo');
  return attempt !== undefined && (state.direction === 'forward' ? !standing.isDone : !standing.isUndone);
}

function retryConsequence(plan: Plan, state: RunState, item: PlanItem | undefined): string {
  const first = item?.kind === 'step' && state.direction === 'forward' ? putBackBy(plan, state, item) : [];
  if (first.length > 0)
    return `carries out ${first.map(({ title }) => `“${title}”`).join(' and ')} again, then goes on`;
  if (item === undefined) return 'looks again and goes on';
  const standing = itemState(state, item.id);
  const attempt = latestAttempt(standing, state.direction === 'forward' ? 'do' : 'undo');
  if (item.kind !== 'step' || attempt === undefined || (standing.isDone && state.direction === 'forward'))
    return `looks at “${item.title}” again and goes on when it holds`;
  const what = state.direction === 'undo' ? `the undo of “${item.title}”` : `“${item.title}”`;
  return isOpen(attempt)
    ? `asks ${attempt.node} to give up attempt ${attempt.attempt}; if it had ended well the run goes on, otherwise ${what} is carried out again`
    : `carries out ${what} again, as attempt ${attempt.attempt + 1}${isScript(item) ? '; where the script has done its work although it failed, that is refused, and adopt is the way on' : ''}`;
}

/** What must be so before an HA script is no longer so once it has promoted. */
const isScript = (item: PlanItem): boolean => item.kind === 'step' && item.action.kind === 'runHaScript';

function abortConsequence(plan: Plan, state: RunState): string {
  const started = plan.items.filter(
    (item) => item.kind === 'step' && itemState(state, item.id).attempts.some(({ phase }) => phase === 'do'),
  );
  if (started.length === 0) return 'ends the run; nothing was started';
  const left = whatAbortLeaves(plan);
  if (left !== undefined) return `ends the run half done, and ${left.words}${fencedByAbort(plan, state)}`;
  const kept = started
    .filter((item) => item.kind === 'step' && staysAsItIs(state, item))
    .map(({ title }) => title.replaceAll('{{run}}', state.run));
  const undone = `undoes what was started, in reverse order (${started.length - kept.length} of ${started.length} steps)`;
  const stays = kept.length === 0 ? undone : `${undone}; stays as it is: ${kept.join('; ')}`;
  return `${stays}${versionsApart(plan, state)}${standbyLeft(plan, state)}${fencedByAbort(plan, state)}`;
}

/** Its undo would change nothing, or is no longer to be done. */
function staysAsItIs(state: RunState, { undo }: Step): boolean {
  return 'noUndo' in undo || (undo.onlyBefore !== undefined && wasBegun(state, undo.onlyBefore.step));
}

/** An abort between the installers leaves what the next upgrade refuses; that must be known before, not after. */
function versionsApart(plan: Plan, state: RunState): string {
  const nodesWhere = (isDone: boolean): string[] =>
    plan.items.flatMap((item) =>
      item.kind === 'step' && item.action.kind === 'runInstaller' && itemState(state, item.id).isDone === isDone
        ? [item.node]
        : [],
    );
  const [upgraded, others] = [nodesWhere(true), nodesWhere(false)];
  if (upgraded.length === 0 || others.length === 0) return '';
  return `; the new version stays on ${upgraded.join(', ')} and was not completed on ${others.join(', ')}: the nodes keep different versions, and a further upgrade is refused until they are at one version`;
}

/** Nor does one that leaves a standby which does not follow any more: without it failover is not armed again. */
function standbyLeft({ items, cluster }: Plan, state: RunState): string {
  const of = (kind: Step['action']['kind']) =>
    items.filter((item): item is Step => item.kind === 'step' && item.action.kind === kind);
  const [upgraded] = of('upgradeServer');
  const isCopied = of('copyServer').some(({ id }) => itemState(state, id).isDone);
  if (upgraded === undefined || isCopied || !staysAsItIs(state, upgraded)) return '';
  return `; the standby does not follow the newer server, so failover cannot be armed again then: only baton run rollback ${state.run} or baton recover ${cluster.cluster} lead on from there, retry goes on with this run`;
}
