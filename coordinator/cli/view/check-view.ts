// Checks for people: those that pass in a line each, the others with limit, reading and remedy. Pure.
import type { CheckDocument, CheckResultDocument } from '../../../shared/documents.ts';
import { clean, type Paint, wrap } from './text.ts';

/** All results, those that need somebody last, where the eye is. */
export function checkView(document: CheckDocument, paint: Paint): string {
  const passed = document.checks.filter((check) => check.verdict === 'pass');
  const others = document.checks.filter((check) => check.verdict !== 'pass');
  return [
    paint('bold', `Checks of cluster ${clean(document.cluster)}`),
    ...passed.map(
      (check) => `${paint('green', '✔')} ${nodeOf(check)}${clean(check.title)}  ${paint('dim', clean(check.reading))}`,
    ),
    ...(others.length === 0 ? [] : ['', findings(others, paint)]),
    '',
    conclusion(document, paint),
  ].join('\n');
}

/** Each check that did not pass: node, limit, reading, remedy. */
export function findings(checks: CheckResultDocument[], paint: Paint): string {
  return checks
    .map((check) =>
      [
        `${sign(check, paint)} ${nodeOf(check)}${paint('bold', clean(check.title))}  ${paint('dim', clean(check.id))}`,
        ...part('verdict', verdictWords[check.verdict]),
        ...part('limit', check.limit),
        ...part('reading', check.reading),
        ...part('accepted', check.accepted ?? ''),
        ...part('remedy', check.remedy),
        ...part('guide', check.section),
      ].join('\n'),
    )
    .join('\n\n');
}

const verdictWords: Record<CheckResultDocument['verdict'], string> = {
  pass: 'passes',
  warn: 'a warning',
  fail: 'fails',
  unknown: 'unknown, which is not a pass',
};

function conclusion(document: CheckDocument, paint: Paint): string {
  const count = (verdict: CheckResultDocument['verdict']) =>
    document.checks.filter((check) => check.verdict === verdict).length;
  const counts = `${count('pass')} pass, ${count('warn')} warn, ${count('fail')} fail, ${count('unknown')} unknown`;
  switch (document.verdict) {
    case 'pass':
      return paint('green', `All checks pass: ${counts}.`);
    case 'warn':
      return paint('yellow', `Checks pass with warnings: ${counts}.`);
    default:
      return paint('red', `Not ready: ${counts}.`);
  }
}

const nodeOf = (check: CheckResultDocument): string => (check.node === '' ? '' : `${clean(check.node)}: `);

function sign(check: CheckResultDocument, paint: Paint): string {
  if (check.verdict === 'pass') return paint('green', '✔');
  if (check.verdict === 'warn') return paint('yellow', '!');
  return check.verdict === 'fail' ? paint('red', '✖') : paint('magenta', '?');
}

function part(name: string, value: string): string[] {
  if (value === '') return [];
  return wrap(clean(value), 92).map((line, index) => `    ${(index === 0 ? name : '').padEnd(8)} ${line}`);
}
