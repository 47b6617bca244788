// Who listens on a node, and what its firewall's rules say, from the kernel's own tables. Pure.
import type { AnswerOf } from '../../shared/actions/action.ts';

type Security = AnswerOf<'readSecurity'>;

const listening = '0A';

/** Of the asked ports those on which somebody listens, from /proc/net/tcp and tcp6. */
export function parseListeners(tables: readonly string[], ports: readonly number[]): Security['listeners'] {
  const found = new Map<number, boolean>();
  for (const line of tables.flatMap((table) => table.split('\n'))) {
    const [, local = '', , state] = line.trim().split(/\s+/);
    const [address = '', portText = ''] = local.split(':');
    const port = Number.parseInt(portText, 16);
    if (state !== listening || !ports.includes(port)) continue;
    found.set(port, found.get(port) === true || /^0+$/.test(address));
  }
  return [...found].toSorted(([a], [b]) => a - b).map(([port, anyAddress]) => ({ port, anyAddress }));
}

interface Rule {
  chain?: { family?: string; table?: string; name?: string; hook?: string; policy?: string };
  rule?: { family?: string; table?: string; chain?: string };
}

/** The chains through which everything passes that comes in, from `nft -j list ruleset`. */
export function parseInputChains(json: string): Security['chains'] {
  const { nftables } = JSON.parse(json) as { nftables: Rule[] };
  const nameOf = (family = '', table = '', chain = '') => `${family} ${table} ${chain}`;
  const rules = new Map<string, number>();
  for (const { rule } of nftables) {
    if (rule === undefined) continue;
    const name = nameOf(rule.family, rule.table, rule.chain);
    rules.set(name, (rules.get(name) ?? 0) + 1);
  }
  return nftables.flatMap(({ chain }) => {
    if (chain?.hook !== 'input') return [];
    const name = nameOf(chain.family, chain.table, chain.name);
    return [{ chain: name, policy: chain.policy ?? 'accept', rules: rules.get(name) ?? 0 }];
  });
}
