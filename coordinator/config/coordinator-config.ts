// coordinator.yaml: where the coordinator listens, keeps its state and finds its bus. Every key has its default, unit
// and example in `template` below, which `baton init` writes. No secret is ever in it, only the names of files.
import { hostname } from 'node:os';
import { z } from 'zod';
import { ok, type Result } from '../../shared/failures.ts';
import { formatHostPort, type HostPort, parseHostPort } from '../../shared/host-port.ts';
import { isName } from '../../shared/names.ts';
import { parseSize } from '../../shared/units.ts';
import { parseYamlFile } from '../../shared/yaml-file.ts';

export const agentsPort = 7450;

export interface CoordinatorConfig {
  /** Of this coordinator, in logs and events. */
  name: string;
  /** Where agents and operators from afar connect. */
  listen: HostPort;
  /** What join lines tell agents to connect to. */
  advertise: HostPort;
  stateDirectory: string;
  socketPath: string;
  /** Who may use the socket besides root; without such a group, root alone. */
  socketGroup: string;
  nats: NatsConfig;
  releases: { sizeBytesMax: number };
  /** The only folder that a cluster file may name secrets in. */
  secretsDirectory: string;
}

/** An embedded nats-server, or an external cluster by its address. */
export type NatsConfig =
  | { kind: 'embedded'; program?: string }
  | ({ kind: 'external'; replicas: number } & ExternalNats);

export interface ExternalNats {
  /** nats://host:port or tls://host:port, several with commas. */
  url: string;
  credentialsFile?: string;
  authorityFile?: string;
  replicas?: number;
}

const absolutePath = z.string().regex(/^\/[^\0\n]*$/, 'must be an absolute path');
const hostPort = z.string().transform((text, context): HostPort => {
  const parsed = parseHostPort(text, agentsPort);
  if (parsed) return parsed;
  context.issues.push({ code: 'custom', message: 'must be host:port, such as 10.77.0.1:7450', input: text });
  return z.NEVER;
});
const size = z.string().transform((text, context): number => {
  const bytes = parseSize(text);
  if (bytes !== undefined) return bytes;
  context.issues.push({ code: 'custom', message: 'must be a size, such as 16GB', input: text });
  return z.NEVER;
});

const nats = z
  .strictObject({
    program: absolutePath.optional(),
    url: z
      .string()
      .regex(
        /^(nats|tls):\/\/[^\s,@]+(,(nats|tls):\/\/[^\s,@]+)*$/,
        'must be nats://host:port or tls://host:port, no password',
      )
      .optional(),
    credentialsFile: absolutePath.optional(),
    authorityFile: absolutePath.optional(),
    replicas: z.union([z.literal(1), z.literal(3), z.literal(5)]).optional(),
  })
  .refine((value) => value.url === undefined || value.program === undefined, {
    message: 'program is for the embedded server, url for an external cluster; give one of them',
  })
  .refine((value) => value.url !== undefined || !(value.credentialsFile ?? value.authorityFile ?? value.replicas), {
    message: 'credentialsFile, authorityFile and replicas belong to an external cluster; give url too',
  });

const file = z.strictObject({
  name: z.string().refine(isName, 'must be 1 to 31 of a-z, 0-9 and -').optional(),
  listen: hostPort.default({ host: '0.0.0.0', port: agentsPort }),
  advertise: hostPort.optional(),
  state: absolutePath.default('/var/lib/baton'),
  socket: absolutePath.max(100, 'must be at most 100 characters').default('/run/baton/operator.sock'),
  socketGroup: z
    .string()
    .regex(/^[a-z_][a-z0-9_-]{0,31}$/, 'must be the name of a group')
    .default('baton'),
  // Empty when everything below it is commented out, as `baton init` may leave it.
  nats: nats.nullable().default(null),
  releases: z.strictObject({ sizeMax: size.default(16e9) }).default({ sizeMax: 16e9 }),
  secrets: absolutePath.default('/etc/baton/secrets'),
});

/** The configuration in the text of coordinator.yaml; `bad-input` says file, line and column of all that is wrong. */
export function parseCoordinatorConfig(text: string, fileName: string): Result<CoordinatorConfig> {
  const parsed = parseYamlFile(
    text,
    fileName,
    file.nullable().transform((value) => value ?? file.parse({})),
  );
  if (!parsed.ok) return parsed;
  const { advertise, listen, name, nats: bus, releases, secrets, socket, socketGroup, state } = parsed.value;
  return ok({
    name: name ?? nameOfHost(),
    listen,
    advertise: advertise ?? { host: isWildcard(listen.host) ? hostname() : listen.host, port: listen.port },
    stateDirectory: state,
    socketPath: socket,
    socketGroup,
    nats: natsConfig(bus ?? {}),
    releases: { sizeBytesMax: releases.sizeMax },
    secretsDirectory: secrets,
  });
}

export function isWildcard(host: string): boolean {
  return host === '0.0.0.0' || host === '::';
}

function natsConfig({ program, url, credentialsFile, authorityFile, replicas }: z.infer<typeof nats>): NatsConfig {
  if (url === undefined) return { kind: 'embedded', ...(program === undefined ? {} : { program }) };
  return {
    kind: 'external',
    url,
    replicas: replicas ?? 3,
    ...(credentialsFile === undefined ? {} : { credentialsFile }),
    ...(authorityFile === undefined ? {} : { authorityFile }),
  };
}

function nameOfHost(): string {
  const name = hostname()
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]+/g, '-')
    .replace(/^-+/, '')
    .slice(0, 31);
  return isName(name) ? name : 'coordinator';
}

export interface TemplateValues {
  listen: HostPort;
  advertise: HostPort;
  stateDirectory: string;
  socketPath: string;
  natsProgram?: string;
  nats?: ExternalNats;
}

/** The text of a coordinator.yaml with these values and every key explained. */
export function coordinatorConfigTemplate(values: TemplateValues): string {
  const quoted = (text: string) => JSON.stringify(text);
  const { url, credentialsFile, authorityFile, replicas } = values.nats ?? {};
  const key = (name: string, value: string | undefined, example: string) =>
    value === undefined ? `# ${name}: ${example}` : `${name}: ${value}`;
  const quotedKey = (name: string, value: string | undefined, example: string) =>
    key(name, value === undefined ? undefined : quoted(value), example);
  return `# Baton's coordinator. Written by \`baton init\`; after a change: systemctl restart baton-coordinator

# Where agents connect, and operators from afar; default 0.0.0.0:7450.
listen: ${quoted(formatHostPort(values.listen))}
# The address that join lines give to the nodes; default: listen, or this machine's name where that is 0.0.0.0.
advertise: ${quoted(formatHostPort(values.advertise))}
# Keys, journal and installers; default /var/lib/baton.
state: ${quoted(values.stateDirectory)}
# For the baton command on this machine, 0660; default /run/baton/operator.sock.
socket: ${quoted(values.socketPath)}
# Who may use the socket besides root, where the group exists; default baton.
socketGroup: baton
# Of this coordinator, in logs and events; default: this machine's name.
# name: c1

nats:
  # The embedded server, 2.10 or newer; default: nats-server on $PATH.
  ${quotedKey('program', values.natsProgram, '/usr/sbin/nats-server')}
  # Or an external cluster, so that a second coordinator can take over:
  ${quotedKey('url', url, 'tls://nats1:4222,tls://nats2:4222,tls://nats3:4222')}
  # Of the NATS user. Who has it can write journals: 0600.
  ${quotedKey('credentialsFile', credentialsFile, '/etc/baton/nats.creds')}
  # Who has signed the servers' certificates.
  ${quotedKey('authorityFile', authorityFile, '/etc/baton/nats-ca.pem')}
  # Copies of each stream: 1, 3 or 5; default 3.
  ${key('replicas', replicas?.toString(), '3')}

releases:
  # Largest installer that may be uploaded; default 16GB.
  sizeMax: 16GB

# The folder of passwords and tokens that cluster files name (notify), files of 0600; no other file is ever read for them.
# secrets: /etc/baton/secrets
`;
}
