// How a node comes into the fleet and out of it: a single-use token, a certificate for its signing request, revocation.
// Of a token only its hash is kept. A token is used up before anything is issued: a lost answer means a new token.
import { randomBytes } from 'node:crypto';
import type { Clock } from '../../shared/clock.ts';
import { type Failure, fail, failure, ok, type Result } from '../../shared/failures.ts';
import { sha256Hex } from '../../shared/hash.ts';
import { isName } from '../../shared/names.ts';
import { type Credentials, issueFromRequest } from '../../shared/security/certificates.ts';
import { minutes } from '../../shared/units.ts';
import type { Audit } from '../audit/audit.ts';
import type { Role } from '../cluster/cluster.ts';
import { attemptLimit } from './attempt-limit.ts';
import type { Revocations } from './revocations.ts';
import { type FleetTables, type NodeRecord, type TokenRecord, update } from './tables.ts';

export const tokenLifeMs = minutes(15);
/** Used and expired tokens are remembered this long, so that a second use is told from a wrong token. */
const tokenMemoryMs = minutes(24 * 60);
const roles: readonly string[] = ['master', 'standby', 'observer'] satisfies Role[];

export interface NewToken {
  name: string;
  role: Role;
  token: string;
  expiresAtMs: number;
  /** A node of this name has joined before: on it, only joining anew is accepted. */
  isAnew: boolean;
}
export interface Joined {
  name: string;
  role: Role;
  /** PEM. */
  certificate: string;
}

export interface Enrolment {
  /** A token with which a node of this name may join, once. */
  addNode(name: string, role: string, operator: string): Promise<Result<NewToken>>;
  /** Issues the node's certificate. `from` is the caller's address, for the limit of failed attempts. */
  join(request: { token: string; name: string; signingRequest: Uint8Array }, from: string): Promise<Result<Joined>>;
  /** Revokes the node's certificate and its open tokens; effective when it resolves. */
  revoke(name: string, operator: string): Promise<Result<NodeRecord>>;
}

export function createEnrolment(options: {
  tables: FleetTables;
  revocations: Revocations;
  /** Without its key nobody is enrolled here. */
  authority: { certificate: string; key?: string };
  /** Names of other coordinators that have the key. */
  enrolling?: () => string[];
  clock: Clock;
  audit: Audit;
}): Enrolment {
  const { tables, revocations, clock, audit, enrolling = () => [] } = options;
  const { certificate, key } = options.authority;
  const authority: Credentials | undefined = key === undefined ? undefined : { certificate, key };
  const keyless = (): string => {
    const others = enrolling().join(', ');
    return `this coordinator cannot enrol: it does not have the authority's key${others && `; ${others} does`}`;
  };
  const limit = attemptLimit(clock);

  /** Removes the tokens of a node, and those that nobody needs to remember. */
  const forgetTokens = async (name: string): Promise<Result<void>> => {
    const all = await tables.tokens.list();
    if (!all.ok) return all;
    for (const { key, value } of all.value) {
      const isOpen = value.name === name && value.usedAtMs === 0;
      if (!isOpen && clock.nowMs() < value.expiresAtMs + tokenMemoryMs) continue;
      const removed = await tables.tokens.delete(key);
      if (!removed.ok) return removed;
    }
    return ok(undefined);
  };

  const useToken = async (token: string, name: string): Promise<Result<TokenRecord>> => {
    const refuse = (reason: string) => fail('unauthorized', `${name} may not join: ${reason}`);
    const key = sha256Hex(token);
    const stored = await tables.tokens.get(key);
    if (!stored.ok) return stored;
    if (stored.value === undefined) return refuse('the token is not known');
    const { value: record, revision } = stored.value;
    if (record.usedAtMs !== 0) return refuse('the token was used already; `baton node add` gives a new one');
    if (clock.nowMs() >= record.expiresAtMs) return refuse('the token has expired; `baton node add` gives a new one');
    if (record.name !== name) return refuse('the token is for a node of another name');
    const used = await tables.tokens.put(key, { ...record, usedAtMs: clock.nowMs() }, revision);
    if (used.ok) return ok(record);
    return used.failure.code === 'conflict' ? refuse('the token was used already') : used;
  };

  const revokeSerial = async (name: string, serial: string, by: string): Promise<Result<void>> =>
    serial === '' ? ok(undefined) : revocations.add(serial, { kind: 'node', name, atMs: clock.nowMs(), by });

  const join: Enrolment['join'] = async ({ token, name, signingRequest }, from) => {
    if (!isName(name)) return fail('bad-input', `${JSON.stringify(name.slice(0, 64))} is no name for a node`);
    // Before the token is used up; the agent tries the next coordinator of its line.
    if (authority === undefined) return fail('unreachable', keyless(), { retryable: true });
    const used = await useToken(token, name);
    if (!used.ok) return used;
    const issued = await issueFromRequest(authority, signingRequest, 'node', name, clock.nowMs());
    if (!issued.ok) return issued;

    // Certificates of before end first: should this process die now, the node only has to join once more.
    const earlier = await tables.nodes.get(name);
    if (!earlier.ok) return earlier;
    const ended = await revokeSerial(name, earlier.value?.value.serial ?? '', 'joined again');
    if (!ended.ok) return ended;
    const recorded = await update(tables.nodes, name, (old) =>
      ok({
        ...newNode(name, used.value.role),
        ...(old?.profile ? { profile: old.profile } : {}),
        serial: issued.value.serial,
        joinedAtMs: clock.nowMs(),
      }),
    );
    if (!recorded.ok) return recorded;
    const detail = `${name} joined as ${used.value.role} with certificate ${issued.value.serial}`;
    audit.record({ who: from, what: 'join', detail, outcome: 'done' });
    return ok({ name, role: used.value.role, certificate: issued.value.certificate });
  };

  return {
    async addNode(name, role, operator) {
      if (!isName(name))
        return fail(
          'bad-input',
          `${JSON.stringify(name)} is no name for a node: 1 to 31 of a-z, 0-9 and -, not first a -`,
        );
      if (!roles.includes(role))
        return fail('bad-input', `${JSON.stringify(role)} is no role; one of ${roles.join(', ')}`);
      if (authority === undefined) return fail('unauthorized', `${name} was not added: ${keyless()}`);
      const known = await tables.nodes.get(name);
      if (!known.ok) return known;
      const node = known.value?.value;
      if (node?.hasConnected && node.revokedAtMs === 0)
        return fail('conflict', `${name} has joined already; to join it anew, first: baton node revoke ${name}`);
      const forgotten = await forgetTokens(name);
      if (!forgotten.ok) return forgotten;

      const token = randomBytes(32).toString('hex');
      const record: TokenRecord = {
        name,
        role: role as Role,
        expiresAtMs: clock.nowMs() + tokenLifeMs,
        usedAtMs: 0,
      };
      const stored = await tables.tokens.create(sha256Hex(token), record);
      if (!stored.ok) return stored;
      if (node === undefined) {
        const shown = await update(tables.nodes, name, (old) => ok(old ?? newNode(name, record.role)));
        if (!shown.ok) return shown;
      }
      audit.record({ who: `operator ${operator}`, what: 'add node', detail: `${name} as ${role}`, outcome: 'done' });
      const isAnew = node !== undefined && node.serial !== '';
      return ok({ name, role: record.role, token, expiresAtMs: record.expiresAtMs, isAnew });
    },

    async join(request, from) {
      const refused = (reason: Failure): Result<never> => {
        audit.record({ who: from, what: 'join', detail: reason.message, outcome: 'refused' });
        return { ok: false, failure: reason };
      };
      if (limit.isOver(from))
        return refused(
          failure('unauthorized', 'too many failed attempts to join from here; wait a minute', { retryable: true }),
        );
      const joined = await join(request, from);
      if (joined.ok) return joined;
      limit.count(from);
      return refused(joined.failure);
    },

    async revoke(name, operator) {
      const forgotten = await forgetTokens(name);
      if (!forgotten.ok) return forgotten;
      const known = await tables.nodes.get(name);
      if (!known.ok) return known;
      const serial = known.value?.value.serial ?? '';
      // The certificate first: a record that says revoked while the certificate still works would be the worse half.
      const ended = await revokeSerial(name, serial, `operator ${operator}`);
      if (!ended.ok) return ended;
      const revoked = await update(tables.nodes, name, (old) => {
        if (old === undefined)
          return fail('not-found', `there is no node ${name}; \`baton node ls\` shows those there are`);
        if (old.serial !== serial) return fail('conflict', `${name} joined again just now; revoke it once more`);
        return ok({ ...old, revokedAtMs: old.revokedAtMs || clock.nowMs(), hasConnected: false });
      });
      if (!revoked.ok) return revoked;
      audit.record({ who: `operator ${operator}`, what: 'revoke node', detail: `${name}, ${serial}`, outcome: 'done' });
      return revoked;
    },
  };
}

function newNode(name: string, role: Role): NodeRecord {
  return {
    name,
    role,
    serial: '',
    joinedAtMs: 0,
    revokedAtMs: 0,
    hasConnected: false,
    agentVersion: '',
    lastSeenMs: 0,
    ledger: { generation: '', counter: 0 },
  };
}
