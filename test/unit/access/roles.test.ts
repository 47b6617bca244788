import assert from 'node:assert/strict';
import { operatorRoles, refusalOfCall, refusalOfDecision, whoMay } from '../../../coordinator/access/roles.ts';
import { Operator } from '../../../shared/gen/baton/v1/operator_pb.ts';

describe('roles', () => {
  it('have a row for every call, and an admin may make each', () => {
    assert.deepEqual(Object.keys(whoMay).sort(), Operator.methods.map(({ localName }) => localName).sort());
    for (const { name } of Operator.methods) assert.equal(refusalOfCall('admin', name), undefined, name);
  });

  it('keep an approver from carrying a run on, and an operator from approving', () => {
    const words = ['pause', 'resume', 'retry', 'adopt', 'approve', 'reject', 'abort', 'anything new'];
    const may = operatorRoles.map((role) => words.filter((word) => refusalOfDecision(role, word) === undefined));
    const carryingOn = words.filter((word) => word !== 'approve' && word !== 'reject');
    assert.deepEqual(may, [[], carryingOn, ['approve', 'reject'], words]);
  });

  it('refuse a call that nobody knows to everybody but an admin', () => {
    const may = operatorRoles.filter((role) => refusalOfCall(role, 'ToString') === undefined);
    assert.deepEqual(may, ['admin']);
    assert.notEqual(refusalOfCall('viewer', 'constructor'), undefined);
  });

  it('say whose call it is, whose it is not, and who changes that', () => {
    assert.equal(
      refusalOfCall('viewer', 'StartRun'),
      'StartRun is for the role operator or admin, yours is viewer; an admin changes it: baton operator role',
    );
  });
});
