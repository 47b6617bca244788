// A compiled plan for people and scripts: the document of `baton plan --json`, and the same as Markdown.
import type { PlanDocument, PlanItemDocument } from '../../shared/documents.ts';
import { formatDuration } from '../../shared/units.ts';
import { checkById } from '../checks/catalogue.ts';
import type { CheckRef } from '../checks/check.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { fenced, escapeMarkdown as m } from '../report/escape.ts';
import { likely, likelyMs } from './expected.ts';
import type { CompiledPlan, PlanItem, Step } from './plan.ts';

/** What `baton plan` shows. */
export function describePlan({ plan, hash, commands, undoCommands, costs, expected }: CompiledPlan): PlanDocument {
  return {
    schema: 1,
    cluster: plan.cluster.cluster,
    plan: plan.name,
    hash,
    parameters: plan.parameters,
    predicted: likely(plan, expected),
    ...(expected !== undefined && { predictedFrom: { runs: expected.runs } }),
    ...(costs !== undefined && { costs }),
    items: plan.items.map((item) => ({
      id: item.id,
      kind: item.kind,
      phase: item.phase,
      title: item.title,
      section: item.section,
      ...(item.deviation !== undefined && { deviation: item.deviation }),
      commands: commands[item.id] ?? [],
      undoCommands: undoCommands[item.id] ?? [],
      predictedMs: likelyMs(item, expected),
      ...particulars(item, plan.cluster),
    })),
  };
}

type Particulars = Pick<
  PlanItemDocument,
  'node' | 'postcondition' | 'until' | 'timeoutMs' | 'undo' | 'takesPortalDown'
> & {
  pointOfNoReturn?: string;
  accepted?: NonNullable<PlanItemDocument['accepted']>;
};

function particulars(item: PlanItem, cluster: Cluster): Particulars {
  switch (item.kind) {
    case 'gate':
      return {
        ...{ ...untouching, postcondition: inWords(item.checks, cluster), timeoutMs: item.withinMs },
        ...acceptedIn(item.checks),
      };
    case 'approval':
      return { ...untouching, postcondition: [item.question], timeoutMs: 0 };
    case 'step':
      return {
        node: item.node,
        postcondition: inWords(item.then, cluster),
        until: item.until,
        timeoutMs: item.timeoutMs,
        undo: undoInWords(item),
        ...(item.pointOfNoReturn !== undefined && { pointOfNoReturn: item.pointOfNoReturn }),
        takesPortalDown: item.takesPortalDown,
      };
  }
}

function undoInWords({ undo }: Step): string {
  if ('noUndo' in undo) return `none: ${undo.noUndo}`;
  return undo.onlyBefore === undefined
    ? undo.title
    : `${undo.title}; none once ${undo.onlyBefore.step} was begun: ${undo.onlyBefore.because}`;
}

const untouching = { node: '', until: '', undo: '', takesPortalDown: false };

const inWords = (refs: CheckRef[], cluster: Cluster): string[] =>
  refs.map(({ check, params }) => checkById(check)?.words(params, cluster) ?? check);

function acceptedIn(refs: CheckRef[]): Pick<Particulars, 'accepted'> {
  const accepted = refs.flatMap(({ check, accepted: reason, acceptedWhereFoundBy }) =>
    reason === undefined || acceptedWhereFoundBy !== undefined ? [] : [{ check, reason }],
  );
  return accepted.length === 0 ? {} : { accepted };
}

/** The plan as Markdown, in which no text can be markup or something that a terminal obeys: phases as headings, every item with its section, commands, postcondition and undo. */
export function planMarkdown(plan: PlanDocument): string {
  const { durationMs, outageMs, suspensionMs } = plan.predicted;
  const lines = [
    `# Plan ${m(plan.plan)} of cluster ${m(plan.cluster)}`,
    '',
    '- parameters:',
    '',
    fenced(JSON.stringify(plan.parameters)),
    '',
    `- hash: \`${plan.hash}\``,
    `- predicted: ${formatDuration(durationMs)} in all, portal down ${formatDuration(outageMs)}, failover suspended ${formatDuration(suspensionMs)}${plan.predictedFrom === undefined ? '' : ` (from ${plan.predictedFrom.runs} earlier runs of this cluster)`}`,
  ];
  for (const cost of plan.costs ?? []) lines.push(`- **costs:** ${m(cost)}`);
  let phase = '';
  for (const [index, item] of plan.items.entries()) {
    if (item.phase !== phase) lines.push('', `## ${m(item.phase)}`);
    phase = item.phase;
    lines.push(...itemMarkdown(item, index + 1));
  }
  return `${lines.join('\n')}\n`;
}

function itemMarkdown(item: PlanItemDocument, number: number): string[] {
  const facts = [
    `${item.kind} \`${item.id}\`${item.node ? ` on **${m(item.node)}**` : ''} — ${m(item.section)}`,
    ...(item.deviation ? [`deviation: ${m(item.deviation)}`] : []),
    ...item.postcondition.map((words) => `${item.kind === 'step' ? 'afterwards' : 'must hold'}: ${m(words)}`),
    ...(item.accepted ?? []).map(({ check, reason }) => `**accepted if it fails:** \`${m(check)}\`: ${m(reason)}`),
    ...(item.until ? [`holds until: ${m(item.until)}`] : []),
    ...(item.timeoutMs > 0
      ? [`${item.kind === 'gate' ? 'waits' : 'may take'} at most ${formatDuration(item.timeoutMs)}`]
      : []),
    ...(item.undo ? [`undo: ${m(item.undo)}`] : []),
    ...(item.pointOfNoReturn ? [`**point of no return:** ${m(item.pointOfNoReturn)}`] : []),
    ...(item.takesPortalDown ? ['the portal is down'] : []),
  ];
  return [
    '',
    `### ${number}. ${m(item.title)}`,
    '',
    ...facts.map((fact) => `- ${fact}`),
    ...block('', item.commands),
    ...block('To undo:', item.undoCommands),
  ];
}

function block(heading: string, commands: string[]): string[] {
  if (commands.length === 0) return [];
  return ['', ...(heading ? [heading, ''] : []), fenced(commands.join('\n'), 'sh')];
}
