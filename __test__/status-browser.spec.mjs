/** The status page in a real browser. */
import { once } from 'node:events';
import { mkdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';

import axe from 'axe-core';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';

import { byModel } from '../examples/upstream.mjs';
import status from '../status/index.js';
import { executablePath, openPage, startBrowser } from './chromium.mjs';
import { start } from './redis.mjs';
import { another, chain, engineFor, fail, upstreamFor } from './support.mjs';

const { statusPage } = status;
/** An id that would be an image with a script, were it markup. */
const HOSTILE = '<img src=x onerror=alert(1)>';
const pictures = fileURLToPath(new URL('../target/status/', import.meta.url));
mkdirSync(pictures, { recursive: true });
/** The picture in the README; written anew with `WRITE_PICTURE=1`. */
const picture = fileURLToPath(new URL('../examples/status.png', import.meta.url));
const SIZE = { width: 1400, height: 1000 };

async function served(engine, options, port = 0) {
  const page = statusPage(engine, options);
  const server = createServer(page).listen(port, '127.0.0.1');
  await once(server, 'listening');
  const close = () => { page.close(); server.close(); server.closeAllConnections(); };
  onTestFinished(close);
  return { origin: `http://127.0.0.1:${server.address().port}`, port: server.address().port, close };
}

/** An engine of which there is something to see in every part of the page. */
async function lived() {
  const upstream = await upstreamFor(byModel({
    'deepseek-r1-0528-syn': 'internal_error', 'deepseek-r1': 'clean', 'kimi-k2.5-syn': { name: 'rate_limited', retryAfter: 600 },
    'kimi-k2-instruct': 'clean', 'glm-4.6-syn': 'prose', [HOSTILE]: 'clean', 'qwen3-dear': 'clean',
  }));
  const fallbacks = { 'deepseek-r1-0528-syn': ['deepseek-r1'], 'kimi-k2.5-syn': ['kimi-k2-instruct'], 'glm-4.6-syn': ['qwen3-dear'] };
  const ids = ['deepseek-r1-0528-syn', 'deepseek-r1', 'kimi-k2.5-syn', 'kimi-k2-instruct', 'glm-4.6-syn', 'qwen3-dear', HOSTILE];
  const models = Object.fromEntries(ids.map((id) => [id, { fallbacks: fallbacks[id] ?? [], ...(id === 'qwen3-dear' && { promptUsdPer1M: 3, completionUsdPer1M: 8 }) }]));
  const engine = engineFor(chain(upstream, { ...models, 'minimax-m2.1': { provider: 'other' }, 'llama-3-8b-lite': { enabled: false, retiresOn: '2990-01-01' } }, {
    dailyBudgetUsd: 0.02, transientThreshold: null,
    providers: [{ id: 'other', baseUrl: 'https://example.org/v1', apiKeyEnv: 'NO_SUCH_KEY', maxConcurrency: 8 }],
  }));
  for (let round = 0; round < 5; round += 1) {
    for (const modelId of ['deepseek-r1-0528-syn', 'kimi-k2.5-syn', 'glm-4.6-syn', HOSTILE]) {
      await engine.predictWithFallback({ modelId, matches: [another()] }, { requestId: `job-${round}` });
    }
  }
  return engine;
}

describe.skipIf(!executablePath)('in the browser', () => {
  let browser;
  beforeAll(async () => { browser = await startBrowser(); }, 60_000);
  afterAll(() => browser?.close());

  /** The page of an engine, loaded; it must complain of nothing by the end of the test. */
  async function open(origin, context) {
    const { page, complaints } = await openPage(browser, origin, onTestFinished, context);
    await page.goto(`${origin}/`);
    await page.locator('#models tbody tr').first().waitFor();
    return { page, complaints, text: (selector) => page.locator(selector).innerText() };
  }
  const row = (page, id) => page.locator(`tr[data-model=${JSON.stringify(id)}]`);

  test('every part shows what the engine says', async () => {
    const engine = await lived();
    const { origin } = await served(engine, { title: 'Predictions' });
    const { page, complaints, text } = await open(origin);
    expect(await page.title()).toBe('Predictions');
    await expect.poll(() => text('#stream')).toBe('live');
    expect((await text('#counts')).replaceAll(/\s+/g, ' ')).toMatch(/^\d models active \d off \d cooling 1 without a key 1 not enabled$/);
    expect(await text('#budget')).toMatch(/spent.*of \$0\.020000/s);
    expect(await text('#routes')).toContain('deepseek-r1-0528-syn: 5 predictions through deepseek-r1');
    expect(await page.locator('#routes .bad.mark').allInnerTexts()).toEqual([expect.stringMatching(/^ ?\d+\.\d×$/)]);
    expect(await row(page, 'glm-4.6-syn').innerText()).toMatch(/off until.*parse_error/s);
    expect(await row(page, 'glm-4.6-syn').locator('[role=img]').getAttribute('aria-label')).toBe('5 of 5 failures in a row');
    expect(await row(page, 'kimi-k2.5-syn').innerText()).toMatch(/cooling until.*rate_limited/s);
    expect(await row(page, 'deepseek-r1').innerText()).toMatch(/100 % of 5/);
    expect(await row(page, 'minimax-m2.1').innerText()).toContain('no key');
    expect(await row(page, 'llama-3-8b-lite').innerText()).toMatch(/not enabled\s+retires on 2990-01-01/);
    expect(await text('#providers')).toMatch(/other\s+no key\s+0\s+8\s+0/);
    expect(await text('#prompts')).toMatch(/active/);
    expect(await text('#days')).toMatch(/20\s+100 %\s+15/);
    expect(await page.locator('#calls > li').count()).toBe(20);
    await page.locator('#calls summary').nth(3).click();
    expect(await page.locator('#calls details[open]').innerText()).toMatch(/job-4.*deepseek-r1-0528-syn at p: server_error \(500\).*deepseek-r1 at p: answered \(200\)/s);
    expect(await text('#events')).toContain('disabled');
    await page.selectOption('#why', 'glm-4.6-syn');
    await expect.poll(() => text('#plan')).toMatch(/qwen3-dear at p: asked first.*glm-4\.6-syn: passed over, disabled/s);
    expect(complaints).toEqual([]);
  });

  test('the fifth failure turns a row, without reload, and so does what is switched on again', async () => {
    const engine = await lived();
    const { origin } = await served(engine);
    const { page, complaints, text } = await open(origin);
    await page.evaluate(() => { window.sameDocument = true; });
    fail(engine, 'deepseek-r1', 4);
    await row(page, 'deepseek-r1').locator('[aria-label="4 of 5 failures in a row"]').waitFor();
    expect(await row(page, 'deepseek-r1').getAttribute('data-state')).toBe('active');
    const before = await text('#counts [data-state=active]');
    fail(engine, 'deepseek-r1', 1);
    await page.locator('tr[data-model="deepseek-r1"][data-state=disabled]').waitFor();
    expect(Number.parseInt(await text('#counts [data-state=active]'), 10)).toBe(Number.parseInt(before, 10) - 1);
    expect(await page.locator('#events > li').first().innerText()).toContain('disabled');
    engine.enableModel('deepseek-r1');
    await page.locator('tr[data-model="deepseek-r1"][data-state=active]').waitFor();
    expect(await page.evaluate(() => window.sameDocument)).toBe(true);
    expect(complaints).toEqual([]);
  });

  test('a long name or reason pushes nothing else out of sight', async () => {
    const [id, provider] = ['a'.repeat(200), 'p'.repeat(60)];
    const engine = engineFor({ builtinCatalog: false, providers: [{ id: provider, baseUrl: 'http://127.0.0.1:9/v1' }], models: [{ id, provider, upstreamModel: 'x', promptUsdPer1M: 1, completionUsdPer1M: 1 }] });
    engine.disableModel(id, 'y'.repeat(900));
    const { page } = await open((await served(engine)).origin);
    const sides = await page.locator('#models tbody tr > *').evaluateAll((cells) => cells.map((each) => each.getBoundingClientRect().right));
    expect(Math.max(...sides)).toBeLessThanOrEqual(1400);
  });

  test('predictions and answers of one model are two routes, each on one row however often it changes', async () => {
    const upstream = await upstreamFor(byModel({ a: 'clean' }));
    const engine = engineFor(chain(upstream, ['a']));
    const { origin } = await served(engine);
    const { page } = await open(origin);
    for (let round = 1; round <= 3; round += 1) {
      await engine.predictWithFallback({ modelId: 'a', matches: [another()] });
      await engine.askWithFallback({ modelId: 'a', prompt: { user: 'Which one?' } });
      const sentences = engine.getStatus().routes.map(({ sentence }) => sentence);
      expect(sentences).toHaveLength(2);
      await expect.poll(() => page.locator('#routes tbody th').allInnerTexts()).toEqual(sentences);
    }
  });

  test('the stream of a server that was restarted comes back, with another engine', async () => {
    const first = engineFor(chain({ baseUrl: 'http://127.0.0.1:9/v1' }, ['a', 'b']));
    const { origin, port, close } = await served(first);
    const { page, text } = await open(origin);
    close();
    await expect.poll(() => text('#stream')).toContain('connection lost');
    const second = engineFor(chain({ baseUrl: 'http://127.0.0.1:9/v1' }, ['a', 'b', 'c']));
    await served(second, {}, port);
    await page.locator('tr[data-model="c"]').waitFor();
    expect(await text('#stream')).toBe('live');
    second.disableModel('c', 'by hand');
    await page.locator('tr[data-model="c"][data-state=disabled]').waitFor();
  });

  test('ids, reasons and messages that look like markup stay text', async () => {
    const engine = await lived();
    const reason = '"><script>alert(2)</script><b onmouseover=alert(3)>';
    engine.disableModel(HOSTILE, reason);
    const { origin } = await served(engine, { title: '</title><script>alert(4)</script>', actions: true, authorize: () => true });
    const { page, complaints } = await open(origin);
    await page.selectOption('#why', HOSTILE);
    await page.locator('#plan li').first().waitFor();
    expect(await row(page, HOSTILE).innerText()).toContain(HOSTILE);
    expect(await row(page, HOSTILE).innerText()).toContain(reason);
    expect(await page.locator('img, main script, b[onmouseover]').count()).toBe(0);
    expect(await page.title()).toBe('</title><script>alert(4)</script>');
    expect(complaints).toEqual([]);
  });

  test('models are found and sorted, what is open stays open, and the keyboard alone reaches everything', async () => {
    const engine = await lived();
    const { origin } = await served(engine, { actions: true, authorize: () => true });
    const { page, complaints, text } = await open(origin);
    const ids = () => page.locator('#models tbody th').allInnerTexts();
    await page.fill('#filter', 'kimi');
    expect(await ids()).toEqual(['kimi-k2.5-syn', 'kimi-k2-instruct']);
    await page.fill('#filter', '');
    await page.selectOption('#state', 'disabled');
    expect(await ids()).toEqual(['glm-4.6-syn']);
    expect(await text('#shown')).toBe('1 of 9');
    await page.selectOption('#state', '');
    const head = page.getByRole('button', { name: 'cost today' });
    await head.focus();
    await page.keyboard.press('Enter');
    await page.keyboard.press('Enter');
    expect(await page.locator('th[aria-sort=descending]').innerText()).toContain('cost today');
    expect((await ids())[0]).toBe('qwen3-dear');

    const reached = new Set();
    await page.locator('body').click({ position: { x: 1, y: 1 } });
    for (let press = 0; press < 120; press += 1) {
      await page.keyboard.press('Tab');
      reached.add(await page.evaluate(() => document.activeElement.closest('section, header')?.getAttribute('aria-labelledby') + ' ' + document.activeElement.tagName));
    }
    for (const what of ['h-models INPUT', 'h-models SELECT', 'h-models BUTTON', 'h-models DIV', 'h-prompts BUTTON', 'h-calls SUMMARY', 'h-why SELECT']) expect([...reached]).toContain(what);

    await page.locator('#calls summary').first().click();
    const off = page.getByRole('button', { name: 'switch off: deepseek-r1', exact: true });
    await off.focus();
    await page.keyboard.press('Enter');
    await page.locator('tr[data-model="deepseek-r1"][data-state=disabled]').waitFor();
    expect(engine.getModels().find(({ id }) => id === 'deepseek-r1').disabledReason).toBe('switched off on the status page');
    await expect.poll(() => page.evaluate(() => document.activeElement.getAttribute('aria-label'))).toBe('switch on: deepseek-r1');
    expect(await page.locator('#calls details[open]').count()).toBe(1);
    expect(complaints).toEqual([]);
  });

  test('the picture in the README is of the page of the demo, and what it shows is there', async () => {
    const demo = fileURLToPath(new URL('../examples/demo.mjs', import.meta.url));
    const { line } = start(process.execPath, [demo, '--page']);
    const [, origin] = await line(/status page is at (http:\S+)\/ /);
    const { page, complaints, text } = await open(origin, { viewport: SIZE });
    await line(/matches predicted in/);
    await expect.poll(() => text('#routes')).toContain('deepseek-r1-0528-syn: 1 prediction through deepseek-r1');
    for (const part of ['h1', '#stream', '#counts', '#budget', '#routes tbody tr >> nth=0', '#filter', '#models tbody tr >> nth=0']) {
      const box = await page.locator(part).boundingBox();
      expect(box && box.y + box.height, part).toBeLessThan(SIZE.height);
    }
    if (process.env.WRITE_PICTURE) await page.screenshot({ path: picture });
    // Width and height stand at the beginning of a PNG.
    const header = readFileSync(picture);
    expect({ width: header.readUInt32BE(16), height: header.readUInt32BE(20) }).toEqual(SIZE);
    expect(readFileSync(new URL('../README.md', import.meta.url), 'utf8')).toContain('(examples/status.png)');
    expect(complaints).toEqual([]);
  }, 60_000);

  test.each([['light', {}], ['dark', { colorScheme: 'dark' }], ['narrow', { viewport: { width: 360, height: 800 } }]])('axe finds nothing, and nothing hangs over the edge: %s', async (name, context) => {
    const engine = await lived();
    const { origin } = await served(engine, { title: 'Predictions', actions: true, authorize: () => true });
    const { page, complaints } = await open(origin, { reducedMotion: 'reduce', ...context });
    await page.locator('#calls summary').nth(3).click();
    await page.selectOption('#why', 'glm-4.6-syn');
    await page.locator('#plan li').first().waitFor();
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
    await page.screenshot({ path: `${pictures}${name}.png`, fullPage: true });
    // Evaluated by the browser's own tools, which the policy of the page does not bind.
    await page.evaluate(axe.source);
    const { violations, passes } = await page.evaluate(() => window.axe.run());
    expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target).join(', ')}`)).toEqual([]);
    expect(passes.length).toBeGreaterThan(15);
    expect(complaints).toEqual([]);
  });
});
