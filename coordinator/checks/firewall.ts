// A database that listens on every address has a firewall before it. Which rules are right is the site's: this only sees
// whether there are any.
import { z } from 'zod';
import type { ActionOf } from '../../shared/actions/action.ts';
import { type Cluster, nodeOf } from '../cluster/cluster.ts';
import { defineCheck, judgeEach } from './define.ts';

export const firewall = defineCheck({
  id: 'firewall',
  title: 'A firewall is before the database',
  section: 'HA Security › Firewall Configuration',
  severity: 'warning',
  remedy:
    'Let nftables, firewalld or ufw on the node take the database’s port from the other nodes only; security.firewall says why none is needed.',
  params: z.strictObject({}),
  words: (_params, { security, database }) =>
    security.firewall === undefined
      ? `something filters who may connect to port ${database.port} (warns only)`
      : `nodes have no firewall of their own: ${security.firewall.none}`,
  *evaluate(_params, { cluster }) {
    const { port } = cluster.database;
    const nodes = databaseNodes(cluster);
    const limit = `port ${port} not open to every address without rules`;
    return yield* judgeEach(nodes, readSecurity(cluster), limit, (state, node) => {
      const active = state.chains.filter(({ policy, rules }) => policy === 'drop' || rules > 0);
      const listens = state.listeners.find((one) => one.port === port);
      const rules = active
        .map(({ chain, policy, rules: count }) => `${chain}: ${count} rules, otherwise ${policy}`)
        .join('; ');
      const reading = [
        rules || (state.rulesUnread === '' ? 'no rules for what comes in' : `rules not read: ${state.rulesUnread}`),
        ...(state.firewall === '' ? [] : [`${state.firewall} active`]),
        listens === undefined
          ? `nobody listens on ${port}`
          : `${port} listens on ${listens.anyAddress ? 'every address' : 'some addresses'}`,
      ].join(', ');
      if (cluster.security.firewall !== undefined)
        return { reading: `${reading}; not needed: ${cluster.security.firewall.none}`, verdict: 'pass' };
      if (active.length > 0 || listens?.anyAddress !== true) return { reading, verdict: 'pass' };
      if (state.rulesUnread === '') return { reading, verdict: 'fail' };
      return {
        ...{ reading, verdict: 'unknown' },
        remedy: `On ${node}: nft list ruleset says why; where no firewall is needed, security.firewall in the cluster file says so.`,
      };
    });
  },
});

const databaseNodes = (cluster: Cluster): string[] =>
  (['master', 'standby'] as const).map((role) => nodeOf(cluster, role, 'db').name);

/** The same reading for every check that takes it, so that it is taken once. */
export const readSecurity = ({ database }: Cluster): ActionOf<'readSecurity'> => ({
  kind: 'readSecurity',
  ports: [database.port],
});
