// `cluster`: the cluster files, which say what the coordinator takes care of.
import { readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { Option } from '@commander-js/extra-typings';
import type { ClusterAppliedDocument, ClustersDocument } from '../../../shared/documents.ts';
import { fail, ok, type Result } from '../../../shared/failures.ts';
import { clusterTemplate } from '../../cluster/template.ts';
import { exitCodes } from '../exit-codes.ts';
import { readCluster } from '../readiness.ts';
import type { Shell } from '../shell.ts';
import { clustersView, clusterView } from '../view/fleet-view.ts';
import { clean } from '../view/text.ts';
import { commandWith, jsonOption, nameArgument } from './arguments.ts';
import { readBounded } from './bounded-input.ts';

const fileBytesMax = 256 * 1024;

export function clusterCommand(shell: Shell) {
  return commandWith('cluster', 'Describe clusters: write a file to start from, apply it, see what is there.', [
    'baton cluster template --machines 3 --flavor classic > lab.yaml',
    'baton cluster apply lab.yaml --dry-run',
    'baton cluster show lab',
  ])
    .addCommand(templateCommand(shell))
    .addCommand(applyCommand(shell))
    .addCommand(showCommand(shell))
    .addCommand(listCommand(shell));
}

function templateCommand(shell: Shell) {
  return commandWith(
    'template',
    'Print a commented cluster file to start from: every key with its default, unit and example.',
    ['baton cluster template --machines 3 --flavor classic > lab.yaml'],
  )
    .addOption(
      new Option('--machines <COUNT>', '3: application and database on the same machines; 5: on separate ones')
        .choices(['3', '5'] as const)
        .default('3' as const),
    )
    .addOption(
      new Option('--flavor <FLAVOR>', 'how failover works')
        .choices(['classic', 'patroni'] as const)
        .default('classic' as const),
    )
    .action(async (options) => {
      await shell.locally({}, async (io) => {
        io.raw(clusterTemplate(options.machines === '3' ? 3 : 5, options.flavor));
        return ok(exitCodes.done);
      });
    });
}

function applyCommand(shell: Shell) {
  return commandWith(
    'apply',
    'Validate a cluster file and hand it to the coordinator. Errors carry line and column. Touches no node.',
    [
      'baton cluster apply lab.yaml --dry-run',
      'baton cluster apply lab.yaml',
      'sed s/60s/90s/ lab.yaml | baton cluster apply -',
    ],
  )
    .argument('<FILE>', 'the file; - reads stdin')
    .option('--dry-run', 'only validate, and say whether something would change')
    .option(...jsonOption)
    .action(async (file, options) => {
      await shell.withCoordinator(options, async (client, io) => {
        const content = await readClusterFile(file);
        if (!content.ok) return content;
        const applied = await client.call<ClusterAppliedDocument>('applyCluster', {
          fileName: file === '-' ? 'stdin' : basename(file),
          text: content.value,
          dryRun: options.dryRun === true,
        });
        if (!applied.ok) return applied;
        const { cluster, changed, dryRun, warnings } = applied.value;
        for (const warning of warnings) io.note(`${io.notePaint('yellow', 'warning:')} ${clean(warning)}`);
        const done = dryRun ? 'is valid and would be applied' : 'is applied';
        if (options.json) io.document(applied.value);
        else io.say(`Cluster ${clean(cluster)} ${changed ? done : 'is as it was: nothing changed'}.`);
        return ok(exitCodes.done);
      });
    });
}

async function readClusterFile(file: string): Promise<Result<string>> {
  try {
    if (file === '-') {
      const text = await readBounded(process.stdin, fileBytesMax);
      return text === undefined ? fail('bad-input', `stdin: no cluster file; at most ${fileBytesMax} bytes`) : ok(text);
    }
    const found = await stat(file);
    if (!found.isFile()) return fail('bad-input', `${file}: not a file`);
    if (found.size > fileBytesMax)
      return fail('bad-input', `${file}: ${found.size} bytes are no cluster file; at most ${fileBytesMax}`);
    return ok(await readFile(file, 'utf8'));
  } catch (error) {
    return fail('bad-input', `${file} cannot be read: ${(error as Error).message}`);
  }
}

function showCommand(shell: Shell) {
  return commandWith(
    'show',
    'Show each node: role, what its database is now, state, lag, version, agent; whether failover is armed, whether the portal answers, and which run holds the cluster. Ends with 4 when a joined node is out of reach.',
    ['baton cluster show lab', 'baton cluster show lab --json'],
  )
    .argument('<CLUSTER>')
    .option(...jsonOption)
    .action(async (cluster, options) => {
      await shell.withCoordinator(options, async (client, io) => {
        const name = nameArgument('cluster', cluster);
        if (!name.ok) return name;
        const answer = await readCluster(client, name.value);
        if (!answer.ok) return answer;
        if (options.json) io.document(answer.value);
        else io.say(clusterView(answer.value, io.paint));
        const isLost = answer.value.nodes.some((node) => node.agent === 'disconnected');
        return ok(isLost ? exitCodes.outOfReach : exitCodes.done);
      });
    });
}

function listCommand(shell: Shell) {
  return commandWith('ls', 'List the clusters that the coordinator takes care of.', ['baton cluster ls --json'])
    .option(...jsonOption)
    .action(async (options) => {
      await shell.withCoordinator(options, async (client, io) => {
        const answer = await client.call<ClustersDocument>('listClusters', {});
        if (!answer.ok) return answer;
        if (options.json) io.document(answer.value);
        else io.say(clustersView(answer.value));
        return ok(exitCodes.done);
      });
    });
}
