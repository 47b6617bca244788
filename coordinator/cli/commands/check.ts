// `check`: the read-only preflight. `unknown` is not a pass.
import type { CheckDocument } from '../../../shared/documents.ts';
import { fail, ok } from '../../../shared/failures.ts';
import { minutes } from '../../../shared/units.ts';
import { exitCodes, exitOfVerdict } from '../exit-codes.ts';
import { readCluster, unready } from '../readiness.ts';
import type { Shell } from '../shell.ts';
import { checkView } from '../view/check-view.ts';
import { acceptArgument, acceptOption, commandWith, jsonOption, nameArgument } from './arguments.ts';
import { versionArgument } from './release-file.ts';

export function checkCommand(shell: Shell) {
  return commandWith(
    'check',
    'Read-only preflight: is the cluster healthy and ready? Each failing check comes with node, limit, reading and remedy.',
    [
      'baton check lab',
      'baton check lab --to 8.7.0 --json',
      'baton check lab --only disk-space,files-equal',
      'baton check lab --accept files-equal="CHG-12: a copy under way"',
    ],
  )
    .argument('<CLUSTER>')
    .option('--to <VERSION>', 'also check whether an upgrade to this version is possible')
    .option('--only <CHECKS>', 'only these checks: ids with commas between')
    .addOption(acceptOption())
    .option(...jsonOption)
    .action(async (cluster, options) => {
      await shell.withCoordinator(options, async (client, io) => {
        const name = nameArgument('cluster', cluster);
        if (!name.ok) return name;
        const version = options.to === undefined ? undefined : versionArgument(options.to);
        if (version && !version.ok) return version;
        const accept = acceptArgument(options.accept);
        if (!accept.ok) return accept;
        const before = await readCluster(client, name.value);
        if (!before.ok) return before;
        const hindrance = unready(before.value);
        // A node out of reach shows among the results; one that never joined makes them pointless.
        if (hindrance?.code === 'bad-input') return { ok: false, failure: hindrance };
        let last: CheckDocument | undefined;
        const only = options.only?.split(',').filter((id) => id !== '') ?? [];
        const request = {
          cluster: name.value,
          only,
          ...(version ? { toVersion: version.value } : {}),
          ...accept.value,
        };
        const read = await client.stream<CheckDocument>(
          'check',
          request,
          (document) => {
            last = document;
            if (io.canDraw)
              io.stderr.write(`\r\x1b[2K${document.complete ? '' : `${document.checks.length} checks read`}`);
          },
          minutes(5),
        );
        if (!read.ok) return read;
        if (!last?.complete)
          return fail('unreachable', 'the coordinator stopped in the middle of the checks; run them again');
        if (options.json) io.document(last);
        else io.say(checkView(last, io.paint));
        if (hindrance) {
          io.note(hindrance.message);
          return ok(exitCodes.outOfReach);
        }
        return ok(exitOfVerdict(last.verdict));
      });
    });
}
