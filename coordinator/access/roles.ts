// Which role may make which call of operators, and which decision is whose. A call that has no row here does not compile.
// Pure; whose role is which is in operators.ts.
import { Operator } from '../../shared/gen/baton/v1/operator_pb.ts';

/**
 * An approver's yes counts because it is not the operator's own: neither may do what the other does. An admin may do
 * everything, also say who else may what.
 */
export const operatorRoles = ['viewer', 'operator', 'approver', 'admin'] as const;
export type OperatorRole = (typeof operatorRoles)[number];

export const isOperatorRole = (text: string): text is OperatorRole => operatorRoles.some((role) => role === text);

export type OperatorCall = keyof typeof Operator.method;

const everybody = operatorRoles;
const operators = ['operator', 'admin'] as const;
/** Which decision is whose is looked at when it is known. */
const deciders = ['operator', 'approver', 'admin'] as const;
const admins = ['admin'] as const;

/** Who may make each call. */
export const whoMay: Record<OperatorCall, readonly OperatorRole[]> = {
  getVersion: everybody,
  listNodes: everybody,
  listClusters: everybody,
  showCluster: everybody,
  showFailover: everybody,
  listBackups: everybody,
  listProbes: everybody,
  listSchedules: everybody,
  check: everybody,
  compilePlan: everybody,
  listRuns: everybody,
  showRun: everybody,
  watchRun: everybody,
  readRunLogs: everybody,
  exportRun: everybody,
  getReport: everybody,
  // Everybody may see who may approve, and what was done under whose name.
  listOperators: everybody,
  readAudit: everybody,
  verifyAudit: everybody,

  uploadRelease: operators,
  testNotice: operators,
  startRun: operators,
  scheduleRun: operators,
  decideRun: deciders,
  takeProbe: operators,
  addSchedule: operators,
  removeSchedule: operators,

  addNode: admins,
  revokeNode: admins,
  applyCluster: admins,
  addOperator: admins,
  changeOperator: admins,
  revokeOperator: admins,
};

/** Words that are a second person's; all others are of those who carry a run on. */
const approvals: readonly string[] = ['approve', 'reject'];

/** Why a role may not make a call; undefined when it may. `name` is the call's in operator.proto. */
export function refusalOfCall(role: OperatorRole, name: string): string | undefined {
  const call = Operator.methods.find((method) => method.name === name)?.localName as OperatorCall | undefined;
  const allowed: readonly OperatorRole[] = call === undefined ? admins : whoMay[call];
  return allowed.includes(role) ? undefined : refusal(name, role, allowed);
}

/** Why a role may not decide so about a run; undefined when it may. */
export function refusalOfDecision(role: OperatorRole, decision: string): string | undefined {
  const allowed: readonly OperatorRole[] = approvals.includes(decision) ? ['approver', 'admin'] : operators;
  return allowed.includes(role) ? undefined : refusal(`run ${decision}`, role, allowed);
}

function refusal(what: string, role: OperatorRole, allowed: readonly OperatorRole[]): string {
  return `${what} is for the role ${allowed.join(' or ')}, yours is ${role}; an admin changes it: baton operator role`;
}
