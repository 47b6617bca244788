// `run logs`, `run export` and `run verify`: a run's output and its journal, for people and for elsewhere.
import { readFile, stat } from 'node:fs/promises';
import type { ExportLineDocument, LogChunkDocument } from '../../../shared/documents.ts';
import { fail, ok, type Result } from '../../../shared/failures.ts';
import { type ExportVerdict, verifyExport } from '../../journal/export.ts';
import type { OperatorClient } from '../client.ts';
import { exitCodes, exitOfFailure } from '../exit-codes.ts';
import { jsonText } from '../io.ts';
import { runArgument } from '../run-end.ts';
import { failureText, type Shell } from '../shell.ts';
import { clean, cleanBlock } from '../view/text.ts';
import { commandWith, jsonOption } from './arguments.ts';
import { readBounded } from './bounded-input.ts';
import { writeOutput } from './output-file.ts';

const exportBytesMax = 1024 * 1024 * 1024;

export function logsCommand(shell: Shell) {
  return commandWith(
    'logs',
    'Print each step’s command lines, its failure, and the last lines that its program wrote. The installer’s whole output lies on its node, in the file that is named there.',
    ['baton run logs latest | less'],
  )
    .argument('<RUN>')
    .option(...jsonOption)
    .action(async (text, options) => {
      await shell.withCoordinator(options, async (client, io) => {
        const run = await runArgument(client, text);
        if (!run.ok) return run;
        // Logs may be long: even the one document is written as it comes, once there is something to write.
        let heading = '';
        let isFirst = true;
        const opening = '{"schema":1,"logs":[';
        const read = await client.stream<LogChunkDocument>('readRunLogs', { run: run.value }, (chunk) => {
          if (options.json) io.raw(`${isFirst ? opening : ','}\n${jsonText(chunk)}`);
          else {
            const next = `── ${clean(chunk.item)} on ${clean(chunk.node)} ──`;
            io.raw(`${next === heading ? '' : `${isFirst ? '' : '\n'}${next}\n`}${cleanBlock(chunk.text)}`);
            heading = next;
          }
          isFirst = false;
        });
        if (!options.json) io.raw(isFirst ? '' : '\n');
        else if (read.ok) io.raw(`${isFirst ? opening : ''}]}\n`);
        else if (!isFirst) {
          // What was begun must end as the one document, so the failure goes into it.
          io.raw(`],\n"error":${jsonText(read.failure)}}\n`);
          io.note(failureText(read.failure, io));
          return ok(exitOfFailure(read.failure));
        }
        return read.ok ? ok(exitCodes.done) : read;
      });
    });
}

export function exportCommand(shell: Shell) {
  return commandWith(
    'export',
    'Write the run’s journal as JSON lines, each event as it is stored; `run verify` checks such a file anywhere. Of a damaged journal only what lies before the damage; the command says so and ends with 1.',
    ['baton run export latest > run.jsonl', 'baton run export latest --output run.jsonl'],
  )
    .argument('<RUN>')
    .option('--output <FILE>', 'a file instead of stdout')
    .action(async (text, options) => {
      await shell.withCoordinator({}, async (client, io) => {
        const run = await runArgument(client, text);
        if (!run.ok) return run;
        const lines = await readExport(client, run.value);
        if (!lines.ok) return lines;
        const damage = lines.value.at(-1)?.damage;
        const count = lines.value.length - 1;
        const end = () => {
          if (damage !== undefined)
            io.note(
              `The journal is damaged at event ${damage.sequence}: ${clean(damage.message)}. Only what lies before it is exported: ${count === 1 ? '1 event' : `${count} events`}.`,
            );
          return ok(damage === undefined ? exitCodes.done : exitCodes.failed);
        };
        const content = lines.value.map((line) => `${JSON.stringify(line)}\n`).join('');
        if (options.output === undefined) {
          io.raw(content);
          return end();
        }
        const written = await writeOutput(options.output, content);
        if (!written.ok) return written;
        if (damage === undefined) io.note(`${count} events are in ${options.output}`);
        return end();
      });
    });
}

export function verifyCommand(shell: Shell) {
  const verify = commandWith(
    'verify',
    'Check that a journal is complete and unchanged: of a run, or of an exported file, which needs no coordinator.',
    [
      'baton run verify latest',
      'baton run verify ./run.jsonl',
      'ssh coordinator baton run export latest | baton run verify -',
    ],
  )
    .argument('<RUN>', 'a run’s id, `latest`, or an exported file; - reads stdin')
    .option(...jsonOption);
  return verify.action(async (text, options) => {
    const isFile = text === '-' || text.includes('/') || text.includes('.') || (await isThere(text));
    const end = (io: Parameters<Parameters<Shell['locally']>[1]>[0], lines: ExportLineDocument[]) => {
      const result = verifyExport(lines);
      if (options.json) io.document({ schema: 1, ...result });
      else if (result.ok) io.say(verdictText(result));
      if (!result.ok) io.note(verdictText(result));
      return ok(result.ok ? exitCodes.done : exitCodes.failed);
    };
    if (isFile)
      await shell.locally(options, async (io) => {
        const lines = await readExportFile(text);
        return lines.ok ? end(io, lines.value) : lines;
      });
    else
      await shell.withCoordinator(options, async (client, io) => {
        const run = await runArgument(client, text);
        if (!run.ok) return run;
        const lines = await readExport(client, run.value);
        return lines.ok ? end(io, lines.value) : lines;
      });
  });
}

function verdictText(result: ExportVerdict): string {
  if (result.ok)
    return `Journal of run ${clean(result.run)}: ${result.head.sequence} events, complete and unchanged; head ${result.head.hash}.`;
  return `The journal is damaged at event ${result.sequence}: ${clean(result.message)}.`;
}

async function readExport(client: OperatorClient, run: string): Promise<Result<ExportLineDocument[]>> {
  const lines: ExportLineDocument[] = [];
  const read = await client.stream<ExportLineDocument>('exportRun', { run }, (line) => {
    lines.push(line);
  });
  return read.ok ? ok(lines) : read;
}

async function readExportFile(path: string): Promise<Result<ExportLineDocument[]>> {
  let text: string;
  try {
    if (path === '-') {
      const read = await readBounded(process.stdin, exportBytesMax);
      if (read === undefined) return fail('bad-input', 'stdin is too large to be an export');
      text = read;
    } else {
      if ((await stat(path)).size > exportBytesMax) return fail('bad-input', `${path} is too large to be an export`);
      text = await readFile(path, 'utf8');
    }
  } catch (error) {
    return fail('bad-input', `${path} cannot be read: ${(error as Error).message}`);
  }
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  // A line that is no JSON is damage, which the verification reports with its place.
  return ok(lines.map(parseLine));
}

function parseLine(line: string): ExportLineDocument {
  try {
    const value: unknown = JSON.parse(line);
    return value !== null && typeof value === 'object' ? (value as ExportLineDocument) : {};
  } catch {
    return {};
  }
}

async function isThere(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  );
}
