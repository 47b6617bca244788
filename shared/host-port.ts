// `host:port` as people write it, IPv6 in brackets.

export interface HostPort {
  host: string;
  port: number;
}

const pattern = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9](?:[A-Za-z0-9.-]{0,252})))(?::(\d{1,5}))?$/;

/** Host and port in a text; undefined when it is neither a name nor an address, or no port is given and none is default. */
export function parseHostPort(text: string, defaultPort?: number): HostPort | undefined {
  const match = pattern.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = match?.[3] === undefined ? defaultPort : Number(match[3]);
  if (host === undefined || port === undefined || port < 1 || port > 65_535) return undefined;
  return { host, port };
}

export function formatHostPort({ host, port }: HostPort): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
