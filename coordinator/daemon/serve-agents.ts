// The half of a coordinator that serves agents, whether it leads or stands by: streams, enrolment, installers, the port.
// Commands reach the streams over the bus, from whoever leads. It carries no run on.
import type { UntypedServiceImplementation } from '@grpc/grpc-js';
import { systemClock } from '../../shared/clock.ts';
import { fail, failure, ok, type Result } from '../../shared/failures.ts';
import { formatHostPort, type HostPort } from '../../shared/host-port.ts';
import type { Log } from '../../shared/log.ts';
import { type Credentials, pinOf } from '../../shared/security/certificates.ts';
import type { Bus } from '../bus/bus.ts';
import { watchBus } from '../bus/bus-watch.ts';
import { openStore } from '../bus/store.ts';
import type { CoordinatorConfig } from '../config/coordinator-config.ts';
import { openCoordinators } from '../fleet/coordinators.ts';
import { createEnrolment, type Enrolment } from '../fleet/enrolment.ts';
import { openRevocations, type Revocations } from '../fleet/revocations.ts';
import { openReleaseStore, type ReleaseRecord, type ReleaseStore } from '../releases/release-store.ts';
import { openAgentsPort } from './agents-port.ts';
import { openStreams, type Streams } from './assemble-runs.ts';
import { type Authority, statePaths } from './state-files.ts';

export interface AgentsServed extends Streams {
  enrolment: Enrolment;
  releases: ReleaseStore;
  revocations: Revocations;
  /** What certificates are signed with; the failure says who has it where it is not here. */
  signer(): Result<Credentials>;
  /** Where it listens. */
  address: HostPort;
}

const cutOff = failure('unreachable', 'this coordinator is cut off from the bus; another one may not be', {
  retryable: true,
});

/** Opens the agents' port. What operators ask there goes to `operator`. */
export async function serveAgents(given: {
  bus: Bus;
  config: CoordinatorConfig;
  authority: Authority;
  operator: UntypedServiceImplementation;
  log: Log;
  onStop(name: string, stop: () => unknown): void;
}): Promise<Result<AgentsServed>> {
  const { bus, config, authority, operator, log, onStop } = given;
  const { name: coordinator, listen, advertise } = config;
  const clock = systemClock;

  const coordinators = await openCoordinators(
    { bus, clock, log },
    {
      name: coordinator,
      address: formatHostPort(advertise),
      pin: pinOf(authority.certificate),
      mayEnrol: authority.key !== undefined,
    },
  );
  if (!coordinators.ok) return coordinators;
  onStop('coordinators', coordinators.value.stop);
  const { addresses, enrolling } = coordinators.value;
  const streams = await openStreams({ bus, clock, log, coordinator, epoch: 0, addresses, onStop });
  if (!streams.ok) return streams;
  const { operators, audit, tables, hub } = streams.value;
  const revocations = await openRevocations(tables.revoked);
  if (!revocations.ok) return revocations;
  onStop('revocations', revocations.value.stop);
  const records = await openStore<ReleaseRecord>(bus, 'releases');
  if (!records.ok) return records;
  const { releasesDirectory } = statePaths(config.stateDirectory);
  const releases = await openReleaseStore(releasesDirectory, records.value, config.releases.sizeBytesMax);
  if (!releases.ok) return releases;

  const shared = { bus, clock, log, operators, audit, tables, revocations: revocations.value };
  const others = () => enrolling().map(({ name }) => name);
  const enrolment = createEnrolment({ ...shared, authority, enrolling: others });
  onStop(
    'watch of the bus',
    watchBus(bus, {
      lost() {
        log.error('the bus does not answer; agents are sent to other coordinators');
        hub.refuse(cutOff);
      },
      back() {
        log.info('the bus answers again');
        hub.refuse(undefined);
      },
    }),
  );
  const parts = { ...shared, authority, coordinators: addresses, enrolment, hub, releases: releases.value, operator };
  const port = await openAgentsPort({ ...parts, listen, advertise });
  if (!port.ok) return port;
  onStop('agents’ port', port.value.close);
  return ok({ ...parts, signer: () => signerOf(authority, others()), address: port.value.address });
}

function signerOf({ certificate, key }: Authority, others: string[]): Result<Credentials> {
  if (key !== undefined) return ok({ certificate, key });
  const where = others.length === 0 ? '' : `; ${others.join(', ')} does`;
  return fail(
    'unauthorized',
    `this coordinator cannot issue certificates: it does not have the authority's key${where}`,
  );
}
