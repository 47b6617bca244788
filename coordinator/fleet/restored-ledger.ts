// Whether an agent's state was restored from an older copy: its ledger is another one than its node's record knows, or
// went back. A key that it has forgotten could be started twice, so such an agent is not served. Pure.
import { fail, type Result } from '../../shared/failures.ts';
import type { Hello } from '../../shared/gen/baton/v1/fleet_pb.ts';
import { headsOf } from './held-heads.ts';
import type { NodeRecord } from './tables.ts';

/** What was seen and what to do, for people; undefined when the ledger goes on from where it was last seen. */
export function restoredReason(
  { name, ledger }: Pick<NodeRecord, 'name' | 'ledger'>,
  hello: Pick<Hello, 'ledgerGeneration' | 'ledgerCounter'>,
): string | undefined {
  if (ledger.generation === '') return undefined;
  const remedy =
    `a restored copy may start again what ran already, so its agent is not served: look at what ran on the node, ` +
    `then baton node revoke ${name} and baton node add ${name}`;
  if (ledger.generation !== hello.ledgerGeneration)
    return `${name}: its agent's ledger is another one than before (${hello.ledgerGeneration}, was ${ledger.generation}); ${remedy}`;
  if (hello.ledgerCounter >= ledger.counter) return undefined;
  return `${name}: its agent's ledger went back from ${ledger.counter} to ${hello.ledgerCounter}; ${remedy}`;
}

/**
 * Whether a hello takes back what its node's record holds, its ledger's mark or heads of journals. A coordinator that was
 * stopped hears old hellos when it wakes, so one such is believed only of a stream at whose end somebody answers.
 */
export function takesBack(old: Pick<NodeRecord, 'name' | 'ledger' | 'heads' | 'restored'>, hello: Hello): boolean {
  if (old.restored !== undefined) return false;
  const said = new Map(headsOf(hello).map(({ run, sequence }) => [run, sequence]));
  const isBehind = (old.heads ?? []).some(({ run, sequence }) => (said.get(run) ?? 0) < sequence);
  return isBehind || restoredReason(old, hello) !== undefined;
}

/** What such a hello is told when nothing shows that it is said now; the agent comes again. */
export function staleHello(node: string): Result<never> {
  return fail('conflict', `${node}: what its agent says is older than what is known of it, and it may be an old word`, {
    retryable: true,
  });
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const control = /[\u0000-\u001f\u007f-\u009f]/;

const textMax = 1_000;
const localUnitsMax = 256;
/** Whether a text could forge a line of a log or a terminal, or fill them. */
export const forgedText = (text: string): boolean => text.length > textMax || control.test(text);

/** The field of a hello that no agent says: one that could forge or fill, or no count; undefined when there is none. */
export function forgedField({
  agentVersion,
  bootId,
  ledgerGeneration,
  ledgerCounter,
  profile,
}: Hello): string | undefined {
  if (!Number.isSafeInteger(ledgerCounter) || ledgerCounter < 0) return 'ledgerCounter';
  const { $typeName: _, localUnits = [], ...rest } = profile ?? {};
  const texts: Record<string, unknown> = { agentVersion, bootId, ledgerGeneration, ...rest };
  for (const [name, text] of Object.entries(texts)) if (typeof text === 'string' && forgedText(text)) return name;
  return localUnits.length > localUnitsMax || localUnits.some(forgedText) ? 'localUnits' : undefined;
}
