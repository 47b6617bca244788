// What of the database's settings and roles could be closer. Warns only: none of it lets anybody in by itself.
import { z } from 'zod';
import { type Access, wideRules } from './access-rules.ts';
import { defineCheck, judgeEach } from './define.ts';
import { databaseNodes } from './server-facts.ts';

const namedMax = 8;

export const databaseHardened = defineCheck({
  id: 'database-hardened',
  title: 'Database roles and settings',
  section: 'Security Considerations › Database Security: settings and roles',
  severity: 'warning',
  remedy:
    'On the node that is named, as far as the application allows: ALTER ROLE … NOSUPERUSER, password_encryption = scram-sha-256 and new passwords, ssl = on, REVOKE CREATE ON SCHEMA public FROM PUBLIC, narrower lines in pg_hba.conf.',
  params: z.strictObject({}),
  words: (_params, cluster) =>
    `${databaseNodes(cluster).join(', ')}: one superuser, scram passwords, TLS, nothing wider than needed (warns only)`,
  *evaluate(_params, { cluster }) {
    const action = { kind: 'readAccess', database: cluster.database.name } as const;
    const limit = 'one superuser, scram, TLS, no wide rule';
    return yield* judgeEach(databaseNodes(cluster), action, limit, (access) => {
      const found = weaknesses(access);
      if (found.length === 0) return { reading: 'nothing found', verdict: 'pass' };
      return { reading: found.slice(0, namedMax).join('; ').slice(0, 800), verdict: 'fail' };
    });
  },
});

function weaknesses(access: Access): string[] {
  const able = access.roles.filter(({ canLogin }) => canLogin);
  const names = (roles: Access['roles']) => roles.map(({ name }) => name).join(', ');
  const superusers = able.filter(({ superuser }) => superuser);
  const weak = able.filter(({ password }) => password === 'md5');
  const isAfar = !['', 'localhost', '127.0.0.1'].includes(access.listenAddresses);
  return [
    ...(superusers.length > 1 ? [`superusers ${names(superusers)}`] : []),
    ...(weak.length > 0 ? [`md5 passwords of ${names(weak)}`] : []),
    ...(access.passwordEncryption === 'scram-sha-256' ? [] : [`password_encryption is ${access.passwordEncryption}`]),
    ...(isAfar && !access.ssl ? ['ssl is off'] : []),
    ...(access.publicCreates ? ['everybody may create in schema public'] : []),
    ...wideRules(access),
  ];
}
