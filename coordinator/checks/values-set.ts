// What other software is told of the database in a settings file is what it must be told.
import { z } from 'zod';
import { defineCheck, judgeEach, passIf } from './define.ts';

export const valuesSet = defineCheck({
  id: 'values-set',
  title: 'Settings of other software are right',
  section: 'Step 3: Reconfigure HA',
  severity: 'blocking',
  remedy: 'Correct the file on the node, or database.settings in the cluster file where that is what is wrong.',
  params: z.strictObject({ node: z.string(), file: z.string(), values: z.record(z.string(), z.string()) }),
  words: ({ node, file, values }) => `${node}: ${file} says ${pairs(values)}`,
  *evaluate({ node, file, values }) {
    const names = Object.keys(values);
    const action = { kind: 'readValues', path: file, names } as const;
    return yield* judgeEach([node], action, `${file}: ${pairs(values)}`, (read) => {
      const wrong = names.flatMap((name) => {
        const found = read.values.find((one) => one.name === name)?.value;
        if (found === values[name]) return [];
        return [found === undefined ? `${name} is not there` : `${name}=${found}`];
      });
      return { reading: wrong.length > 0 ? wrong.join(', ') : 'as it must be', verdict: passIf(wrong.length === 0) };
    });
  },
});

const pairs = (values: Record<string, string>): string =>
  Object.entries(values)
    .map(([name, value]) => `${name}=${value}`)
    .join(', ');
