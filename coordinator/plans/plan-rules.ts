// What must be true of every plan, whoever wrote it: names that are found again, conditions that end, actions that an
// agent will accept. A plan that breaks a rule is never stored.
import { actionClasses } from '../../shared/actions/action.ts';
import { validateActionTemplate } from '../../shared/actions/constraints.ts';
import { checkById } from '../checks/catalogue.ts';
import type { CheckRef } from '../checks/check.ts';
import { sampleReadings } from './commands.ts';
import type { Plan, PlanItem, Step } from './plan.ts';

/** What is wrong with a plan, a sentence each; empty when nothing is. */
export function planFaults(plan: Plan): string[] {
  const ids = plan.items.map(({ id }) => id);
  return plan.items.flatMap((item, index) => [
    ...(/^[a-z0-9][a-z0-9.-]{0,79}$/.test(item.id) ? [] : [`${item.id}: not a key's step`]),
    ...(ids.indexOf(item.id) === index ? [] : [`${item.id}: stands twice`]),
    ...(item.section === '' || item.title === '' ? [`${item.id}: has no section or title`] : []),
    ...checksOf(item)
      .filter(({ check }) => checkById(check) === undefined)
      .map(({ check }) => `${item.id}: there is no check ${check}`),
    ...(item.kind === 'gate' && item.checks.length === 0 ? [`${item.id}: looks at nothing`] : []),
    ...(item.kind === 'step' ? stepFaults(item, ids.slice(index + 1), plan) : []),
    ...sampleReadings(checksOf(item), plan.cluster).flatMap(({ node, action }) =>
      fieldFaults(plan, item, node, action),
    ),
  ]);
}

/** Every check that an item names. */
export function checksOf(item: PlanItem): CheckRef[] {
  if (item.kind === 'gate') return item.checks;
  if (item.kind === 'approval') return [];
  const undo = 'noUndo' in item.undo ? [] : [...item.undo.before, ...item.undo.then];
  return [...item.before, ...item.then, ...undo];
}

function stepFaults(step: Step, later: string[], plan: Plan): string[] {
  const { id, undo } = step;
  return [
    ...(step.until === 'end' || later.includes(step.until)
      ? []
      : [`${id}: holds until ${step.until}, which does not follow`]),
    ...(step.redo ?? [])
      .filter((redone) => !isIdempotentStep(plan, redone) || later.includes(redone) || redone === id)
      .map((redone) => `${id}: ${redone} is no earlier idempotent step that could be carried out again`),
    ...(actionClasses[step.action.kind] === 'read' ? [`${id}: only reads, which is a gate's work`] : []),
    ...(step.then.length === 0 ? [`${id}: has no postcondition`] : []),
    ...('noUndo' in undo && undo.noUndo === '' ? [`${id}: has neither undo nor a reason`] : []),
    ...(!('noUndo' in undo) && undo.onlyBefore !== undefined && !later.includes(undo.onlyBefore.step)
      ? [`${id}: is undone only before ${undo.onlyBefore.step}, which does not follow`]
      : []),
    ...fieldFaults(plan, step, step.node, step.action),
    ...('noUndo' in undo ? [] : fieldFaults(plan, step, step.node, undo.action)),
    ...step.bindings.flatMap(({ node, read }) => fieldFaults(plan, step, node, read)),
  ];
}

function isIdempotentStep(plan: Plan, id: string): boolean {
  const item = plan.items.find((one) => one.id === id);
  return item?.kind === 'step' && actionClasses[item.action.kind] === 'idempotent';
}

function fieldFaults(plan: Plan, { id }: PlanItem, node: string, action: Step['action']): string[] {
  const known = plan.cluster.nodes.some(({ name }) => name === node);
  const valid = validateActionTemplate(action);
  return [
    ...(known ? [] : [`${id}: there is no node ${node}`]),
    ...(valid.ok ? [] : [`${id}: ${valid.failure.message}`]),
  ];
}
