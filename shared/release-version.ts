// The version that the vendor puts into an installer's name: MotadataServiceOpsCommonUpgrade_V870 is 8.7.0.
import compare from 'semver/functions/compare.js';
import valid from 'semver/functions/valid.js';

/**
 * The version in an installer's file name as `major.minor.patch`; undefined when the name has none.
 *
 * `_V` and digits: the first digit is the major version, the last the patch, what is between them the minor
 * (`V870` is 8.7.0, `V8100` is 8.10.0; two-digit majors or patches cannot be told apart and need dots).
 * With dots the parts are as written (`_V8.10.2`), a missing patch is 0. What follows after `.`, `_` or `-` is ignored.
 */
export function releaseVersion(fileName: string): string | undefined {
  const text = versionText(fileName);
  if (text === undefined) return undefined;
  const parts = text.includes('.') ? text.split('.') : [text.slice(0, 1), text.slice(1, -1), text.slice(-1)];
  return [parts[0], parts[1], parts[2] ?? '0'].map((part) => String(Number(part))).join('.');
}

/** Whether the name tells another version; digits without dots contradict only what cannot be written with them. */
export function contradictsName(fileName: string, version: string): boolean {
  const text = versionText(fileName);
  if (text === undefined) return false;
  return text.includes('.') ? releaseVersion(fileName) !== version : text !== version.replaceAll('.', '');
}

function versionText(fileName: string): string | undefined {
  return /_V(\d{1,2}\.\d{1,3}(?:\.\d{1,3})?|\d{3,4})(?!\d)(?:[._-].*)?$/i.exec(fileName)?.[1];
}

/** Whether a text is a version that can be compared, such as `8.7.0`. */
export const isVersion = (text: string): boolean => valid(text) === text;

/** Negative when `a` is older than `b`, 0 when they are equal; both must be versions. */
export const compareVersions = (a: string, b: string): number => compare(a, b);
