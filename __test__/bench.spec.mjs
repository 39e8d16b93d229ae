import { readFileSync } from 'node:fs';

import { describe, expect, test } from 'vitest';

import { chart } from '../bench/compare/chart.mjs';
import { CONTENDERS, takesPart, turns } from '../bench/compare/contenders.mjs';
import { goalsText, reached } from '../bench/compare/goals.mjs';
import { TABLES, table, withTable } from '../bench/compare/table.mjs';

const read = (path) => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');
const results = JSON.parse(read('bench/compare/results.json'));

test.for(TABLES)('%s has the table "%s" of results.json', ([page, name, make]) => {
  expect(read(page)).toBe(withTable(read(page), name, make(results)));
});

test('the chart is that of results.json', () => {
  expect(read('bench/compare/chart.svg')).toBe(chart(results));
});

const row = (contender, transport, figures, concurrency = 16, chain = 'first') => ({ contender, transport, chain, concurrency, ...figures });

describe('a figure is compared', () => {
  const measured = [
    row('fallcast', 'plain', { cpuUs: 20, threadUs: 5, perSecond: 1000 }),
    row('undici', 'plain', { cpuUs: 40, threadUs: 10, perSecond: 2000 }),
    row('fallcast', 'tls', { cpuUs: 30, threadUs: null }),
    row('undici', 'tls', { cpuUs: 20, threadUs: null }),
    row('fallcast', 'h2', { cpuUs: 10 }),
    row('fetch', 'tls', { cpuUs: 100 }),
    row('fallcast', 'h2', { residentKbACall: 15.4 }, 2000, 'slow'),
  ];
  const found = (transport, figure, to) => reached(measured)
    .filter((goal) => goal.work.transport === transport && goal.figure === figure && goal.to === to)
    .map(({ found, met }) => [found, met]);

  test('with the undici pool on the same transport', () => {
    expect(found('plain', 'cpuUs', 'undici')).toEqual([[0.5, true]]);
    expect(found('plain', 'threadUs', 'undici')).toEqual([[0.5, false]]);
    expect(found('plain', 'perSecond', 'undici')).toEqual([[0.5, false]]);
    expect(found('tls', 'cpuUs', 'undici')).toEqual([[1.5, false]]);
  });

  test('with fetch over TLS where HTTP/2 is spoken, which fetch does not speak', () => {
    expect(found('h2', 'cpuUs', 'fetch')).toEqual([[0.1, true]]);
  });

  test('with nobody where it is a number by itself', () => {
    expect(found('h2', 'residentKbACall', undefined)).toEqual([[15.4, false]]);
  });

  test('and left out where one of both was not measured', () => {
    expect(found('tls', 'threadUs', 'undici')).toEqual([]);
    expect(found('h2', 'cpuUs', 'undici')).toEqual([]);
    expect(reached([])).toEqual([]);
  });

  test('and shown with what was aimed at', () => {
    const [head, ...lines] = goalsText(measured).split('\n');
    expect(head).toBe('2 of 7 goals that were measured are met');
    expect(lines).toContainEqual(expect.stringMatching(/^plain, 16 at once +CPU to undici +≤ 1.05 +0.50 +met$/));
    expect(table({ transport: 'plain', chain: 'first', concurrency: 16 }, measured.slice(0, 2))).toMatch(/^fallcast +20.0 \(0.50\) +5.0 \(0.50\)/m);
  });
});

describe('in turn', () => {
  const names = Object.keys(CONTENDERS);
  const work = { transport: 'plain', concurrency: 16 };

  test('all begin, then the quick ones, forwards and backwards', () => {
    expect(turns(names, work, 0)).toEqual(names);
    expect(turns(names, work, 1)).toEqual(['undici', 'fallcast']);
    expect(turns(names, work, 2)).toEqual(['fallcast', 'undici']);
    expect(turns(names, work, 3)).toEqual(names.toReversed());
  });

  test('nobody is measured on what it does not speak', () => {
    expect(names.filter((name) => takesPart(name, { ...work, transport: 'h2' }))).toEqual(['fallcast', 'undici']);
    expect(names.filter((name) => takesPart(name, { transport: 'tls', concurrency: 64 }))).toEqual(['fallcast', 'undici', 'fetch', 'openai']);
  });
});
