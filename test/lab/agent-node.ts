// An agent of a test's own on a node of the lab, beside the one that has joined: own state, own policy, own coordinator.
import type { Action } from '../../shared/actions/action.ts';
import { sha256Hex } from '../../shared/hash.ts';
import type { Key } from '../../shared/key.ts';
import type { Outcome } from '../../shared/outcome.ts';
import { startTestCoordinator, type TestCoordinator } from '../integration/agent/test-coordinator.ts';
import { lab, onNode, waitFor } from './lab.ts';

export const state = '/var/lib/baton-test-agent';
const policyFile = '/etc/baton-test/agent.yaml';
const agent = `baton-agent --state ${state} --policy ${policyFile}`;
export const agentUnit = 'baton-test-agent';

export interface NodeAgent {
  node: string;
  coordinator: TestCoordinator;
  start(): Promise<void>;
  stop(): Promise<void>;
  /** The agent's own process, at once and without its knowing. */
  kill(): Promise<void>;
  /** Its command line. */
  run(args: string): Promise<string>;
  /** Stages a shell script as an installer and makes it executable. */
  stage(name: string, script: string): Promise<{ name: string; sha256: string }>;
  act(key: Key, action: Action, timeoutMs?: number): Promise<Outcome>;
  remove(): Promise<void>;
}

/** The address of this machine on the lab's network. */
async function hostAddress(): Promise<string> {
  const subnet = /subnet (\d+\.\d+\.\d+)\.0/.exec(await lab('status'))?.[1];
  if (subnet === undefined) throw new Error('scripts/lab status names no subnet');
  return `${subnet}.1`;
}

/** `stateSize`: its state lies on a file system of its own of this size, such as 160m. */
export async function startNodeAgent(node: string, policy: string, stateSize?: string): Promise<NodeAgent> {
  const coordinator = await startTestCoordinator(await hostAddress());
  let attempts = 0;
  const mount =
    stateSize === undefined
      ? ''
      : `mkdir -m 0700 ${state}; mount -t tmpfs -o mode=700,size=${stateSize} tmpfs ${state};`;
  const nodeAgent: NodeAgent = {
    node,
    coordinator,
    async start() {
      const hellos = coordinator.heard.hellos.length;
      await onNode(
        node,
        `systemctl reset-failed ${agentUnit} 2>/dev/null; systemd-run --quiet --unit=${agentUnit} -p Restart=always ` +
          `-p RestartSec=1 -p KillMode=process ${agent} run`,
      );
      await waitFor(
        `${node}'s agent is connected`,
        async () => coordinator.heard.hellos.length > hellos && coordinator.isConnected(),
      );
    },
    async stop() {
      await onNode(node, `systemctl stop ${agentUnit}`);
    },
    async kill() {
      await onNode(node, `kill -9 $(systemctl show -p MainPID --value ${agentUnit})`);
    },
    run: (args) => onNode(node, `${agent} ${args}`),
    async stage(name, script) {
      const data = Buffer.from(`#!/bin/bash\n${script}\n`);
      const sha256 = sha256Hex(data);
      coordinator.releases.set(sha256, data);
      attempts += 1;
      const key = (step: string): Key => ({ run: 'staging', step, phase: 'do', attempt: attempts });
      for (const [step, action] of Object.entries({
        stage: { kind: 'stageRelease' as const, name, sha256, sizeBytes: data.length },
        executable: { kind: 'makeExecutable' as const, name, sha256 },
      })) {
        const outcome = await this.act(key(step), action);
        if (outcome.verdict !== 'succeeded') throw new Error(`${step}: ${JSON.stringify(outcome)}`);
      }
      return { name, sha256 };
    },
    async act(key, action, timeoutMs = 30_000) {
      coordinator.command(key, action, { timeoutMs });
      return await coordinator.outcomeOf(key, timeoutMs + 30_000);
    },
    async remove() {
      await onNode(
        node,
        `systemctl stop ${agentUnit} || true; umount ${state} 2>/dev/null; rm -rf ${state} ${policyFile}`,
      );
      await coordinator.stop();
    },
  };
  await onNode(
    node,
    `systemctl stop ${agentUnit} 2>/dev/null; umount ${state} 2>/dev/null; rm -rf ${state}; ${mount} mkdir -p -m 0755 /etc/baton-test && ` +
      `printf '%s' '${policy.replaceAll("'", `'\\''`)}' > ${policyFile} && chmod 0600 ${policyFile} && ` +
      `${agent} join --coordinator ${coordinator.address} --name ${node} --token ${coordinator.token} --pin ${coordinator.pin}`,
  );
  await nodeAgent.start();
  return nodeAgent;
}
