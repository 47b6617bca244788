// `operator`: who may do what. The key of a new operator is made here and goes only into the file; the coordinator signs.
import { open, rm } from 'node:fs/promises';
import { Argument, Option } from '@commander-js/extra-typings';
import { fail, ok, type Result } from '../../../shared/failures.ts';
import type { OperatorAddedDocument, OperatorDocument, OperatorsDocument } from '../../../shared/operator-documents.ts';
import { formatIdentity } from '../../../shared/security/identity-file.ts';
import { operatorRoles } from '../../access/roles.ts';
import { exitCodes } from '../exit-codes.ts';
import type { Shell } from '../shell.ts';
import { operatorsView } from '../view/operators-view.ts';
import { clean } from '../view/text.ts';
import { commandWith, jsonOption, nameArgument } from './arguments.ts';

const roleWords =
  'viewer: look at everything · operator: also start runs and decide about them · approver: look, approve and reject · admin: everything, also nodes, cluster files and operators';

export function operatorCommand(shell: Shell) {
  return commandWith(
    'operator',
    'Say who may use this coordinator, and what each may do: every operator has a certificate.',
    ['baton operator add alice --role operator --output alice.pem', 'baton operator ls'],
  )
    .addCommand(addCommand(shell))
    .addCommand(listCommand(shell))
    .addCommand(roleCommand(shell))
    .addCommand(revokeCommand(shell));
}

function addCommand(shell: Shell) {
  return commandWith(
    'add',
    `Add an operator: key and certificate go into a file of mode 0600, to be given to that person, who puts it at ~/.config/baton/identity.pem. Valid for a year. ${roleWords}.`,
    [
      'baton operator add alice --role operator --output alice.pem',
      'baton operator add carol --role approver --output carol.pem',
    ],
  )
    .argument('<NAME>', 'of the person; runs and the audit name it')
    .addOption(new Option('--role <ROLE>', 'what the operator may do').choices(operatorRoles).makeOptionMandatory())
    .requiredOption('--output <FILE>', 'a file that is not there yet; it will hold a private key')
    .option(...jsonOption)
    .action(async (text, options) => {
      await shell.withCoordinator(options, async (client, io) => {
        const name = nameArgument('operator', text);
        if (!name.ok) return name;
        const { createSigningRequest } = await import('../../../shared/security/certificates.ts');
        const { request, key } = await createSigningRequest(name.value);
        // First of all, so that no certificate is issued that nobody has.
        const written = await intoNewFile(options.output, async () => {
          const wanted = { name: name.value, role: options.role, signingRequest: request };
          const added = await client.call<OperatorAddedDocument>('addOperator', wanted);
          if (!added.ok) return added;
          const { certificate, authority, ...operator } = added.value;
          return ok({ text: formatIdentity({ key, certificate, authority }), value: operator });
        });
        if (!written.ok) return written;
        const { role, validTo } = written.value;
        if (options.json) io.document({ ...written.value, file: options.output });
        else
          io.say(
            `${name.value} is ${role} until ${validTo.slice(0, 10)}. ${options.output} has the key: hand it over safely, as ~/.config/baton/identity.pem with mode 0600, and remove it here.`,
          );
        return ok(exitCodes.done);
      });
    });
}

function listCommand(shell: Shell) {
  return commandWith('ls', 'List the operators with their roles and certificates.', [
    'baton operator ls',
    'baton operator ls --json',
  ])
    .option(...jsonOption)
    .action(async (options) => {
      await shell.withCoordinator(options, async (client, io) => {
        const operators = await client.call<OperatorsDocument>('listOperators', {});
        if (!operators.ok) return operators;
        if (options.json) io.document(operators.value);
        else io.say(operatorsView(operators.value, Date.now(), io.paint));
        return ok(exitCodes.done);
      });
    });
}

function roleCommand(shell: Shell) {
  return commandWith('role', `Give an operator another role; it counts from the next command on. ${roleWords}.`, [
    'baton operator role alice approver',
  ])
    .argument('<NAME>')
    .addArgument(new Argument('<ROLE>').choices(operatorRoles))
    .option(...jsonOption)
    .action(async (text, role, options) => {
      await shell.withCoordinator(options, async (client, io) => {
        const name = nameArgument('operator', text);
        if (!name.ok) return name;
        const changed = await client.call<OperatorDocument>('changeOperator', { name: name.value, role });
        if (!changed.ok) return changed;
        if (options.json) io.document({ schema: 1, ...changed.value });
        else io.say(`${name.value} is ${clean(changed.value.role)} now.`);
        return ok(exitCodes.done);
      });
    });
}

function revokeCommand(shell: Shell) {
  return commandWith(
    'revoke',
    'Revoke an operator’s certificate: what it has open ends at once, and it is refused from now on. Runs go on. To let the person in again: operator add.',
    ['baton operator revoke alice'],
  )
    .argument('<NAME>')
    .option(...jsonOption)
    .action(async (text, options) => {
      await shell.withCoordinator(options, async (client, io) => {
        const name = nameArgument('operator', text);
        if (!name.ok) return name;
        const revoked = await client.call<OperatorDocument>('revokeOperator', { name: name.value });
        if (!revoked.ok) return revoked;
        if (options.json) io.document({ schema: 1, ...revoked.value });
        else io.say(`${name.value} is revoked.`);
        return ok(exitCodes.done);
      });
    });
}

/** Makes the file, 0600, then asks for what goes into it; takes it away again where that is refused. */
async function intoNewFile<T>(
  path: string,
  ask: () => Promise<Result<{ text: string; value: T }>>,
): Promise<Result<T>> {
  let file: Awaited<ReturnType<typeof open>>;
  try {
    file = await open(path, 'wx', 0o600);
  } catch (error) {
    return fail('bad-input', `--output ${path} cannot be made: ${(error as Error).message}; nobody was added`);
  }
  let isKept = false;
  try {
    const answered = await ask();
    if (!answered.ok) return answered;
    try {
      await file.writeFile(answered.value.text);
      await file.sync();
      isKept = true;
    } catch (error) {
      const reason = (error as Error).message;
      return fail(
        'no-space',
        `--output ${path} cannot be written: ${reason}; first \`baton operator revoke\`, then add again`,
      );
    }
    return ok(answered.value.value);
  } finally {
    await file.close();
    if (!isKept) await rm(path, { force: true });
  }
}
