// `node`: the machines with an agent. Joining is done on the node, with the line that `add` prints.
import { Argument, Option } from '@commander-js/extra-typings';
import type { NodeAddedDocument, NodeDocument, NodesDocument } from '../../../shared/documents.ts';
import { ok } from '../../../shared/failures.ts';
import { exitCodes } from '../exit-codes.ts';
import type { Shell } from '../shell.ts';
import { nodesView } from '../view/fleet-view.ts';
import { clean, moment } from '../view/text.ts';
import { commandWith, jsonOption, nameArgument } from './arguments.ts';

export function nodeCommand(shell: Shell) {
  return commandWith('node', 'Add, list or revoke the machines that have an agent.', [
    'baton node add n1 --role master',
    'baton node ls',
  ])
    .addCommand(addCommand(shell))
    .addCommand(listCommand(shell))
    .addCommand(revokeCommand(shell));
}

function addCommand(shell: Shell) {
  return commandWith(
    'add',
    'Print the line that joins a machine, to be run there as root: its token works once, for 15 minutes, and pins this coordinator’s authority.',
    [
      'baton node add n1 --role master',
      'baton node add n2 --role standby',
      'baton node add n3 --role observer',
      'ssh root@n1 "$(baton node add n1 --role master --json | jq -r .joinLine)"',
    ],
  )
    .addArgument(new Argument('<NAME>', 'as in the cluster file'))
    .addOption(
      new Option('--role <ROLE>', 'what the node is in its cluster')
        .choices(['master', 'standby', 'observer'] as const)
        .makeOptionMandatory(),
    )
    .option(...jsonOption)
    .action(async (node, options) => {
      await shell.withCoordinator(options, async (client, io) => {
        const name = nameArgument('node', node);
        if (!name.ok) return name;
        const added = await client.call<NodeAddedDocument>('addNode', { name: name.value, role: options.role });
        if (!added.ok) return added;
        if (options.json) {
          io.document(added.value);
          return ok(exitCodes.done);
        }
        io.note(`Run this on ${name.value} as root, once, before ${moment(added.value.expiresAt)}:`);
        io.say(clean(added.value.joinLine));
        return ok(exitCodes.done);
      });
    });
}

function listCommand(shell: Shell) {
  return commandWith('ls', 'List the nodes, their agents and when they were last seen.', ['baton node ls --json'])
    .option(...jsonOption)
    .action(async (options) => {
      await shell.withCoordinator(options, async (client, io) => {
        const nodes = await client.call<NodesDocument>('listNodes', {});
        if (!nodes.ok) return nodes;
        if (options.json) io.document(nodes.value);
        else io.say(nodesView(nodes.value, io.paint));
        return ok(exitCodes.done);
      });
    });
}

function revokeCommand(shell: Shell) {
  return commandWith(
    'revoke',
    'Revoke a node’s certificate: its agent is cut off at once and refused from now on. To take it in again: node add.',
    ['baton node revoke n2'],
  )
    .argument('<NAME>')
    .option(...jsonOption)
    .action(async (node, options) => {
      await shell.withCoordinator(options, async (client, io) => {
        const name = nameArgument('node', node);
        if (!name.ok) return name;
        const revoked = await client.call<NodeDocument>('revokeNode', { name: name.value });
        if (!revoked.ok) return revoked;
        if (options.json) io.document({ schema: 1, ...revoked.value });
        else io.say(`${name.value} is revoked.`);
        return ok(exitCodes.done);
      });
    });
}
