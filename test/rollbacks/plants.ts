// Failures that are real, planted into a node and taken out again: a unit that cannot start or may not be stopped, a program
// that is broken, a file system that is read-only, a file synchronization that hangs.
import { installerStarts, onNode, waitFor } from '../lab/lab.ts';
import { showRun, stateOf, versionOn } from '../lab/scenario.ts';

export interface Plant {
  /** Looked at before the run, where what `when` waits for may have been so before. */
  look?: () => Promise<unknown>;
  /** What has to be so before it is planted; before the run where this is absent. */
  when?: () => Promise<unknown>;
  plant(): Promise<unknown>;
  /** Afterwards the node is as if it had never been planted; what the run has done stays. */
  mend(): Promise<unknown>;
}

export const releases = '/var/lib/baton-agent/releases';
const dropIns = (unit: string): string => `/run/systemd/system/${unit}.service.d`;

async function setUnit(node: string, unit: string, section: string, line: string): Promise<void> {
  const file = `${dropIns(unit)}/planted.conf`;
  await onNode(
    node,
    `mkdir -p ${dropIns(unit)} && printf '[${section}]\\n${line}\\n' >${file} && systemctl daemon-reload`,
  );
}

async function resetUnit(node: string, unit: string): Promise<void> {
  await onNode(node, `rm -rf ${dropIns(unit)} && systemctl daemon-reload; systemctl reset-failed ${unit} || true`);
}

export const mayNotStop = (node: string, unit: string): Plant => ({
  plant: () => setUnit(node, unit, 'Unit', 'RefuseManualStop=yes'),
  mend: () => resetUnit(node, unit),
});

export const cannotStart = (node: string, unit: string): Plant => ({
  plant: () => setUnit(node, unit, 'Service', 'ExecStartPre=/bin/false'),
  mend: () => resetUnit(node, unit),
});

/** A program that fails in such a folder with such arguments, `FOLDER|ARGUMENTS` as a shell’s pattern, and works otherwise. */
export function breaks(node: string, program: string, pattern: string): Plant {
  const wrapper = [
    '#!/bin/sh',
    `case "$PWD|$*" in ${pattern}) echo "${program} is broken" >&2; exit 2 ;; esac`,
    `exec ${program}.whole "$@"`,
  ].join('\n');
  const encoded = Buffer.from(`${wrapper}\n`).toString('base64');
  return {
    plant: () =>
      onNode(
        node,
        `mv ${program} ${program}.whole && echo ${encoded} | base64 -d >${program} && chmod 0755 ${program}`,
      ),
    mend: () => onNode(node, `mv ${program}.whole ${program}`),
  };
}

export const readOnly = (node: string, folder: string): Plant => ({
  plant: () => onNode(node, `mount --bind ${folder} ${folder} && mount -o remount,bind,ro ${folder}`),
  mend: () => onNode(node, `umount ${folder}`),
});

/** An installer that was staged before would not be staged again. */
export function cannotStage(node: string): Plant {
  const { plant, mend } = readOnly(node, releases);
  return {
    plant: async () => {
      await onNode(node, `mkdir -p ${releases} && find ${releases} -mindepth 1 -delete`);
      await plant();
    },
    mend,
  };
}

/** A service of the standby that somebody has started and that does not let itself be stopped. */
export function startedByHand(node: string, unit: string): Plant {
  const { plant, mend } = mayNotStop(node, unit);
  return {
    plant: async () => {
      await plant();
      await onNode(node, `systemctl start ${unit}`);
    },
    mend: async () => {
      await mend();
      await onNode(node, `systemctl stop ${unit}`);
    },
  };
}

/** A service that dies once the installer has started it, and does not come up again. */
export function dies(node: string, unit: string): Plant {
  const { plant, mend } = cannotStart(node, unit);
  return {
    when: () =>
      waitFor(
        `the installer has started ${unit} on ${node}`,
        async () => (await versionOn(node)).startsWith('8.7') && (await stateOf(node, unit)) === 'active',
        240_000,
      ),
    plant: async () => {
      await plant();
      await onNode(node, `systemctl stop ${unit}`);
    },
    mend,
  };
}

/** What is enabled stays so: the rollback has to see to it. */
export const enables = (node: string, unit: string): Plant => ({
  plant: () => onNode(node, `systemctl enable --quiet ${unit}`),
  mend: async () => undefined,
});

export const hangs = (node: string, unit: string): Plant => ({
  plant: () => onNode(node, `systemctl kill --signal=STOP ${unit}`),
  mend: () => onNode(node, `systemctl kill --signal=CONT ${unit}`),
});

export function wrongContent(node: string, file: string): Plant {
  return {
    plant: () => onNode(node, `cp -p ${file} ${file}.right && echo wrong >${file}`),
    mend: () => onNode(node, `mv ${file}.right ${file}`),
  };
}

/** Planted once the installer has been started on a node in this run. */
export function whileInstalling(node: string, plant: Plant): Plant {
  let before = 0;
  return {
    ...plant,
    look: async () => {
      before = (await installerStarts(node)).length;
    },
    when: () =>
      waitFor(`the installer runs on ${node}`, async () => (await installerStarts(node)).length > before, 240_000),
  };
}

/** Planted once the installer lies on a node. */
export const onceStaged = (node: string, plant: Plant): Plant => ({
  ...plant,
  when: () =>
    waitFor(
      `the installer is staged on ${node}`,
      async () => (await onNode(node, `find ${releases} -type f ! -name '*.part'`)) !== '',
      120_000,
    ),
});

/** Planted once the run has begun a step. */
export const whileRunning = (step: string, plant: Plant): Plant => ({
  ...plant,
  when: () =>
    waitFor(
      `${step} has begun`,
      async () => (await showRun()).steps.find(({ id }) => id === step)?.status !== 'pending',
      400_000,
    ),
});
