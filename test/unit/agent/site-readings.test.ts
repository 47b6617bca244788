import assert from 'node:assert/strict';
import { filesOfUnits } from '../../../agent/actions/read-owners.ts';
import { parsePackages } from '../../../agent/actions/read-packages.ts';
import { rulesOf } from '../../../agent/actions/read-security.ts';
import { createOwnerCount } from '../../../agent/site/count-owners.ts';
import { parseInputChains, parseListeners } from '../../../agent/site/listeners.ts';
import { parseSudoRights } from '../../../agent/site/sudo-rights.ts';

describe('What sudo says of a user', () => {
  const listed = (...rules: string[]) =>
    parseSudoRights(
      [
        'Matching Defaults entries for motadata on n1:',
        '    env_reset, mail_badpass, secure_path=/usr/sbin\\:/usr/bin, use_pty',
        '',
        'User motadata may run the following commands on n1:',
        ...rules.map((rule) => `    ${rule}`),
        '',
      ].join('\n'),
    );
  const rights = (...rules: string[]) => {
    const { maySome, mayAll, withoutPassword } = listed(...rules);
    return [maySome, mayAll, withoutPassword];
  };

  it('is every right only with ALL as root, and without a password only where it says so', () => {
    assert.deepEqual(rights('(ALL) NOPASSWD: ALL'), [true, true, true]);
    assert.deepEqual(rights('(ALL : ALL) ALL'), [true, true, false]);
    assert.deepEqual(rights('(root) NOPASSWD: /bin/systemctl, /usr/sbin/ip'), [true, false, true]);
    assert.deepEqual(rights('(root) NOPASSWD: /bin/ls, PASSWD: ALL'), [true, true, false]);
    assert.deepEqual(rights('(root) NOPASSWD: SETENV: /bin/ls, ALL'), [true, true, true]);
  });
  it('is none where one may only become somebody else, or nothing at all', () => {
    assert.deepEqual(rights('(postgres) NOPASSWD: ALL'), [false, false, false]);
    assert.deepEqual(rights('(ALL) !ALL'), [false, false, false]);
    const nobody = parseSudoRights('User nobody is not allowed to run sudo on n1.\n');
    assert.deepEqual([nobody.maySome, nobody.mayAll], [false, false]);
    assert.match(nobody.detail, /not allowed to run sudo/);
  });
  it('takes the best of several rules, and defaults that never ask', () => {
    assert.deepEqual(rights('(ALL) ALL', '(ALL) NOPASSWD: ALL'), [true, true, true]);
    assert.deepEqual(rights('(ALL) NOPASSWD: /bin/ls', '(ALL : ALL) ALL'), [true, true, false]);
    const never = parseSudoRights('Defaults:\n    !authenticate, use_pty\nmay run:\n    (ALL) ALL\n');
    assert.ok(never.withoutPassword);
  });
});

describe('Owners of a tree', () => {
  const count = (entriesMax: number, ...entries: string[]) => {
    const counting = createOwnerCount(entriesMax);
    const bytes = Buffer.from(entries.map((entry) => `${entry}\0`).join(''));
    // As pipes deliver it: anywhere in pieces.
    for (let at = 0; at < bytes.length; at += 7) counting.add(bytes.subarray(at, at + 7));
    return counting.counted();
  };
  it('are counted with examples, the root among them', () => {
    const found = count(10, 'a:a 755 d ', 'a:a 644 f x', 'root:root 644 f y');
    assert.deepEqual([found.owner, found.mode, found.entries, found.isCut], ['a:a', '0755', 3, false]);
    assert.deepEqual(found.owners, [
      { owner: 'a:a', entries: 2, examples: ['.', 'x'] },
      { owner: 'root:root', entries: 1, examples: ['y'] },
    ]);
  });
  it('are counted too where a group of a directory service has a space in its name', () => {
    const found = count(10, 'svc:domain users 755 d ', 'svc:domain users 644 f a b');
    assert.deepEqual([found.owner, found.mode, found.entries], ['svc:domain users', '0755', 2]);
    assert.deepEqual(found.owners, [{ owner: 'svc:domain users', entries: 2, examples: ['.', 'a b'] }]);
  });
  it('tell what everybody may write and what runs as somebody else, but neither links nor sticky folders', () => {
    const found = count(
      10,
      'a:a 755 d ',
      'a:a 666 f x',
      'a:a 777 l y',
      'a:a 1777 d tmp',
      'a:a 4755 f s',
      'a:a 2775 d g',
    );
    assert.deepEqual([found.worldWritable, found.worldWritableExamples], [1, ['x']]);
    assert.deepEqual([found.setId, found.setIdExamples], [1, ['s']]);
  });
  it('are counted up to the limit and say that there are more', () => {
    const found = count(2, 'a:a 755 d ', 'a:a 644 f x', 'b:b 644 f y');
    assert.deepEqual([found.entries, found.isCut, found.owners.length], [2, true, 1]);
  });
  it('survive names with line ends and escape sequences', () => {
    const found = count(10, 'a:a 755 d ', 'b:b 666 f evil\nroot:root 644 f \u001b[2Jx');
    assert.deepEqual([found.entries, found.owners.length, found.worldWritable], [2, 2, 1]);
    assert.doesNotMatch(found.worldWritableExamples[0] ?? '', /\p{Cc}/u);
  });
});

describe('Packages and files of units', () => {
  it('count as installed only where the package manager says so', () => {
    const output = 'installed rsync 3.4.1+ds1-5\nconfig-files nginx 1.26\n';
    assert.deepEqual(parsePackages(['rsync', 'nginx', 'none'], output), [
      { name: 'rsync', version: '3.4.1+ds1-5' },
      { name: 'nginx', version: '' },
      { name: 'none', version: '' },
    ]);
    assert.deepEqual(parsePackages(['a'], 'package a is not installed\n'), [{ name: 'a', version: '' }]);
  });
  it('are the unit’s own, its drop-ins and its program', () => {
    const shown = [
      'ExecStart={ path=/usr/bin/lsyncd ; argv[]=/usr/bin/lsyncd -nodaemon x ; ignore_errors=no }',
      'Id=file-sync.service',
      'FragmentPath=/usr/lib/systemd/system/file-sync.service',
      'DropInPaths=/etc/systemd/system/file-sync.service.d/a.conf /run/b.conf',
    ].join('\n');
    assert.deepEqual(
      filesOfUnits(['file-sync', 'gone'], `${shown}\n\nId=gone.service\nFragmentPath=\nDropInPaths=\n`).map(
        ({ unit, kind, path }) => [unit, kind, path],
      ),
      [
        ['file-sync', 'unit', '/usr/lib/systemd/system/file-sync.service'],
        ['file-sync', 'drop-in', '/etc/systemd/system/file-sync.service.d/a.conf'],
        ['file-sync', 'drop-in', '/run/b.conf'],
        ['file-sync', 'program', '/usr/bin/lsyncd'],
      ],
    );
  });
});

describe('The kernel’s tables', () => {
  const header = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode';
  it('say who listens where', () => {
    const v4 = [header, '   0: 0100007F:1538 00000000:0000 0A 0:0', '   1: 00000000:0016 00000000:0000 0A 0:0'];
    const v6 = [
      header,
      `   0: ${'0'.repeat(32)}:1F90 ${'0'.repeat(32)}:0000 0A`,
      `   1: ${'0'.repeat(32)}:0050 x:0 01`,
    ];
    assert.deepEqual(parseListeners([v4.join('\n'), v6.join('\n')], [22, 80, 5432, 8080]), [
      { port: 22, anyAddress: true },
      { port: 5432, anyAddress: false },
      { port: 8080, anyAddress: true },
    ]);
  });
  it('say that nobody knows the rules where nft does not tell them, and that there are none without nft', () => {
    const nft = { startError: undefined, exitCode: 0, signal: undefined, stdout: '{"nftables":[]}', stderr: '' };
    assert.deepEqual(rulesOf(nft), { chains: [], rulesUnread: '' });
    assert.deepEqual(rulesOf({ ...nft, startError: 'not found', exitCode: undefined }), {
      chains: [],
      rulesUnread: '',
    });
    const refused = rulesOf({ ...nft, exitCode: 1, stdout: '', stderr: 'netlink: Operation not supported' });
    assert.match(refused.rulesUnread, /nft ended with 1: netlink: Operation not supported/);
    assert.match(rulesOf({ ...nft, stdout: '{"nftables":[' }).rulesUnread, /not JSON/);
  });
  it('say what comes in through which rules', () => {
    const json = JSON.stringify({
      nftables: [
        { metainfo: { version: '1.1.3' } },
        { chain: { family: 'inet', table: 'filter', name: 'input', hook: 'input', policy: 'drop' } },
        { chain: { family: 'inet', table: 'filter', name: 'helper' } },
        { chain: { family: 'ip', table: 'filter', name: 'OUTPUT', hook: 'output', policy: 'accept' } },
        { rule: { family: 'inet', table: 'filter', chain: 'input' } },
        { rule: { family: 'inet', table: 'filter', chain: 'input' } },
        { rule: { family: 'inet', table: 'filter', chain: 'helper' } },
      ],
    });
    assert.deepEqual(parseInputChains(json), [{ chain: 'inet filter input', policy: 'drop', rules: 2 }]);
    assert.deepEqual(parseInputChains('{"nftables":[]}'), []);
  });
});
