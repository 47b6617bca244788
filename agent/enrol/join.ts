// Joining: the coordinator's authority is taken only with the pin of the join line, then token and signing request go to
// it. The identity is written last and whole; until then nothing has changed on this node.
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { createSecureContext } from 'node:tls';
import { type Client, credentials, makeGenericClientConstructor, type ServiceError } from '@grpc/grpc-js';
import { systemClock } from '../../shared/clock.ts';
import { makePrivateFolder, writeDurably } from '../../shared/durable-file.ts';
import { fail, ok, type Result } from '../../shared/failures.ts';
import { Enrolment, type JoinAnswer } from '../../shared/gen/baton/v1/fleet_pb.ts';
import { parseHostPort } from '../../shared/host-port.ts';
import { isName } from '../../shared/names.ts';
import { channelOptions, serviceDefinition } from '../../shared/rpc/service.ts';
import { failureFromError } from '../../shared/rpc/status.ts';
import { createSigningRequest, pinOf } from '../../shared/security/certificates.ts';
import { fetchPinnedAuthority } from '../../shared/security/pinned-authority.ts';
import { ledgerOf } from '../ledger/ledger.ts';
import { ledgerPath, openLedgerFile } from '../ledger/ledger-file.ts';
import { failureOfSystemCall } from '../platform/system-error.ts';
import { type Identity, readIdentity, writeIdentity } from './identity-files.ts';

export interface JoinLine {
  coordinators: string[];
  name: string;
  token: string;
  /** `sha256:HEX` of the authority's certificate. */
  pin: string;
  force: boolean;
}

const timeoutMs = 15_000;
/** More than an identity and a new ledger take. */
const roomBytes = 1024 * 1024;
const EnrolmentClient = makeGenericClientConstructor(serviceDefinition(Enrolment), 'Enrolment');

/** Joins with the first coordinator that answers, and writes the node's identity. */
export async function join(line: JoinLine, stateDirectory: string): Promise<Result<Identity>> {
  if (!isName(line.name)) return fail('bad-input', `${JSON.stringify(line.name)} is not a node's name`);
  if (!/^sha256:[0-9a-f]{64}$/.test(line.pin))
    return fail('bad-input', 'the pin is not sha256: and 64 hexadecimal digits');
  const strange = line.coordinators.find((coordinator) => parseHostPort(coordinator) === undefined);
  if (strange !== undefined || line.coordinators.length === 0)
    return fail('bad-input', `${JSON.stringify(strange ?? '')} is not HOST:PORT`);
  const joined = readIdentity(stateDirectory);
  if (joined !== undefined && !line.force)
    return fail('conflict', `this node has joined as ${joined.name} already; --force joins it anew`);

  const room = await findRoom(stateDirectory);
  if (!room.ok) return room;
  let last: Result<Identity> = fail('unreachable', 'no coordinator');
  for (const coordinator of line.coordinators) {
    last = await joinWith(coordinator, line);
    // Whoever answered has used the token up; asking another one would only hide why it refused.
    if (last.ok || last.failure.code !== 'unreachable') break;
  }
  if (!last.ok) return last;
  try {
    // First, and with the daemon running or not: a state that was put back may be what joins, and has forgotten something.
    const file = openLedgerFile(ledgerPath(stateDirectory));
    ledgerOf(file).join(line.pin, joined && pinOf(joined.authority), systemClock.nowMs());
    file.close();
    await writeIdentity(stateDirectory, last.value);
  } catch (error) {
    const failed = failureOfSystemCall(error, stateDirectory);
    const hint = 'the token is used up: `baton node add` gives a new one';
    return { ok: false, failure: { ...failed, message: `${failed.message}; ${hint}` } };
  }
  return last;
}

/** Whether what joining writes can be written, before the token is used up for it; leaves nothing behind. */
async function findRoom(stateDirectory: string): Promise<Result<void>> {
  const probe = path.join(stateDirectory, '.room');
  try {
    await makePrivateFolder(stateDirectory);
    await writeDurably(probe, new Uint8Array(roomBytes));
    await rm(probe, { force: true });
    if (!existsSync(ledgerPath(stateDirectory))) return ok(undefined);
    const ledger = openLedgerFile(ledgerPath(stateDirectory));
    // Its counter may grow at any time.
    ledger.change(() => undefined);
    ledger.close();
    return ok(undefined);
  } catch (error) {
    await rm(probe, { force: true }).catch(() => undefined);
    return { ok: false, failure: failureOfSystemCall(error, stateDirectory) };
  }
}

async function joinWith(coordinator: string, line: JoinLine): Promise<Result<Identity>> {
  const where = parseHostPort(coordinator);
  if (where === undefined) return fail('bad-input', `${coordinator} is not HOST:PORT`);
  const authority = await fetchPinnedAuthority(where.host, where.port, line.pin, timeoutMs);
  if (!authority.ok) return authority;
  const { request, key } = await createSigningRequest(line.name);
  const answer = await callJoin(coordinator, authority.value, {
    token: line.token,
    name: line.name,
    signingRequest: request,
  });
  if (!answer.ok) return answer;
  return ok({
    name: answer.value.node,
    role: answer.value.clusterRole,
    coordinators: [
      ...new Set([...line.coordinators, ...answer.value.coordinators.filter((text) => parseHostPort(text))]),
    ],
    key,
    certificate: answer.value.certificate,
    // What was pinned, not what came with the answer.
    authority: authority.value,
  });
}

function callJoin(
  coordinator: string,
  authority: string,
  request: { token: string; name: string; signingRequest: Uint8Array },
): Promise<Result<JoinAnswer>> {
  const secureContext = createSecureContext({ minVersion: 'TLSv1.3', ca: authority });
  const client = new EnrolmentClient(coordinator, credentials.createFromSecureContext(secureContext), {
    ...channelOptions,
  }) as unknown as Client & {
    join(
      message: typeof request,
      options: { deadline: number },
      done: (error: ServiceError | null, answer: JoinAnswer) => void,
    ): void;
  };
  return new Promise((resolve) => {
    client.join(request, { deadline: Date.now() + timeoutMs }, (error, answer) => {
      client.close();
      if (error === null) return resolve(ok(answer));
      const failed = failureFromError(error);
      const hint = failed.code === 'timeout' ? '; the token may be used up: `baton node add` gives a new one' : '';
      resolve({ ok: false, failure: { ...failed, message: `${coordinator}: ${failed.message}${hint}` } });
    });
  });
}
