// `audit`: who did or was refused what, and the proof that nothing of it was changed.
import { fail, ok, type Result } from '../../../shared/failures.ts';
import type { AuditDocument, AuditEventDocument, AuditVerifiedDocument } from '../../../shared/operator-documents.ts';
import { minutes, parseDuration } from '../../../shared/units.ts';
import type { OperatorClient } from '../client.ts';
import { exitCodes } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import type { CommandEnd, Shell } from '../shell.ts';
import { auditView, verifiedView } from '../view/audit-view.ts';
import { commandWith, jsonOption } from './arguments.ts';

const shownByDefault = 100;

export function auditCommand(shell: Shell) {
  return commandWith(
    'audit',
    'Show who did or was refused what: operators, nodes, strangers, with their certificates. Events are hash-chained and kept for a year; --verify looks whether one was changed, taken away or moved.',
    [
      'baton audit',
      'baton audit --since 2026-03-01 --who alice',
      'baton audit --since 2h --json | jq -r .events[].what',
      'baton audit --verify',
    ],
  )
    .option('--since <TIME>', 'not before: a date, a time, or how long ago, such as 90m, 12h, 7d')
    .option('--who <NAME>', 'only of this operator, node or address')
    .option('--last <COUNT>', `the newest so many; ${shownByDefault} unless --since is given`)
    .option('--verify', 'look at every event instead of showing any; ends with 1 when something is wrong')
    .option('--head <NUMBER:HASH>', 'with --verify: a head that an earlier one has printed and somebody has noted')
    .option(...jsonOption)
    .action(async (options) => {
      await shell.withCoordinator(options, async (client, io) => {
        if (options.verify) return await verify(client, io, options.head);
        if (options.head !== undefined) return fail('bad-input', '--head is for --verify');
        const sinceMs = sinceArgument(options.since, Date.now());
        if (!sinceMs.ok) return sinceMs;
        const last = countArgument(options.last);
        if (!last.ok) return last;
        const countMax = last.value ?? (options.since === undefined ? shownByDefault : 0);
        const events: AuditEventDocument[] = [];
        const request = { sinceMs: sinceMs.value, who: options.who ?? '', countMax };
        const told = await client.stream<AuditDocument>(
          'readAudit',
          request,
          (part) => void events.push(...part.events),
        );
        if (!told.ok) return told;
        if (io.isJson) io.document({ schema: 1, events } satisfies AuditDocument);
        else io.say(auditView(events, io.paint));
        return ok(exitCodes.done);
      });
    });
}

async function verify(client: OperatorClient, io: Io, head: string | undefined): Promise<CommandEnd> {
  const [, sequence = '', hash = ''] = /^(\d{1,15}):([0-9a-f]{64})$/.exec(head ?? '') ?? [];
  if (head !== undefined && sequence === '')
    return fail('bad-input', `--head ${head}: must be the number of an event, a colon and its SHA-256`);
  const request = { sequence: Number(sequence), hash };
  const verified = await client.call<AuditVerifiedDocument>('verifyAudit', request, minutes(10));
  if (!verified.ok) return verified;
  if (io.isJson) io.document(verified.value);
  else io.say(verifiedView(verified.value, io.paint));
  return ok(verified.value.whole ? exitCodes.done : exitCodes.failed);
}

/** A date or time as people and scripts write it, or a duration back from now; 0 where none is given. */
function sinceArgument(text: string | undefined, nowMs: number): Result<number> {
  if (text === undefined) return ok(0);
  const ago = parseDuration(text);
  const atMs = ago === undefined ? Date.parse(text) : nowMs - ago;
  if (Number.isFinite(atMs)) return ok(Math.max(0, atMs));
  return fail(
    'bad-input',
    `--since ${text}: must be a time such as 2026-03-01 or 2026-03-01T22:00, or 90m, 12h, 7d ago`,
  );
}

function countArgument(text: string | undefined): Result<number | undefined> {
  if (text === undefined) return ok(undefined);
  if (/^[1-9]\d{0,8}$/.test(text)) return ok(Number(text));
  return fail('bad-input', `--last ${text}: must be a number of events`);
}
