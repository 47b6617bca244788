// The keys of security-schema.ts as the cluster has them: what is not told is filled in from the rest of the file.
import type { Cluster, FileTransport, Network, Security } from './cluster.ts';
import type { ClusterFile } from './file-schema.ts';

export function toTransport({ files, network }: ClusterFile): FileTransport {
  const { transport } = files;
  if (transport === 'ssh') return { by: 'ssh', port: network.ssh };
  return 'stunnel' in transport ? { by: 'stunnel', port: transport.stunnel } : { by: 'daemon', port: transport.daemon };
}

/** Without another word the web server answers on the portal's port. */
export function toNetwork({ network, nodes, application }: ClusterFile): Network {
  const { protocol, port } = new URL(application.portal.url);
  const web = network.web ?? (port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port));
  const working = Object.entries(nodes).flatMap(([name, { role }]) => (role === 'observer' ? [] : [name]));
  return {
    ssh: network.ssh,
    ...(web !== 'none' && { web }),
    ports: network.ports.map((one) => ({ port: one.port, from: one.from ?? working, to: one.to ?? working })),
  };
}

export function toRequires({ requires: { packages, timeSync } }: ClusterFile): Cluster['requires'] {
  return { packages, ...(timeSync && { timeSync }) };
}

export function toSecurity({ security }: ClusterFile): Security {
  const { selinux, firewall, ...rest } = security;
  return { ...rest, ...(selinux && { selinux }), ...(firewall && { firewall }) };
}
