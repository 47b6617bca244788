// The help is the way in: what a new user needs is there, what does not exist yet is not.
import assert from 'node:assert/strict';
import type { Command } from '@commander-js/extra-typings';
import { createProgram } from '../../../coordinator/cli/program.ts';

function helpOf(command: Command): string {
  let text = '';
  command.configureOutput({
    writeOut: (part) => {
      text += part;
    },
  });
  command.outputHelp();
  return text;
}

function leavesOf(command: Command): Command[] {
  const children = command.commands as unknown as Command[];
  return children.length === 0 ? [command] : children.flatMap(leavesOf);
}

const pathOf = (command: Command): string =>
  command.parent ? `${pathOf(command.parent as unknown as Command)} ${command.name()}`.trim() : '';

describe('baton --help', () => {
  it('alone leads a new user from setup to report, in this order', () => {
    const text = helpOf(createProgram());
    const steps = text.slice(text.indexOf('The first time'));
    const words = [
      'baton init',
      'baton coordinator',
      'baton node add',
      'baton cluster template',
      'baton cluster apply',
      'baton check',
      'baton plan upgrade',
      'baton upgrade',
      'baton run watch',
      'baton report',
    ];
    const places = words.map((word) => steps.indexOf(word));
    assert.deepEqual(
      places,
      [...places].sort((a, b) => a - b),
    );
    assert.ok(!places.includes(-1), words[places.indexOf(-1)] ?? '');
  });
  it('lists the commands that exist and no other', () => {
    assert.deepEqual(leavesOf(createProgram()).map(pathOf), [
      'init',
      'coordinator',
      ...['add', 'ls', 'revoke'].map((verb) => `node ${verb}`),
      ...['template', 'apply', 'show', 'ls'].map((verb) => `cluster ${verb}`),
      ...['add', 'ls', 'role', 'revoke'].map((verb) => `operator ${verb}`),
      'authority issue',
      'check',
      'backup take',
      'backup ls',
      'backup verify',
      'plan upgrade',
      'plan db-upgrade',
      'plan backup',
      'plan rollback',
      'plan recover',
      'stage',
      'upgrade',
      'db-upgrade',
      ...[
        'ls',
        'show',
        'watch',
        'logs',
        'pause',
        'resume',
        'retry',
        'adopt',
        'approve',
        'reject',
        'abort',
        'rollback',
        'finalize',
        'export',
        'verify',
      ].map((verb) => `run ${verb}`),
      'recover',
      'report',
      ...['show', 'suspend', 'arm'].map((verb) => `failover ${verb}`),
      'probe',
      'probes history',
      ...['add', 'ls', 'rm'].map((verb) => `schedule ${verb}`),
      'audit',
      'notify test',
      'version',
    ]);
  });
  it('of every command says what it does and gives an example that is its own', () => {
    for (const command of leavesOf(createProgram())) {
      const text = helpOf(command);
      assert.ok(command.description().length > 20, pathOf(command));
      assert.ok(text.slice(text.indexOf('Examples:')).includes(`baton ${pathOf(command)}`), pathOf(command));
    }
  });
});
