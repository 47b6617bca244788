// A site's own checks: what they ask, and what they say when they have asked before.
import assert from 'node:assert/strict';
import type { CheckResult } from '../../../coordinator/checks/check.ts';
import { sanityPage } from '../../../coordinator/checks/sanity-page.ts';
import { sanityQuery } from '../../../coordinator/checks/sanity-query.ts';
import { parseCluster } from '../../../coordinator/cluster/parse.ts';
import { clusterTemplate } from '../../../coordinator/cluster/template.ts';
import type { Gate } from '../../../coordinator/plans/plan.ts';
import { compile, upgradeParameters } from '../plans/compiled.ts';
import { context, drive, healthy, labCluster, results } from './world.ts';

const site = labCluster((text) =>
  `${text}sanity:
  - { name: login-page, http: { path: /login, expectPattern: 'Sign in' } }
  - { name: search, http: { path: /search, headers: { Authorization: 'Bearer §{token}' }, tokenFile: /etc/baton/t } }
  - { name: tickets, query: open-tickets, notLessThanBefore: true }
  - { name: settings, query: settings, sameAsBefore: true }
`.replaceAll('§', '$'),
);

describe('sanity checks of a site', () => {
  const gates = compile('upgrade', site).plan.items.filter((item): item is Gate => item.kind === 'gate');
  const refsOf = (id: string) => gates.find((gate) => gate.id === id)?.checks ?? [];
  const inSite = { ...context, cluster: site };
  const found = (text: string) =>
    results(refsOf('preflight.sanity'), (_, { kind }) => (kind === 'readQuery' ? { text } : undefined), inSite);
  const afterwards = (text: string, earlier: CheckResult[] | undefined) =>
    results(refsOf('verify.sanity'), (_, { kind }) => (kind === 'readQuery' ? { text } : undefined), {
      ...inSite,
      earlier: (item) => (item === 'preflight.sanity' ? (earlier ?? []) : []),
    }).map(({ about, verdict }) => `${about} ${verdict}`);

  it('are taken before the work and after it, in upgrades of application and database', () => {
    for (const id of ['preflight.sanity', 'verify.sanity'])
      assert.deepEqual(
        refsOf(id).map(({ check, params }) => `${check} ${params.name}`),
        ['sanity-page login-page', 'sanity-page search', 'sanity-query tickets', 'sanity-query settings'],
      );
    assert.ok(!compile().plan.items.some(({ id }) => id.endsWith('.sanity')));
  });

  it('ask the observer for pages, at the portal unless told otherwise, and the master for queries', () => {
    const asked: string[] = [];
    const refs = [
      ...refsOf('preflight.sanity'),
      sanityPage.ref({ name: 'x', path: 'http://a/b', headers: {}, expectStatus: 200 }),
    ];
    drive(
      refs,
      inSite,
      (node, action) => ({ ok: true, answer: healthy(node, action), commands: [] }),
      (round) =>
        asked.push(...round.map(({ node, action }) => `${node} ${'url' in action ? action.url : action.kind}`)),
    );
    assert.deepEqual(asked, [
      'n3 http://10.77.0.10/login',
      'n3 http://10.77.0.10/search',
      'n1 readQuery',
      'n1 readQuery',
      'n3 http://a/b',
    ]);
  });

  it('compare with what the run has found before: the same, or not less', () => {
    assert.deepEqual(afterwards('42', found('42')).slice(2), ['tickets pass', 'settings pass']);
    assert.deepEqual(afterwards('43', found('42')).slice(2), ['tickets pass', 'settings fail']);
    assert.deepEqual(afterwards('41', found('42')).slice(2), ['tickets fail', 'settings fail']);
    assert.deepEqual(afterwards('many', found('42')).slice(2), ['tickets fail', 'settings fail']);
  });

  it('are unknown, not passed, where nobody knows what there was before', () => {
    assert.deepEqual(afterwards('42', undefined).slice(2), ['tickets unknown', 'settings unknown']);
    assert.deepEqual(
      afterwards(
        '42',
        found('42').filter(({ about }) => about === 'settings'),
      ).slice(2),
      ['tickets unknown', 'settings pass'],
    );
  });

  it('tell long answers by their sum, so that a change behind the words that are shown is seen', () => {
    const ref = { name: 's', query: 's', sameAsBefore: true as const };
    const answer = (sum: string) => ({ text: 'x'.repeat(500), rows: 1, sha256: sum.repeat(64) });
    const take = (comparedTo: string | null, sum: string, earlier: CheckResult[] = []) =>
      results(
        [sanityQuery.ref({ ...ref, comparedTo })],
        (_, { kind }) => (kind === 'readQuery' ? answer(sum) : undefined),
        {
          ...inSite,
          earlier: () => earlier,
        },
      );
    const before = take(null, 'a');
    assert.equal(take('b', 'a', before)[0]?.verdict, 'pass');
    assert.equal(take('b', 'b', before)[0]?.verdict, 'fail');
  });

  it('accept after the work only the very one that failed before', () => {
    const accept = { 'sanity-page': 'known, CHG-1' };
    const items = compile('upgrade', site, { ...upgradeParameters, accept }).plan.items;
    const checks = items.flatMap((item) => (item.kind === 'gate' && item.id === 'verify.sanity' ? item.checks : []));
    const earlier = [{ id: 'sanity-page', node: 'n3', about: 'login-page', accepted: 'known, CHG-1' } as CheckResult];
    const told = results(checks.slice(0, 2), (_, { kind }) => (kind === 'readUrl' ? { status: 500 } : undefined), {
      ...inSite,
      earlier: () => earlier,
    });
    assert.deepEqual(
      told.map(({ about, verdict }) => `${about} ${verdict}`),
      ['login-page warn', 'search fail'],
    );
  });

  const faults = (yaml: string): string => {
    const text = `${clusterTemplate(3, 'classic')}\nsanity: ${yaml.replaceAll('§', '$')}\n`;
    const parsed = parseCluster(text, 'c.yaml');
    return parsed.ok ? '' : parsed.failure.message;
  };
  const cases: [string, string, RegExp][] = [
    ['neither page nor query', '[{ name: a }]', /either http or query/],
    ['both', '[{ name: a, query: b, equals: x, http: { path: / } }]', /either http or query/],
    ['a query that may answer anything', '[{ name: a, query: b }]', /says nothing of the answer/],
    ['a page with a condition of a query', '[{ name: a, http: { path: / }, equals: x }]', /condition of a query/],
    [
      'a name that stands twice',
      '[{ name: a, query: b, equals: x }, { name: a, query: c, equals: x }]',
      /stands twice: a/,
    ],
    [
      'a query that is a path',
      '[{ name: a, query: ../b, equals: x }]',
      /sanity\.0\.query: must be the name of a query/,
    ],
    ['a pattern that takes for ever', "[{ name: a, http: { path: /, expectPattern: '(a+)+b' } }]", /take for ever/],
    ['a page of another scheme', '[{ name: a, http: { path: "file:///etc/passwd" } }]', /begins with one \//],
    [
      'a token without its file',
      "[{ name: a, http: { path: /, headers: { A: '§{token}' } } }]",
      /tokenFile: is needed/,
    ],
    ['a token in an address', "[{ name: a, http: { path: '/?t=§{token}' } }]", /addresses are printed/],
  ];
  for (const [what, yaml, message] of cases)
    it(`refuse ${what}`, () => {
      assert.match(faults(yaml), message);
    });
  it('of the template are valid once their comment signs are gone', () => {
    const text = clusterTemplate(3, 'classic').replaceAll(
      /^# (sanity:| {2}- name: | {4}(?:http|query|notLessThan))/gm,
      '$1',
    );
    const parsed = parseCluster(text, 'c.yaml');
    assert.ok(parsed.ok, parsed.ok ? '' : parsed.failure.message);
    assert.deepEqual(
      parsed.value.sanity?.map(({ name }) => name),
      ['login-page', 'open-tickets'],
    );
  });
});
