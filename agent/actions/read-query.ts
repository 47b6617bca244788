// readQuery: the answer of a query of this node's own, as text that people can read and a sum that can be compared.
import { ok } from '../../shared/failures.ts';
import { sha256Hex } from '../../shared/hash.ts';
import { commandsHere, executeOk, lastProgram, type Run } from './context.ts';

const textLettersMax = 1000;

export const readQuery: Run<'readQuery'> = async (action, context) => {
  const ran = await executeOk(context, lastProgram(commandsHere(action, context)));
  if (!ran.ok) return ran;
  const answer = ran.value.stdout;
  const rows = answer === '' ? 0 : answer.split('\n').length;
  return ok({ kind: 'readQuery', text: answer.slice(0, textLettersMax), rows, sha256: sha256Hex(answer) });
};
