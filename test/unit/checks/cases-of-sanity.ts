// Verdicts about what a site looks at itself: pages and queries.
import { sanityPage } from '../../../coordinator/checks/sanity-page.ts';
import { sanityQuery } from '../../../coordinator/checks/sanity-query.ts';
import { on, type Suite } from './cases.ts';

const page = { name: 'login-page', path: '/login', headers: {}, expectStatus: 200 };
const query = { name: 'tickets', query: 'open-tickets', comparedTo: null };

export const suites: Suite[] = [
  {
    ref: sanityPage.ref({ ...page, expectPattern: 'Sign in' }),
    cases: [
      ['another status', 'fail', on('readUrl', { status: 500 }), /^500/],
      ['a page without what it must hold', 'fail', on('readUrl', { value: '' }), /nothing that matches Sign in/],
    ],
  },
  { ref: sanityPage.ref(page), cases: [['a page that is gone', 'fail', on('readUrl', { status: 404 }), /404/]] },
  {
    ref: sanityQuery.ref({ ...query, equals: '42' }),
    cases: [
      ['another answer', 'fail', on('readQuery', { text: '41' }), /"41"/],
      ['no answer', 'fail', on('readQuery', { text: '', rows: 0 }), /""/],
    ],
  },
  {
    ref: sanityQuery.ref({ ...query, atLeast: 40, atMost: 50 }),
    cases: [
      ['too few', 'fail', on('readQuery', { text: '39' }), /39/],
      ['too many', 'fail', on('readQuery', { text: '51' }), /51/],
      ['what is no number', 'fail', on('readQuery', { text: '42|43' }), /which is no number/],
      ['what only looks like one', 'fail', on('readQuery', { text: '0x2a' }), /which is no number/],
    ],
  },
];
