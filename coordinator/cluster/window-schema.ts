// The key `window:` of the cluster file: when its upgrades may run.
import { z } from 'zod';
import { isTimezone } from './backup-schedule.ts';
import { weekdays } from './window.ts';

const time = (midnight: '24:00 too' | 'no 24:00') =>
  z
    .string({ error: "must be a time, such as '01:00'" })
    .refine(
      (text) => /^(?:[01]\d|2[0-3]):[0-5]\d$/.test(text) || (midnight === '24:00 too' && text === '24:00'),
      "must be a time in quotes, such as '01:00'",
    );

export const maintenanceWindow = z
  .strictObject({
    days: z
      .array(z.enum(weekdays, { error: `must be ${weekdays.join(', ')}` }), { error: 'must be a list of days' })
      .min(1, 'must name at least one day')
      .refine((days) => new Set(days).size === days.length, 'must be different days')
      .default([...weekdays]),
    from: time('no 24:00'),
    to: time('24:00 too'),
    timezone: z
      .string({ error: 'must be a time zone' })
      .refine(isTimezone, 'must be a time zone, such as Asia/Kolkata'),
  })
  .refine(({ from, to }) => from !== to, {
    message: 'must differ from `from`; a whole day is 00:00 to 24:00',
    path: ['to'],
  });
