// Operator, account and user of a NATS cluster as its operator would make them: signed tokens, and the credentials file
// that the coordinator's configuration names.
import { randomUUID } from 'node:crypto';
import { createAccount, createOperator, createUser, type KeyPair } from '@nats-io/nkeys';

export interface NatsAccounts {
  /** Lines of a server's configuration. */
  configuration: string;
  /** Content of a credentials file. */
  credentials: string;
}

const base64 = (text: string | Uint8Array): string => Buffer.from(text).toString('base64url');

function sign(signer: KeyPair, subject: string, nats: Record<string, unknown>): string {
  const claims = { jti: randomUUID(), iat: 1, iss: signer.getPublicKey(), name: subject, sub: subject, nats };
  const text = `${base64(JSON.stringify({ typ: 'JWT', alg: 'ed25519-nkey' }))}.${base64(JSON.stringify(claims))}`;
  return `${text}.${base64(signer.sign(Buffer.from(text)))}`;
}

export function makeAccounts(): NatsAccounts {
  const [operator, account, system, user] = [createOperator(), createAccount(), createAccount(), createUser()];
  const unlimited = { subs: -1, data: -1, payload: -1, imports: -1, exports: -1, wildcards: true, conn: -1, leaf: -1 };
  const jetstream = { mem_storage: -1, disk_storage: -1, streams: -1, consumer: -1 };
  const accountToken = (of: KeyPair, limits: object) =>
    sign(operator, of.getPublicKey(), {
      type: 'account',
      version: 2,
      limits,
      default_permissions: { pub: {}, sub: {} },
    });
  const operatorToken = sign(operator, operator.getPublicKey(), {
    ...{ type: 'operator', version: 2 },
    system_account: system.getPublicKey(),
  });
  const userToken = sign(account, user.getPublicKey(), {
    ...{ type: 'user', version: 2, subs: -1, data: -1, payload: -1, pub: {}, sub: {} },
  });
  return {
    configuration: `
operator: ${operatorToken}
system_account: ${system.getPublicKey()}
resolver: MEMORY
resolver_preload: {
  ${account.getPublicKey()}: ${accountToken(account, { ...unlimited, ...jetstream })}
  ${system.getPublicKey()}: ${accountToken(system, unlimited)}
}
`,
    credentials: `-----BEGIN NATS USER JWT-----
${userToken}
------END NATS USER JWT------

-----BEGIN USER NKEY SEED-----
${Buffer.from(user.getSeed()).toString()}
------END USER NKEY SEED------
`,
  };
}
