// Keys of the cluster file about the machines as a site: who must reach whom, what must be installed, who owns what, and
// what is watched. Everything has a default, so that a cluster file without them is checked too.
import { z } from 'zod';
import * as field from './fields.ts';

const nodeNames = z
  .array(z.string(), { error: "must be a list of nodes' names" })
  .min(1, 'must name at least one node')
  .max(10, 'must name at most 10 nodes');

const reason = z
  .string({ error: 'must be a reason' })
  .min(3, 'must say why')
  .max(200, 'must be at most 200 characters');

/** What is told with `{ none: 'why' }` is not looked for. */
const none = z.strictObject({ none: reason });

export const network = z.strictObject({
  ssh: field.port.default(22),
  web: z.union([field.port, z.literal('none')], { error: 'must be a port or none' }).optional(),
  ports: z
    .array(z.strictObject({ port: field.port, from: nodeNames.optional(), to: nodeNames.optional() }), {
      error: 'must be a list of ports',
    })
    .max(50, 'must name at most 50 ports')
    .default([]),
});

const packageName = z
  .string({ error: "must be a package's name" })
  .regex(/^[A-Za-z0-9][A-Za-z0-9+._-]{0,99}$/, "must be a package's name, such as rsync");

export const requires = z.strictObject({
  packages: z
    .array(packageName, { error: 'must be a list of packages' })
    .max(100, 'must name at most 100 packages')
    .default([]),
  timeSync: none.optional(),
});

const owner = z
  .string({ error: 'must be user:group' })
  .regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}:[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/, 'must be user:group');

export const security = z.strictObject({
  encrypted: z.boolean({ error: 'must be true or false' }).default(true),
  audit: z.union([z.strictObject({ units: field.units }), none], { error: "must be units or none: 'why'" }).default({
    units: ['auditd'],
  }),
  selinux: z
    .enum(['enforcing', 'permissive', 'disabled'], { error: 'must be enforcing, permissive or disabled' })
    .optional(),
  firewall: none.optional(),
  owners: z.record(field.path, owner).default({}),
});

/** How file synchronization reaches the other node. */
export const fileTransport = z
  .union([z.literal('ssh'), z.strictObject({ stunnel: field.port }), z.strictObject({ daemon: field.port })], {
    error: 'must be ssh, { stunnel: PORT } or { daemon: PORT }',
  })
  .default('ssh');

/** Nodes that the keys name are nodes of the file. */
export function judgeNetwork(
  file: { nodes: Record<string, unknown>; network: z.infer<typeof network> },
  context: z.RefinementCtx,
): void {
  for (const [index, entry] of file.network.ports.entries())
    for (const side of ['from', 'to'] as const)
      for (const name of entry[side] ?? [])
        if (!Object.hasOwn(file.nodes, name))
          context.addIssue({
            code: 'custom',
            message: `${name} is no node of this file; there are ${Object.keys(file.nodes).join(', ')}`,
            path: ['network', 'ports', index, side],
          });
}
