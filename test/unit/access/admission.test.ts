import assert from 'node:assert/strict';
import { createAdmission, networkOf, type Stranger, strangersMax } from '../../../coordinator/access/admission.ts';

interface Guest extends Stranger {
  isEnded: boolean;
}

/** Connections to a port whose clock is moved by hand. */
function aPort() {
  let nowMs = 0;
  const reasons: string[] = [];
  const admission = createAdmission<Guest>({ monotonicMs: () => nowMs }, (reason) => void reasons.push(reason));
  return {
    admission,
    reasons,
    pass(ms: number) {
      nowMs += ms;
    },
    come(address: string): Guest & { isIn: boolean } {
      const guest = {
        address,
        isEnded: false,
        destroy() {
          guest.isEnded = true;
        },
        isIn: false,
      };
      guest.isIn = admission.mayCome(address);
      if (guest.isIn) admission.admit(guest);
      return guest;
    },
  };
}

describe('who is let in before TLS', () => {
  it('ends the oldest stranger where there is no place, so that nobody is kept out by who waits', () => {
    const port = aPort();
    const first = port.come('10.0.0.0');
    for (let count = 1; count < strangersMax; count += 1) {
      port.pass(1_000);
      assert.ok(port.come(`10.0.0.${count}`).isIn);
    }
    assert.equal(first.isEnded, false);
    port.pass(1_000);
    assert.ok(port.come('10.0.1.1').isIn);
    assert.equal(first.isEnded, true);
    assert.deepEqual(port.reasons, ['too many in all']);
  });

  it('lets a network come that has proved an identity while strangers crowd the port', () => {
    const port = aPort();
    port.admission.prove(port.come('10.0.0.1'), 'serial-1');
    for (let last = 1; port.come(`10.1.0.${last}`).isIn; last += 1);
    assert.deepEqual(port.reasons, ['they came too fast']);
    assert.equal(port.come('10.2.0.1').isIn, false);
    assert.ok(port.come('10.0.0.1').isIn);
  });

  it('remembers a network that another certificate has proved, whatever becomes of the first one’s', () => {
    const port = aPort();
    port.admission.prove(port.come('10.0.0.1'), 'honest');
    port.admission.prove(port.come('10.0.0.1'), 'stolen');
    for (const last of [1, 2, 3, 4]) port.admission.prove(port.come(`10.9.0.${last}`), 'stolen');
    for (let last = 1; port.come(`10.1.0.${last}`).isIn; last += 1);
    assert.ok(port.come('10.0.0.1').isIn);
  });

  it('lets a network come that was known before the port was opened, but not once its certificate is worth nothing', () => {
    const port = aPort();
    port.admission.know(['10.0.0.1', '10.0.0.2'], 'serial-1');
    for (let last = 1; port.come(`10.1.0.${last}`).isIn; last += 1);
    assert.ok(port.come('10.0.0.1').isIn);
    assert.ok(port.come('10.0.0.2').isIn);
    port.admission.forget('serial-1');
    assert.equal(port.come('10.0.0.1').isIn, false);
  });

  it('keeps what a certificate has proved itself when it is told what was known before', () => {
    const port = aPort();
    port.admission.prove(port.come('10.0.0.9'), 'serial-1');
    port.admission.know(['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4'], 'serial-1');
    for (let last = 1; port.come(`10.1.0.${last}`).isIn; last += 1);
    assert.ok(port.come('10.0.0.9').isIn);
    assert.ok(port.come('10.0.0.4').isIn);
    assert.equal(port.come('10.0.0.1').isIn, false, 'the oldest');
  });

  it('forgets all but the newest networks of one certificate', () => {
    const port = aPort();
    for (const last of [1, 2, 3, 4, 5]) port.admission.prove(port.come(`10.9.0.${last}`), 'stolen');
    for (let last = 1; port.come(`10.1.0.${last}`).isIn; last += 1);
    assert.equal(port.come('10.9.0.1').isIn, false);
    assert.ok(port.come('10.9.0.5').isIn);
  });

  it('takes an IPv4 address for a network, and of an IPv6 one the first half', () => {
    assert.equal(networkOf('10.0.0.1'), '10.0.0.1');
    assert.equal(networkOf('::ffff:10.0.0.1'), '10.0.0.1');
    assert.equal(networkOf('2001:db8:1:2:3:4:5:6'), '2001:db8:1:2');
    assert.equal(networkOf('2001:db8::1'), '2001:db8:0:0');
    assert.equal(networkOf('fe80::1%eth0'), 'fe80:0:0:0');
    assert.equal(networkOf('::1'), '0:0:0:0');
  });
});
