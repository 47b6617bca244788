// The systemd command lines: reading units, suspending and arming failover, and a job as a unit of its own.
import { unitOfKey } from '../key.ts';
import type { CommandContext, Program } from './command.ts';

/** What is read of a unit; one block each, in the given order. */
export const unitProperties = [
  'LoadState',
  'ActiveState',
  'SubState',
  'UnitFileState',
  'User',
  'MainPID',
  'Result',
  'ActiveEnterTimestampMonotonic',
  'InactiveEnterTimestampMonotonic',
  'StateChangeTimestampMonotonic',
];

/** Masks here outrank /etc/systemd/system, survive a reboot and leave the unit's own file alone. */
const controlFolder = '/etc/systemd/system.control';

/** A unit's full name: systemctl adds `.service` by itself, file names need it said. */
export function fullUnitName(unit: string): string {
  return /\.(service|socket|device|mount|automount|swap|target|path|timer|slice|scope)$/.test(unit)
    ? unit
    : `${unit}.service`;
}

export function showUnits(units: readonly string[]): Program {
  return systemctl('show', `--property=${unitProperties.join(',')}`, ...units);
}

/** What is enabled is read first, to be recorded; then stopped, masked, and looked at. */
export function suspendCommands(units: readonly string[], localUnits: readonly string[]): Program[] {
  const [local, others] = splitUnits(units, localUnits);
  return [
    showUnits(units),
    ...units.map((unit) => systemctl('stop', unit)),
    ...others.map((unit) => systemctl('mask', unit)),
    ...(local.length === 0 ? [] : [program('mkdir', '-p', controlFolder)]),
    ...local.map((unit) => program('ln', '-sfn', '/dev/null', `${controlFolder}/${fullUnitName(unit)}`)),
    ...(local.length === 0 ? [] : [systemctl('daemon-reload')]),
    showUnits(units),
  ];
}

/** Unmasked and compared with the record (which may add `systemctl enable` or `disable`), started, and looked at. */
export function armCommands(units: readonly string[], localUnits: readonly string[]): Program[] {
  const [local, others] = splitUnits(units, localUnits);
  return [
    ...others.map((unit) => systemctl('unmask', unit)),
    ...local.map((unit) => program('rm', '-f', `${controlFolder}/${fullUnitName(unit)}`)),
    ...(local.length === 0 ? [] : [systemctl('daemon-reload')]),
    showUnits(units),
    ...units.map((unit) => systemctl('start', unit)),
    showUnits(units),
  ];
}

/** Stopped, no longer started at boot, the clients' address given up wherever it is; and looked at. */
export function standDownCommands(units: readonly string[], address: string): Program[] {
  return [
    ...units.map((unit) => systemctl('stop', unit)),
    systemctl('disable', '--quiet', ...units),
    ...(address === '' ? [] : [program('/bin/sh', '-ec', giveUpAddress, 'sh', address)]),
    showUnits(units),
  ];
}

const giveUpAddress =
  'ip -o address show to "$1" | while read -r _ device _ address _; do ip address del "$address" dev "$device"; done';

/** `systemctl mask` refuses a unit whose file lies where the mask would be; those are masked one layer above. */
function splitUnits(units: readonly string[], localUnits: readonly string[]): [local: string[], others: string[]] {
  const isLocal = (unit: string) => localUnits.some((local) => fullUnitName(local) === fullUnitName(unit));
  return [units.filter(isLocal), units.filter((unit) => !isLocal(unit))];
}

/**
 * Keeps the exit status where it survives a reboot, also when nobody watches. It must not hold `${`, which systemd would
 * take for a variable of its own.
 */
const keepStatus =
  'status=$1; shift; "$@"; code=$?; echo "$code" >"$status.new" && sync "$status.new" && mv "$status.new" "$status" && sync "$(dirname "$status")"; exit "$code"';

export interface Unit {
  /** Where it leaves output.log and status. */
  folder: string;
  workingDirectory: string;
  /** Gives way to what the machine is there for. */
  isGentle?: boolean;
}

/** A job as a transient unit: outlives the agent, ends with its control group, a second start is refused. */
export function startUnit(argv: readonly string[], unit: Unit, context: CommandContext): Program {
  const properties = [
    'Type=exec',
    'RemainAfterExit=yes',
    `RuntimeMaxSec=${Math.round(context.timeoutMs)}ms`,
    'KillMode=control-group',
    'TimeoutStopSec=5s',
    'SendSIGKILL=yes',
    'UMask=0022',
    'StandardInput=null',
    `StandardOutput=append:${unit.folder}/output.log`,
    `StandardError=append:${unit.folder}/output.log`,
    `WorkingDirectory=${unit.workingDirectory}`,
    ...(unit.isGentle ? ['Nice=5', 'IOSchedulingPriority=7'] : []),
  ];
  return program(
    ...['systemd-run', '--quiet', `--unit=${unitOfKey(context.key)}`],
    ...properties.map((property) => `--property=${property}`),
    ...['--setenv=HOME=/root', '--setenv=LANG=C.UTF-8'],
    ...['--', '/bin/sh', '-c', keepStatus, 'job', `${unit.folder}/status`, ...argv],
  );
}

function systemctl(...words: string[]): Program {
  return program('systemctl', ...words);
}

function program(...argv: string[]): Program {
  return { by: 'program', argv };
}
