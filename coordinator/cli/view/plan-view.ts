// A plan for people: the summary that a yes is given to, and the dry run with every command line. Pure.
import type { PlanDocument, PlanItemDocument } from '../../../shared/documents.ts';
import { formatDuration } from '../../../shared/units.ts';
import { goalOf } from '../../plans/goal.ts';
import { phasesOf } from '../../plans/phases.ts';
import { clean, cleanBlock, type Paint, wrap } from './text.ts';
import { onlyOnce } from './told-before.ts';

/** What will be done, how long the portal is down and failover is suspended; one line an item. */
export function planSummary(plan: PlanDocument, paint: Paint): string {
  const lines = [paint('bold', headline(plan)), ''];
  for (const { phase, items } of phasesOf(plan.items)) {
    lines.push(paint('bold', clean(phase)));
    for (const item of items)
      lines.push(
        `  ${signs[item.kind]} ${clean(item.title)}${item.node === '' ? '' : paint('dim', `  ${clean(item.node)}`)}${item.pointOfNoReturn ? paint('yellow', `  from here on: ${clean(item.pointOfNoReturn)}`) : ''}`,
      );
  }
  const deviations = plan.items.filter((item) => item.deviation);
  if (deviations.length > 0) {
    lines.push('', paint('bold', 'Deviates from the guide'));
    for (const item of deviations) lines.push(`  ${clean(item.title)}: ${clean(item.deviation ?? '')}`);
  }
  return [...lines, ...accepted(plan, paint), '', ...predictions(plan, paint), ...costs(plan, paint)].join('\n');
}

/** What does not stop the plan although it fails. */
function accepted(plan: PlanDocument, paint: Paint): string[] {
  const told = plan.items.flatMap((item) => item.accepted ?? []);
  if (told.length === 0) return [];
  return [
    '',
    paint(['bold', 'yellow'], 'Accepted even if it fails'),
    ...told.flatMap(({ check, reason }) => wrap(`${clean(check)}: ${clean(reason)}`, 98)).map((line) => `  ${line}`),
  ];
}

/** The dry run: the same items with their commands, conditions, limits and ways back. */
export function planInFull(plan: PlanDocument, paint: Paint): string {
  const lines = [paint('bold', headline(plan)), paint('dim', `plan hash ${clean(plan.hash)}`)];
  const tell = onlyOnce();
  let number = 0;
  for (const { phase, items } of phasesOf(plan.items)) {
    lines.push('', paint(['bold', 'underline'], clean(phase)));
    for (const item of items) {
      number += 1;
      lines.push('', ...itemInFull(item, number, (command) => tell(command, number), paint));
    }
  }
  const dry = 'This was a dry run: nothing on the nodes was touched. With --markdown every script is printed whole.';
  return [...lines, ...accepted(plan, paint), '', ...predictions(plan, paint), ...costs(plan, paint), '', dry].join(
    '\n',
  );
}

const signs: Record<PlanItemDocument['kind'], string> = { gate: '◇', step: '▶', approval: '⏸' };

function headline(plan: PlanDocument): string {
  const goal = goalOf(plan.parameters);
  return `Plan ${clean(plan.plan)} of cluster ${clean(plan.cluster)}${goal === '' ? '' : ` to ${clean(goal)}`}`;
}

function predictions(plan: PlanDocument, paint: Paint): string[] {
  const { durationMs, outageMs, suspensionMs } = plan.predicted;
  return [
    `${plan.items.length} items, predicted:`,
    `  duration             about ${formatDuration(durationMs)}`,
    paint('yellow', `  portal down          ${outageMs === 0 ? 'not at all' : `about ${formatDuration(outageMs)}`}`),
    paint(
      'yellow',
      `  failover suspended   ${suspensionMs === 0 ? 'not at all' : `about ${formatDuration(suspensionMs)}`}`,
    ),
  ];
}

/** What must be known before the yes: it cannot be had back as easily. */
function costs(plan: PlanDocument, paint: Paint): string[] {
  if (plan.costs === undefined || plan.costs.length === 0) return [];
  return [
    '',
    paint(['bold', 'yellow'], 'What it costs'),
    ...plan.costs.flatMap((cost) => wrap(clean(cost), 98)).map((line) => `  ${line}`),
  ];
}

type Tell = (command: string) => string[];

function itemInFull(item: PlanItemDocument, number: number, tell: Tell, paint: Paint): string[] {
  const where = item.node === '' || item.title.includes(item.node) ? '' : ` on ${clean(item.node)}`;
  const head = paint('bold', `${String(number).padStart(3)}. ${clean(item.title)}${where}`);
  return [
    `${head}  ${paint('dim', `${item.kind} ${clean(item.id)}`)}`,
    ...field('guide', [item.section]),
    ...field('deviates', item.deviation ? [item.deviation] : []),
    ...item.commands.map((command) => commandLines(command, '       ', tell, (text) => paint('cyan', text))),
    ...field('must hold', item.postcondition),
    ...field(
      'accepted',
      (item.accepted ?? []).map(({ check, reason }) => `${check}: ${reason}`),
    ),
    ...field('until', item.until === '' || item.kind !== 'step' ? [] : [item.until]),
    ...field('at most', item.timeoutMs > 0 ? [formatDuration(item.timeoutMs)] : []),
    ...field('portal', item.takesPortalDown ? ['down during this step'] : []),
    ...field('way back', item.undo === '' ? [] : [item.undo]),
    ...item.undoCommands.map((command) =>
      commandLines(command, '                  ', tell, (text) => paint('dim', text)),
    ),
    ...field('no return', item.pointOfNoReturn ? [item.pointOfNoReturn] : []),
  ];
}

/** A command as it can be copied: with the lines of its here-document, but for those that were told before. */
function commandLines(command: string, margin: string, tell: Tell, colour: (text: string) => string): string {
  return tell(cleanBlock(command).trimEnd())
    .map((line, index) => `${margin}${colour(index === 0 ? `$ ${line}` : `  ${line}`)}`)
    .join('\n');
}

function field(name: string, values: string[]): string[] {
  return values.flatMap((value, index) =>
    wrap(clean(value), 90).map(
      (line, row) => `       ${(index === 0 && row === 0 ? name : '').padEnd(10)} ${row === 0 ? '' : '  '}${line}`,
    ),
  );
}
