// A compiled plan for people and scripts: the document of `baton plan --json`.
import type { PlanDocument, PlanItemDocument } from '../../shared/documents.ts';
import { checkById } from '../checks/catalogue.ts';
import type { CheckRef } from '../checks/check.ts';
import type { Cluster } from '../cluster/cluster.ts';
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
