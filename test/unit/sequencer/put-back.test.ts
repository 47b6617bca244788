// A node that is put back to an older copy in the middle of a run, whatever the coordinator itself remembers.
import assert from 'node:assert/strict';
import type { CheckRef, CheckResult, NodePresence } from '../../../coordinator/checks/check.ts';
import type { RunEvent } from '../../../coordinator/journal/event.ts';
import type { Plan } from '../../../coordinator/plans/plan.ts';
import { fold } from '../../../coordinator/sequencer/apply.ts';
import { formatKey } from '../../../shared/key.ts';
import { drive } from './drive.ts';
import { samplePlan } from './sample-plan.ts';
import { World } from './world.ts';

class PutBackWorld extends World {
  refusal: string | undefined;
  private isUnseen = false;

  /** Everything of n1's attempts is forgotten, and what they left is gone. */
  putBack(...marks: string[]): void {
    for (const [name, row] of this.rows) if (row.node === 'n1') this.rows.delete(name);
    for (const mark of marks) this.marks.delete(mark);
  }
  joinAnew(): void {
    this.refusal = undefined;
    this.generations.set('n1', 'g2');
  }
  joinUnseen(): void {
    this.generations.set('n1', 'g2');
    this.isUnseen = true;
  }
  override presence(): NodePresence[] {
    return super.presence().map((one) => {
      if (one.node !== 'n1') return one;
      if (this.refusal !== undefined) return { ...one, connected: false, refusal: this.refusal };
      return this.isUnseen ? { ...one, ledger: { generation: 'g1', counter: 0 } } : one;
    });
  }
}

/** Tells the suspension's record apart from the units. */
class ObserverWorld extends World {
  hasRecord = true;
  strictReads = 0;
  loseRecord(): void {
    this.hasRecord = false;
    this.generations.set('n3', 'g2');
  }
  override check(checks: CheckRef[]): CheckResult[] {
    return checks.flatMap((ref) => {
      if (ref.check !== 'failover-suspended') return super.check([ref]);
      const isStrict = ref.params.isRecordOptional !== true;
      if (isStrict) this.strictReads += 1;
      const [result] = super.check([{ check: 'mark', params: { mark: 'suspend' } }]);
      assert.ok(result);
      return [isStrict && !this.hasRecord ? { ...result, verdict: 'fail' as const } : result];
    });
  }
}

const started = (events: RunEvent[], item: string): number =>
  events.filter(({ fact }) => fact.type === 'StepStarted' && fact.item === item && fact.phase === 'do').length;
const haltsOf = (events: RunEvent[], reason: string) =>
  events.flatMap(({ fact }) => (fact.type === 'RunHalted' && fact.halt.reason === reason ? [fact.halt] : []));

describe('a node that is put back in the middle of a run', () => {
  it('halts the run at once, says what was carried out there, and goes on once people have looked and it joined anew', () => {
    const world = new PutBackWorld();
    let isPutBack = false;
    const { events, state } = drive({
      plan: samplePlan,
      world,
      onEvent: ({ fact }) => {
        if (fact.type !== 'StepStarted' || fact.item !== 'install-standby') return;
        isPutBack = true;
        world.putBack();
        world.refusal = "n1: its agent's ledger went back from 9 to 4";
      },
      operator: (legal, now) => {
        if (now.halt?.reason === 'approval') return 'approve';
        if (!isPutBack) return undefined;
        if (world.refusal === undefined) return legal.includes('retry') ? 'retry' : undefined;
        assert.deepEqual(legal, []);
        world.joinAnew();
        return 'wait';
      },
    });
    const halts = haltsOf(events, 'restored-state');
    assert.equal(halts.length, 1);
    assert.match(
      halts[0]?.message ?? '',
      /^n1: .*went back from 9 to 4\. Carried out there in this run.*step stop.*step install/,
    );
    assert.equal(state.status, 'succeeded', state.halt?.message ?? '');
    assert.deepEqual(state.looked, { n1: 'g2' });
    const keys = world.started.map(formatKey);
    assert.equal(new Set(keys).size, keys.length);
    // The operator has looked: what was done counts, and its postconditions were read again.
    assert.equal(started(events, 'install'), 1);
  });

  it('also when it joined anew before anybody saw that it had gone back', () => {
    const world = new PutBackWorld();
    const { events, state } = drive({
      plan: samplePlan,
      world,
      onEvent: ({ fact }) => {
        if (fact.type !== 'StepStarted' || fact.item !== 'install-standby') return;
        world.putBack('install');
        world.joinAnew();
      },
      operator: (legal, now) => (now.halt?.reason === 'approval' && legal.includes('approve') ? 'approve' : undefined),
    });
    assert.equal(state.halt?.reason, 'restored-state');
    assert.match(state.halt?.message ?? '', /n1: its agent’s ledger is another one than this run has worked with/);
    assert.equal(started(events, 'arm'), 0);
  });

  it('is not taken as looked at by an approval that was given meanwhile', () => {
    const world = new PutBackWorld();
    let isJoined = false;
    const { events, state } = drive({
      plan: samplePlan,
      world,
      operator: (legal, now) => {
        if (now.halt?.reason !== 'approval') return undefined;
        if (isJoined) return legal.includes('approve') ? 'approve' : undefined;
        isJoined = true;
        world.putBack();
        world.joinAnew();
        return 'wait';
      },
    });
    assert.ok(events.some(({ fact }) => fact.type === 'OperatorDecided' && fact.decision === 'approve'));
    assert.equal(state.halt?.reason, 'restored-state');
    assert.deepEqual(state.looked, {});
  });

  it('is never sent again what it may have begun, also by a coordinator that has forgotten everything', () => {
    const world = new PutBackWorld({ lucks: ['fine', 'fine', 'fine', 'outcome-lost'] });
    let isPutBack = false;
    const { events, state } = drive({
      plan: samplePlan,
      world,
      isCrash: (instruction) => {
        const isSent = world.started.some(({ step }) => step === 'install');
        if (isPutBack || !isSent || instruction.kind === 'append') return false;
        isPutBack = true;
        world.putBack('install');
        // The table of nodes tells nothing: the command itself is for another ledger.
        world.joinAnew();
        return true;
      },
      operator: (legal, now) => {
        if (now.halt?.reason === 'approval') return 'approve';
        return now.halt?.reason === 'restored-state' && legal.includes('retry') ? 'retry' : undefined;
      },
    });
    assert.ok(isPutBack);
    assert.ok(haltsOf(events, 'restored-state').length > 0);
    const keys = world.started.map(formatKey);
    assert.equal(keys.filter((key) => key === 'upgrade-1/install/do/1').length, 1);
    const settled = events.findIndex(({ fact }) => fact.type === 'AttemptSettled' && fact.item === 'install');
    const again = events.findIndex(
      ({ fact }) => fact.type === 'StepStarted' && fact.item === 'install' && fact.attempt === 2,
    );
    assert.ok(settled > 0 && again > settled, 'a tombstone before the next attempt');
    assert.equal(state.status, 'succeeded', state.halt?.message ?? '');
  });

  it('is refused by its agent alone where the coordinator takes the old ledger for the present one', () => {
    const world = new PutBackWorld();
    const { events, state } = drive({
      plan: samplePlan,
      world,
      onEvent: ({ fact }) => {
        // Between the intent and the command, and presence tells of it later than the command arrives.
        if (fact.type === 'StepStarted' && fact.item === 'install') world.joinUnseen();
      },
      operator: (legal, now) => (now.halt?.reason === 'approval' && legal.includes('approve') ? 'approve' : undefined),
    });
    assert.equal(state.halt?.reason, 'restored-state');
    assert.match(state.halt?.message ?? '', /step install: .*another ledger/);
    assert.equal(world.started.filter(({ step }) => step === 'install').length, 0);
    // No word of the attempt itself: it stays open until an operator decides.
    assert.ok(!events.some(({ fact }) => fact.type === 'OutcomeRecorded' && fact.item === 'install'));
  });

  it('is found also where presence could not be read: nothing is started before the ledger is known', () => {
    class BlindWorld extends World {
      seesAtMs = Number.POSITIVE_INFINITY;
      override presence(): NodePresence[] {
        return this.nowMs < this.seesAtMs ? [] : super.presence();
      }
    }
    const seeing = new BlindWorld();
    seeing.seesAtMs = seeing.nowMs + 30_000;
    const { events, state } = drive({ plan: samplePlan, world: seeing, operator: () => 'approve' });
    assert.equal(state.status, 'succeeded', state.halt?.message ?? '');
    assert.ok(events.every(({ fact }) => fact.type !== 'StepStarted' || fact.ledger?.generation === 'g1'));
    const blind = drive({ plan: samplePlan, world: new BlindWorld() });
    assert.match(blind.state.ended?.message ?? '', /step stage cannot start: nothing is known of n1’s ledger/);
    assert.ok(!blind.events.some(({ fact }) => fact.type === 'StepStarted'));
  });

  for (const direction of ['approve', 'abort'] as const)
    it(`can be the observer’s: without its record, a held observer lets the run end after ${direction}`, () => {
      const suspended = { check: 'failover-suspended', params: {} };
      const plan: Plan = {
        ...samplePlan,
        items: samplePlan.items.map((item) =>
          item.id === 'suspend' ? { ...item, then: [suspended] } : item,
        ) as Plan['items'],
      };
      const world = new ObserverWorld();
      const { events, state } = drive({
        plan,
        world,
        operator: (legal, now) => {
          if (now.halt?.reason === 'approval' && world.hasRecord) {
            world.loseRecord();
            return direction;
          }
          return now.halt?.reason === 'restored-state' && legal.includes('retry') ? 'retry' : undefined;
        },
      });
      assert.equal(state.status, direction === 'approve' ? 'succeeded' : 'aborted', state.halt?.message ?? '');
      assert.equal(haltsOf(events, 'postcondition-failed').length, 0);
      assert.ok(world.strictReads > 0, 'the step itself is judged with its record');
    });

  it('can be the observer’s also where nothing is started after its record is lost: a suspension that lasts is seen at the end', () => {
    const suspended = { check: 'failover-suspended', params: {} };
    const plan: Plan = {
      ...samplePlan,
      items: samplePlan.items
        .filter(({ id }) => id !== 'arm')
        .map((item) =>
          item.id === 'suspend' ? { ...item, then: [suspended], until: 'never' } : item,
        ) as Plan['items'],
    };
    const endWith = (lose: (world: ObserverWorld) => void) => {
      const world = new ObserverWorld();
      return drive({
        plan,
        world,
        operator: (legal) => (legal.includes('approve') ? 'approve' : undefined),
        onEvent: ({ fact }) => {
          if (fact.type === 'StepStarted' && fact.item === 'ticket') lose(world);
        },
      }).state;
    };
    const held = endWith((world) => {
      world.hasRecord = false;
    });
    assert.equal(held.status, 'succeeded', held.halt?.message ?? '');
    const released = endWith((world) => void world.marks.delete('suspend'));
    assert.equal(released.halt?.reason, 'postcondition-failed');
  });

  it('does not keep journals of before from being folded: an intent without a ledger is as it was', () => {
    const { events } = drive({ plan: samplePlan, world: new PutBackWorld(), operator: () => 'approve' });
    const old = JSON.parse(JSON.stringify(events), (name, value) =>
      name === 'ledger' ? undefined : value,
    ) as RunEvent[];
    assert.equal(fold('upgrade-1', old).status, 'succeeded');
  });
});
