// Taking a probe over repeated requests, what comes late, runs that hold the cluster, and what is told of it.
import assert from 'node:assert/strict';
import type { ReadAction, ReadingResult } from '../../../coordinator/checks/check.ts';
import type { Fleet } from '../../../coordinator/fleet/fleet.ts';
import type { Notice } from '../../../coordinator/notify/notice.ts';
import type { ProbeLog } from '../../../coordinator/probes/probe-log.ts';
import { takeProbe } from '../../../coordinator/probes/take-probe.ts';
import { ok } from '../../../shared/failures.ts';
import type { ProbeDocument } from '../../../shared/probe-documents.ts';
import { cluster, context, healthy, nowMs } from '../checks/world.ts';

class World {
  readonly kept: ProbeDocument[] = [];
  readonly notices: Notice[] = [];
  readings = 0;
  slept = 0;
  holder: string | undefined;
  /** Fields put over the healthy answers. */
  change: (node: string, action: ReadAction) => object | undefined = () => undefined;

  async take(id: string, by = 'schedule'): Promise<ProbeDocument> {
    const probes: ProbeLog = {
      last: () => this.kept.at(-1),
      newest: async (_cluster, count) => ok(this.kept.slice(-count)),
      find: async (_cluster, wanted) => ok(this.kept.find((probe) => probe.id === wanted)),
      append: async (probe) => {
        this.kept.push(probe);
        return ok(probe);
      },
    };
    const read = async (node: string, action: ReadAction): Promise<ReadingResult> => {
      this.readings += 1;
      const answer = { ...healthy(node, action), ...level(action), ...this.change(node, action) };
      return { ok: true, answer, commands: [] } as ReadingResult;
    };
    const taken = await takeProbe(
      {
        clusters: { get: async () => ok(cluster) },
        fleet: { read, presence: async () => context.presence } as unknown as Fleet,
        locks: {
          holder: async () => ok(this.holder === undefined ? undefined : ({ run: this.holder } as never)),
        },
        probes,
        notifier: { tell: (notice) => this.notices.push(notice) },
        clock: {
          nowMs: () => nowMs,
          monotonicMs: () => 0,
          sleep: async () => {
            this.slept += 1;
          },
        },
      },
      { cluster: 'lab', id, by },
    );
    assert.ok(taken.ok);
    return taken.value;
  }
}

/** Nothing is written: the standby has replayed everything. */
const level = (action: ReadAction) => (action.kind === 'readReplication' ? { lsn: '1/20000000' } : {});

/** One file too many on the standby. */
const oneTooMany = (node: string, action: ReadAction) =>
  action.kind === 'countFiles' && node === 'n2' ? { files: 501 } : undefined;
const badIn = ({ checks }: ProbeDocument) =>
  checks.filter(({ verdict }) => verdict === 'fail' || verdict === 'unknown').map(({ id }) => id);

describe('a probe', () => {
  it('is every check of the preflight, kept, and taken once for a request', async () => {
    const world = new World();
    const first = await world.take('request-1');
    assert.ok(first.checks.length > 10);
    assert.ok(!first.checks.some(({ id }) => id === 'probe-recent'), 'what probes say of probes is none of a probe');
    assert.deepEqual(badIn(first), []);
    const { readings } = world;
    assert.deepEqual(await world.take('request-1'), first);
    assert.equal(world.readings, readings);
    assert.equal(world.kept.length, 1);
  });

  it('looks again at what does not pass before it believes it', async () => {
    const world = new World();
    let looks = 0;
    world.change = (node, action) => {
      if (oneTooMany(node, action) === undefined) return undefined;
      looks += 1;
      return looks < 3 ? { files: 501 } : undefined;
    };
    assert.deepEqual(badIn(await world.take('request-1')), []);
    assert.ok(world.slept >= 2);
    world.change = oneTooMany;
    assert.deepEqual(badIn(await world.take('request-2')), ['files-equal']);
  });

  it('is told of where something changed, once for better and once for worse, not while it stays', async () => {
    const world = new World();
    await world.take('request-1');
    world.notices.length = 0;
    world.change = oneTooMany;
    await world.take('request-2');
    await world.take('request-3');
    world.change = () => undefined;
    await world.take('request-4');
    assert.deepEqual(
      world.notices.map(({ kind, subject }) => [kind, subject.split('; ')[1]]),
      [
        ['probe', '1 worse than before'],
        ['probe', '1 better than before'],
      ],
    );
    assert.match(world.notices[0]?.text ?? '', /n2: File counts are equal: fail \(was pass\): 501 files/);
  });

  it('is told of where whoever took it died before that, as the same notice', async () => {
    const world = new World();
    await world.take('request-1');
    world.change = oneTooMany;
    await world.take('request-2');
    const [told] = world.notices.splice(0).slice(-1);
    await world.take('request-2');
    assert.deepEqual(world.notices, [told]);
    assert.notEqual(told?.id, undefined);
  });

  it('says which run held the cluster meanwhile, and alarms nobody of what that has stopped', async () => {
    const world = new World();
    world.holder = 'upgrade-1';
    world.change = oneTooMany;
    assert.equal((await world.take('request-1')).run, 'upgrade-1');
    assert.deepEqual(world.notices, []);
  });
});
