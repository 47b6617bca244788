// Progress of reading or uploading a file, to stderr: a bar in a terminal, a line at each quarter elsewhere.
import { formatSize } from '../../shared/units.ts';
import type { Io } from './io.ts';
import { bar } from './view/text.ts';

/** Told how far it is; `end` leaves a clean line. */
export function transferBar(io: Io, what: string): { tell(done: number, size: number): void; end(): void } {
  let shownAtMs = 0;
  let quarter = 0;
  return {
    tell(done, size) {
      const percent = size === 0 ? 100 : (done / size) * 100;
      if (!io.canDraw) {
        if (Math.floor(percent / 25) === quarter) return;
        quarter = Math.floor(percent / 25);
        io.note(`${what}: ${Math.floor(percent)} % of ${formatSize(size)}`);
        return;
      }
      const now = performance.now();
      if (now - shownAtMs < 100 && done < size) return;
      shownAtMs = now;
      io.stderr.write(`\r\x1b[2K${what} ${bar(percent, 24)} ${Math.floor(percent)} % of ${formatSize(size)}`);
    },
    end() {
      if (io.canDraw && shownAtMs > 0) io.stderr.write('\r\x1b[2K');
    },
  };
}
