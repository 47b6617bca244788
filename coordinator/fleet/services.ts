// Enrolment and Fleet of fleet.proto over gRPC. Who calls is what the access check found out, never what a message says.
import type {
  handleBidiStreamingCall,
  handleServerStreamingCall,
  handleUnaryCall,
  ServerWritableStream,
} from '@grpc/grpc-js';
import type { Clock } from '../../shared/clock.ts';
import { type Failure, fail, failure } from '../../shared/failures.ts';
import type {
  Chunk,
  FetchRequest,
  FromAgent,
  JoinAnswer,
  JoinRequest,
  ToAgent,
} from '../../shared/gen/baton/v1/fleet_pb.ts';
import type { Log } from '../../shared/log.ts';
import { failureToStatus } from '../../shared/rpc/status.ts';
import { createBucket } from '../access/bucket.ts';
import { callerOf } from '../access/caller.ts';
import type { ReleaseStore } from '../releases/release-store.ts';
import type { Enrolment } from './enrolment.ts';
import type { Hub } from './hub.ts';
import { checkGrant } from './release-grants.ts';
import type { FleetTables } from './tables.ts';

type Init<T> = { [K in keyof T]?: T[K] };

/** What may wait on one stream; an agent that takes nothing for so long is not there. */
const bufferedMessagesMax = 1_000;
const chunkBytes = 256 * 1024;
/** Of one node at a time. */
const fetchesMax = 2;
/** An agent that says more is read more slowly: it waits, and nothing is lost. */
const messageRate = { perSecond: 200, burst: 1_000 };
const messagesAtOnce = 20;

export function enrolmentService(options: { enrolment: Enrolment; authority: string; coordinators: () => string[] }) {
  const join: handleUnaryCall<JoinRequest, Init<JoinAnswer>> = ({ request, metadata }, answer) => {
    const { token, name, signingRequest } = request;
    void options.enrolment
      .join({ token, name, signingRequest }, callerOf(metadata).from)
      .catch((error: Error) => fail('internal', error.message))
      .then((joined) => {
        if (!joined.ok) return answer(failureToStatus(joined.failure));
        answer(null, {
          node: joined.value.name,
          clusterRole: joined.value.role,
          certificate: joined.value.certificate,
          authority: options.authority,
          coordinators: options.coordinators(),
        });
      });
  };
  return { join };
}

export function fleetService(options: {
  hub: Hub;
  releases: ReleaseStore;
  tables: FleetTables;
  clock: Clock;
  log: Log;
}) {
  const { hub, releases, clock, log } = options;
  const fetches = new Map<string, number>();

  const connect: handleBidiStreamingCall<FromAgent, ToAgent> = (call) => {
    const { name, from } = callerOf(call.metadata);
    let isOver = false;
    const { hear, lost } = hub.open({
      node: name,
      from,
      put(message) {
        if (isOver || call.cancelled || call.writableLength > bufferedMessagesMax) return false;
        call.write(message as ToAgent);
        return true;
      },
      end(reason?: Failure) {
        if (isOver) return;
        isOver = true;
        if (reason) call.emit('error', failureToStatus(reason));
        else call.end();
      },
    });
    const end = () => {
      isOver = true;
      lost();
    };
    const pace = createBucket(messageRate, clock);
    call.on('data', (message: FromAgent) => {
      try {
        hear(message);
      } catch (error) {
        log.error('a bug ended an agent’s stream', { node: name, reason: (error as Error).stack });
        call.emit('error', failureToStatus(failure('internal', `${name}: a message could not be handled`)));
      }
      if (pace.take()) return;
      call.pause();
      void clock.sleep(pace.waitMs(messagesAtOnce)).then(() => call.resume());
    });
    call.on('end', () => {
      if (!isOver) call.end();
      end();
    });
    call.on('cancelled', end);
    call.on('error', end);
  };

  const fetchRelease: handleServerStreamingCall<FetchRequest, Init<Chunk>> = (call) => {
    const { sha256, offsetBytes } = call.request;
    const refuse = (reason: Failure) => call.emit('error', failureToStatus(reason));
    const { name } = callerOf(call.metadata);
    const underWay = fetches.get(name) ?? 0;
    if (underWay >= fetchesMax)
      return void refuse(
        failure('refused-busy', `${name} fetches ${underWay} installers already`, { retryable: true }),
      );
    fetches.set(name, underWay + 1);
    void (async () => {
      const granted = await checkGrant(options, name, sha256);
      if (!granted.ok) return refuse(granted.failure);
      const opened = await releases.open(sha256);
      if (!opened.ok) return refuse(opened.failure);
      const { file, sizeBytes } = opened.value;
      try {
        if (!Number.isSafeInteger(offsetBytes) || offsetBytes < 0 || offsetBytes > sizeBytes)
          return refuse(failure('bad-input', `${sha256} has ${sizeBytes} bytes, there is nothing at ${offsetBytes}`));
        let offset = offsetBytes;
        while (offset < sizeBytes && !call.cancelled) {
          // A buffer of its own for each chunk: the last one may still wait to be written.
          const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(chunkBytes), 0, chunkBytes, offset);
          if (bytesRead === 0) return refuse(failure('lost', `${sha256} became shorter while it was read`));
          // Not before the last one is on its way: who does not read makes nothing pile up here.
          await written(call, { offsetBytes: offset, data: buffer.subarray(0, bytesRead) });
          offset += bytesRead;
        }
        call.end();
      } finally {
        await file.close();
      }
    })()
      .catch((error: Error) => {
        log.error('an installer could not be sent', { sha256, reason: error.message });
        refuse(failure('internal', `${sha256} cannot be read: ${error.message}`));
      })
      .finally(() => {
        const left = (fetches.get(name) ?? 1) - 1;
        if (left > 0) fetches.set(name, left);
        else fetches.delete(name);
      });
  };
  return { connect, fetchRelease };
}

/** Resolves when there is room for more, or the call is over. */
function written(call: ServerWritableStream<FetchRequest, Init<Chunk>>, chunk: Init<Chunk>): Promise<void> {
  return new Promise((resolve) => {
    const events = ['cancelled', 'close', 'error'];
    const done = () => {
      for (const event of events) call.off(event, done);
      resolve();
    };
    for (const event of events) call.on(event, done);
    call.write(chunk, () => done());
  });
}
