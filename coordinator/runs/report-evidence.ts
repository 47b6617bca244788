// What a run's journal holds for its report: decisions, every condition as it was read, what programs said last. Pure.
import type { Answer } from '../../shared/actions/action.ts';
import { jobEndOf } from '../../shared/actions/jobs/job.ts';
import type {
  DecisionDocument,
  LogExtractDocument,
  ReadingDocument,
  ReportEvidence,
} from '../../shared/report-evidence.ts';
import type { RunEvent } from '../journal/event.ts';
import type { Plan } from '../plans/plan.ts';

const extractLinesMax = 40;
const extractsMax = 60;

/** Without the meter's curve, which does not lie in the journal. */
export function reportEvidence(plan: Plan, events: RunEvent[]): ReportEvidence {
  const started = events.flatMap(({ fact }) => (fact.type === 'RunStarted' ? [fact] : []))[0];
  return {
    change: started?.change ?? '',
    reason: started?.reason ?? '',
    decisions: decisionsIn(plan, events),
    readings: readingsIn(plan, events),
    logs: logsIn(plan, events),
  };
}

const iso = (atMs: number): string => new Date(atMs).toISOString();

function named(plan: Plan, run: string) {
  const items = new Map(plan.items.map((item) => [item.id, item]));
  return (id: string) => {
    const item = items.get(id);
    return { item: id, title: item?.title.replaceAll('{{run}}', run) ?? id, phase: item?.phase ?? '' };
  };
}

function decisionsIn(plan: Plan, events: RunEvent[]): DecisionDocument[] {
  return events.flatMap(({ fact, atMs, run }) => {
    const at = iso(atMs);
    if (fact.type === 'RunStarted')
      return [{ at, operator: fact.operator, decision: 'start', item: '', title: '', reason: fact.reason }];
    if (fact.type !== 'OperatorDecided') return [];
    const { operator, decision, reason } = fact;
    const { item, title } = named(plan, run)(fact.item);
    return [{ at, operator, decision, item, title: item === '' ? '' : title, reason }];
  });
}

function readingsIn(plan: Plan, events: RunEvent[]): ReadingDocument[] {
  return events.flatMap(({ fact, atMs, sequence, run }) => {
    if (fact.type !== 'ChecksRead') return [];
    const { of, passed, results: checks } = fact;
    return [{ at: iso(atMs), sequence, ...named(plan, run)(fact.item), of, passed, checks }];
  });
}

/** Of every job its last lines, of everything that failed its evidence; of very many the newest. */
function logsIn(plan: Plan, events: RunEvent[]): LogExtractDocument[] {
  const nodes = new Map<string, string>();
  const extracts = events.flatMap(({ fact, atMs, run }): LogExtractDocument[] => {
    if (fact.type === 'StepStarted') nodes.set(`${fact.item}/${fact.phase}/${fact.attempt}`, fact.node);
    if (fact.type !== 'OutcomeRecorded') return [];
    const { outcome, phase, attempt, late } = fact;
    const job = outcome.failure === undefined && isRoutine(outcome.answer) ? undefined : jobEndOf(outcome.answer);
    const text = lastLines(outcome.failure?.evidence || job?.lastLines || '');
    if (text === '') return [];
    const { item, title } = named(plan, run)(fact.item);
    const about = `${phase === 'undo' ? 'undo, ' : ''}attempt ${attempt}: ${outcome.verdict}${late ? ', told late' : ''}`;
    const node = nodes.get(`${fact.item}/${phase}/${attempt}`) ?? '';
    return [{ at: iso(atMs), item, title, node, about, text, whole: job === undefined ? '' : job.logFile }];
  });
  return extracts.slice(-extractsMax);
}

/** Backups that went well tell which trees they read, of many parts; their checks say more. */
const isRoutine = (answer: Answer | undefined): boolean =>
  answer !== undefined && ['backUpFiles', 'backUpDatabase', 'verifyBackup', 'pruneBackups'].includes(answer.kind);

const lastLines = (text: string): string => text.trimEnd().split('\n').slice(-extractLinesMax).join('\n').trim();
