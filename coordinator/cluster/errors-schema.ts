// The key errors: where this site's errors are written, and which lines of other logs tell of one.
import { z } from 'zod';
import * as field from './fields.ts';

const hourMs = 3_600_000;

export const errors = z.strictObject({
  logs: z
    .array(field.path, { error: 'must be a list of paths' })
    .max(10, 'must name at most 10')
    .default(['/opt/flotomate/main-server/logs/common/error']),
  pattern: field.pattern.default('\\b(?:ERROR|FATAL|SEVERE|CRITICAL)\\b'),
  window: field.duration(60_000, 24 * hourMs, 'from 1m to 24h').default(600_000),
});
