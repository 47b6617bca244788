// How long `baton check` takes over three nodes with the whole catalogue, from typing it to the end, with so many files in the
// filedb; and twelve of its checks beside Ansible, which reads the same from the same nodes over ssh, pipelined.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { CheckDocument } from '../../shared/documents.ts';
import { baton, lab, onNode, waitFor } from '../lab/lab.ts';
import { startAfresh } from '../lab/scenario.ts';
import { type Figures, measureBeside } from './beside.ts';
import type { Limited } from './limits.ts';

const run = promisify(execFile);
const root = '/opt/flotomate/main-server/filedb';
const checkLimitMs = 2_000;
const ratioMax = 1 / 15;

/** Twelve checks, and the task by which Ansible reads the same where Baton does. */
const readings: { check: string; hosts: string; task: object }[] = [
  {
    check: 'units-active',
    hosts: 'n1',
    task: shell('systemctl show ft-main-server ft-analytics-server elasticsearch nginx'),
  },
  {
    check: 'units-stopped',
    hosts: 'n2',
    task: shell('systemctl show ft-main-server ft-analytics-server elasticsearch'),
  },
  { check: 'database-unit-active', hosts: 'n1:n2', task: shell('systemctl show postgresql@15-main') },
  { check: 'file-sync-placement', hosts: 'n1:n2', task: shell('systemctl show file-sync') },
  { check: 'failover-armed', hosts: 'n3', task: shell('systemctl show ha') },
  { check: 'portal-answers', hosts: 'n3', task: shell('curl -sS -o /dev/null -w "%{http_code}" http://@SUBNET@.10/') },
  {
    check: 'replication-streaming',
    hosts: 'n1:n2',
    task: shell(
      "runuser -u postgres -- psql -XAtc 'SELECT pg_is_in_recovery(), * FROM pg_stat_replication' flotoitsmdb",
    ),
  },
  { check: 'version-compatible', hosts: 'n1:n2', task: shell('head -c 65536 /opt/flotomate/main-server/VERSION') },
  { check: 'os-supported', hosts: 'n1:n2', task: shell('cat /etc/os-release /proc/meminfo /proc/loadavg') },
  { check: 'disk-space', hosts: 'n1:n2', task: shell(`df -B1 ${root} /opt/flotomate/main-server/VERSION`) },
  {
    check: 'rows-equal',
    hosts: 'n1:n2',
    task: shell("runuser -u postgres -- psql -XAtc 'SELECT count(*) FROM apolo.request' flotoitsmdb"),
  },
  { check: 'files-equal', hosts: 'n1:n2', task: shell(`find ${root} -type f | wc -l`) },
];

function shell(command: string): object {
  return { 'ansible.builtin.shell': command, changed_when: false };
}

/** Files on the master; file synchronization brings them to the standby. */
async function fill(files: number): Promise<void> {
  await onNode(
    'n1',
    `mkdir -p ${root}/bench && cd ${root}/bench && seq ${files} | xargs touch && chown -R flotomate: .`,
  );
  const count = async (node: string) => Number(await onNode(node, `find ${root}/bench -type f | wc -l`));
  await waitFor('the files are on the standby', async () => (await count('n2')) >= files || undefined, 180_000);
}

async function timed(words: string[]): Promise<{ tookMs: number; document: CheckDocument }> {
  const fromMs = performance.now();
  const ended = await baton(...words, '--json');
  const tookMs = performance.now() - fromMs;
  assert.equal(ended.exitCode, 0, ended.stdout + ended.stderr);
  return { tookMs, document: JSON.parse(ended.stdout) as CheckDocument };
}

/** The whole catalogue. */
export async function measureCheck({ rounds, files }: { rounds: number; files: number }): Promise<Limited> {
  await startAfresh();
  await fill(files);
  const tookMs: number[] = [];
  let findings = 0;
  for (let round = 0; round <= rounds; round += 1) {
    const one = await timed(['check', 'lab']);
    findings = one.document.checks.length;
    // The first one warms caches up, on both sides.
    if (round > 0) tookMs.push(one.tookMs);
  }
  return { what: `baton check, 3 nodes, ${files} files, ${findings} findings`, tookMs, limitMs: checkLimitMs };
}

/** Undefined where Ansible is not installed, with the reason on stderr. */
export async function measureBesideAnsible(rounds: number): Promise<Figures | undefined> {
  const version = await run('ansible-playbook', ['--version']).catch(() => undefined);
  if (version === undefined) {
    process.stderr.write(
      'beside Ansible: not measured, there is no ansible-playbook here (apt-get install ansible-core)\n',
    );
    return undefined;
  }
  const folder = await mkdtemp(join(tmpdir(), 'baton-bench-ansible-'));
  try {
    const play = await prepare(folder);
    const only = readings.map(({ check }) => check).join(',');
    await play();
    return await measureBeside(
      `12 readings on 3 nodes, beside ${version.stdout.split('\n')[0]}`,
      [
        { name: 'baton check --only …', take: async () => (await timed(['check', 'lab', '--only', only])).tookMs },
        { name: 'ansible-playbook', take: play },
      ],
      rounds,
      ratioMax,
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A key for the nodes, an inventory, and the playbook; what it gives plays it once. */
async function prepare(folder: string): Promise<() => Promise<number>> {
  const key = join(folder, 'key');
  await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key]);
  const { stdout: publicKey } = await run('cat', [`${key}.pub`]);
  const status = await lab('status');
  const subnet = /(\d+\.\d+\.\d+)\.11\b/.exec(status)?.[1];
  assert.ok(subnet !== undefined, `scripts/lab status tells no address of n1:\n${status}`);
  const nodes = ['n1', 'n2', 'n3'];
  for (const node of nodes)
    await onNode(
      node,
      `grep -qxF '${publicKey.trim()}' /root/.ssh/authorized_keys || echo '${publicKey.trim()}' >>/root/.ssh/authorized_keys`,
    );
  const options = `ansible_user=root ansible_ssh_private_key_file=${key} ansible_python_interpreter=/usr/bin/python3`;
  const hosts = nodes.map((node, index) => `${node} ansible_host=${subnet}.${11 + index} ${options}`);
  await writeFile(join(folder, 'hosts'), `${hosts.join('\n')}\n`);
  const config = `[defaults]
inventory = hosts
host_key_checking = False
forks = 10
gathering = explicit
[ssh_connection]
pipelining = True
ssh_args = -o ControlMaster=auto -o ControlPersist=60s -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR
control_path_dir = ${folder}/cp
`;
  await writeFile(join(folder, 'ansible.cfg'), config);
  // One play over all nodes, each task where it is meant: no play waits for the one before.
  const tasks = readings.map(({ check, hosts: on, task }) => ({
    name: check,
    ...task,
    when: `inventory_hostname in '${on}'.split(':')`,
  }));
  const book = JSON.stringify([{ hosts: 'all', strategy: 'free', tasks }]).replaceAll('@SUBNET@', subnet);
  await writeFile(join(folder, 'readings.yml'), book);
  return async () => {
    const fromMs = performance.now();
    await run('ansible-playbook', ['readings.yml'], {
      cwd: folder,
      env: { ...process.env, ANSIBLE_CONFIG: join(folder, 'ansible.cfg') },
    });
    return performance.now() - fromMs;
  };
}
