// A plan's document as Markdown, for a change request. Knows documents only.
import type { PlanDocument, PlanItemDocument } from '../../shared/documents.ts';
import { formatDuration } from '../../shared/units.ts';
import { fenced, escapeMarkdown as m } from './escape.ts';

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
