// Which glibc a program asks for: machines are promised that 2.34 is enough (RHEL 9, Ubuntu 22).
import { execFileSync } from 'node:child_process';

export const glibcLimit = '2.34';

/** The newest glibc version among a program's symbols; `0` of a static one. */
export function glibcNeeded(program: string): string {
  const text = execFileSync('readelf', ['--wide', '--version-info', program], { encoding: 'utf8', maxBuffer: 2 ** 26 });
  const versions = [...text.matchAll(/GLIBC_(\d+\.\d+(?:\.\d+)?)/g)].map((match) => match[1] ?? '0');
  return versions.reduce((newest, version) => (isNewerGlibc(version, newest) ? version : newest), '0');
}

export function isNewerGlibc(version: string, than: string): boolean {
  const [a, b] = [version, than].map((text) => text.split('.').map(Number)) as [number[], number[]];
  const at = [0, 1, 2].find((index) => (a[index] ?? 0) !== (b[index] ?? 0));
  return at !== undefined && (a[at] ?? 0) > (b[at] ?? 0);
}
