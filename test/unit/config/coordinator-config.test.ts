import assert from 'node:assert/strict';
import { hostname } from 'node:os';
import { coordinatorConfigTemplate, parseCoordinatorConfig } from '../../../coordinator/config/coordinator-config.ts';

const values = {
  listen: { host: '10.77.0.1', port: 7450 },
  advertise: { host: '10.77.0.1', port: 7450 },
  stateDirectory: '/var/lib/baton',
  socketPath: '/run/baton/operator.sock',
};
const parse = (text: string) => parseCoordinatorConfig(text, 'coordinator.yaml');
const refusal = (text: string): string => {
  const parsed = parse(text);
  assert.ok(!parsed.ok);
  assert.equal(parsed.failure.code, 'bad-input');
  return parsed.failure.message;
};

describe('coordinator.yaml', () => {
  it('reads what `baton init` writes', () => {
    const parsed = parse(coordinatorConfigTemplate({ ...values, natsProgram: '/usr/sbin/nats-server' }));
    assert.ok(parsed.ok, JSON.stringify(parsed));
    assert.deepEqual(
      { ...parsed.value, name: '' },
      {
        name: '',
        ...values,
        socketGroup: 'baton',
        nats: { kind: 'embedded', program: '/usr/sbin/nats-server' },
        releases: { sizeBytesMax: 16e9 },
        secretsDirectory: '/etc/baton/secrets',
      },
    );
  });

  it('reads what `baton init` writes when no nats-server is named: everything below `nats:` is a comment', () => {
    const parsed = parse(coordinatorConfigTemplate(values));
    assert.deepEqual(parsed.ok && parsed.value.nats, { kind: 'embedded' });
  });

  it('has a default for everything', () => {
    for (const text of ['', '{}', '# nothing\n']) {
      const parsed = parse(text);
      assert.ok(parsed.ok, text);
      assert.deepEqual(parsed.value.listen, { host: '0.0.0.0', port: 7450 });
      assert.deepEqual(parsed.value.advertise, { host: hostname(), port: 7450 });
      assert.deepEqual(parsed.value.nats, { kind: 'embedded' });
    }
  });

  it('takes an external cluster', () => {
    const parsed = parse('nats: { url: "tls://a:4222,tls://b:4222", credentialsFile: /etc/baton/nats.creds }');
    assert.ok(parsed.ok);
    assert.deepEqual(parsed.value.nats, {
      kind: 'external',
      url: 'tls://a:4222,tls://b:4222',
      credentialsFile: '/etc/baton/nats.creds',
      replicas: 3,
    });
  });

  it('says line and column of a syntax error', () => {
    assert.match(refusal('listen: "0.0.0.0:1"\nstate: [\n'), /^coordinator\.yaml:\d+:\d+: /);
    assert.match(refusal('state: /a\nstate: /b\n'), /^coordinator\.yaml:2:1: /);
  });

  it('says line and column of each wrong value and of each unknown key', () => {
    const message = refusal('listen: no where\nstate: relative/path\nnats:\n  url: http://x\nlisten-on: 3\n');
    assert.match(message, /coordinator\.yaml:1:9: listen: must be host:port/);
    assert.match(message, /coordinator\.yaml:2:8: state: must be an absolute path/);
    assert.match(message, /coordinator\.yaml:4:8: nats\.url: /);
    assert.match(message, /coordinator\.yaml:5:1: listen-on: there is no such key/);
  });

  it('refuses names that try to be options, paths or code', () => {
    for (const name of ['--help', '../etc', '$(id)', 'a b', '""'])
      assert.match(refusal(`name: "${name.replaceAll('"', '')}"`), /name/);
    assert.match(refusal('__proto__: { name: x }'), /there is no such key/);
    assert.match(refusal('listen: "-x:1"'), /listen/);
    assert.match(refusal('listen: "host:99999"'), /listen/);
  });

  it('refuses an embedded and an external bus at once, and a password in the address', () => {
    assert.match(refusal('nats: { url: "nats://a:1", program: /bin/x }'), /give one of them/);
    assert.match(refusal('nats: { replicas: 3 }'), /give url too/);
    assert.match(refusal('nats: { url: "nats://user:secret@a:1" }'), /no password/);
  });

  it('refuses text that is no mapping, and aliases that blow up', () => {
    assert.match(refusal('- a\n'), /coordinator\.yaml:1:1/);
    const bomb = [
      'a: &a [x,x,x,x,x,x,x,x,x]',
      ...'bcdefg'.split('').map((c, i) => `${c}: &${c} [${Array(9).fill(`*${'abcdefg'[i]}`).join(',')}]`),
    ];
    assert.match(refusal(bomb.join('\n')), /coordinator\.yaml/);
  });
});
