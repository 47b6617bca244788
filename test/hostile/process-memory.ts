// What a process holds of the machine's memory, as the kernel counts it.
import { readFileSync, writeFileSync } from 'node:fs';

/** The most that was resident since the last `resetPeak`, in bytes. */
export function peakBytes(pid: number): number {
  return 1024 * Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}

export function resetPeak(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, '5');
}
