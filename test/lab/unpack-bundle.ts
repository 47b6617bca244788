// The bundle on a node, as `scp` and `tar` would bring it there.
import { execFile } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { labName, onNode } from './lab.ts';

const root = resolve(import.meta.dirname, '../..');
const folder = '/root/baton-bundle';

/** Unpacks it to /root/baton-bundle; `isChanged`: with another agent program, as that of another version would be. */
export async function unpackBundleOn(node: string, { isChanged = false } = {}): Promise<void> {
  const { stdout } = await promisify(execFile)(process.execPath, [join(root, 'scripts/bundle.ts')]);
  await onNode(node, `rm -rf ${folder} && mkdir ${folder}`);
  await new Promise<void>((done, failed) => {
    const child = execFile(
      join(root, 'scripts/lab'),
      ['exec', node, '--', 'tar', '-xf', '-', '-C', folder, '--strip-components=1'],
      { env: { ...process.env, BATON_LAB: labName } },
      (error) => (error ? failed(error) : done()),
    );
    if (child.stdin) createReadStream(stdout.trim()).pipe(child.stdin);
  });
  if (isChanged)
    await onNode(
      node,
      `cd ${folder} && echo >> baton-agent && cut -c67- SHA256SUMS | xargs sha256sum > sums && mv sums SHA256SUMS`,
    );
}
