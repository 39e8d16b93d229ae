/** `fallcast catalog diff`: holds a catalogue against what its providers list, shows what is another, and writes it down. */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { pricesOf, retirementOf } from './listing.mjs';

const BUILTIN = new URL('../catalog/', import.meta.url);
/** How long a provider may take to answer, and how many bytes are read of it. */
const PATIENCE_MS = 30_000;
const MOST_BYTES = 32 * 1024 * 1024;
/** What of a difference says that the catalogue is out of date; what is only new does not. */
const STALE = ['gone', 'retires', 'dearer', 'cheaper'];

/** What a file of a folder holds under its name; nothing if it is not there. */
function entriesIn(folder, part) {
  const file = folder instanceof URL ? new URL(`${part}.json`, folder) : join(folder, `${part}.json`);
  if (!existsSync(file)) return [];
  return JSON.parse(readFileSync(file, 'utf8').replace(/^\uFEFF/, ''))[part] ?? [];
}

/** Providers and models by id: the built-in ones, and over them those of a folder. */
export function catalogOf(folder) {
  const layered = (part) => {
    const all = [...entriesIn(BUILTIN, part), ...(folder === undefined ? [] : entriesIn(folder, part))];
    return new Map(all.map((entry) => [entry.id, entry]));
  };
  return { providers: layered('providers'), models: layered('models') };
}

/** What `GET /models` of a provider lists; throws what is wrong, without the key. */
async function listingOf({ baseUrl, apiKey, apiKeyEnv, headers = {} }, env) {
  const key = apiKey ?? (apiKeyEnv && env[apiKeyEnv]?.trim());
  if (apiKeyEnv && !key) throw new Error(`${apiKeyEnv} is not set`);
  const response = await fetch(`${baseUrl.replace(/\/+$/, '')}/models`, {
    headers: { accept: 'application/json', ...headers, ...(key && { authorization: `Bearer ${key}` }) },
    redirect: 'error',
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  if (!response.ok) throw new Error(`answered with status ${response.status}`);
  const listing = JSON.parse(await textOf(response));
  const rows = [listing, listing?.data, listing?.models].find(Array.isArray) ?? [];
  const known = rows.filter((row) => typeof row?.id === 'string');
  if (known.length === 0) throw new Error('lists nothing');
  return known;
}

async function textOf(response) {
  let [text, bytes] = ['', 0];
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > MOST_BYTES) throw new Error('answered with more than 32 MiB');
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

/** What is another at one provider than the catalogue says; `today` is a day in UTC as `YYYY-MM-DD`. */
export function differenceOf(provider, models, rows, today) {
  const { modelIdPrefix: prefix = '' } = provider;
  const bare = (id) => (id.startsWith(prefix) ? id.slice(prefix.length) : id);
  const listed = new Map(rows.map((row) => [bare(row.id), row]));
  const own = models.filter((model) => model.provider === provider.id);
  const difference = { gone: [], retires: [], dearer: [], cheaper: [], new: [] };
  for (const model of own.filter(({ enabled, retiresOn }) => enabled !== false && !(retiresOn <= today))) {
    const row = listed.get(bare(model.upstreamModel));
    const about = { modelId: model.id, upstreamModel: model.upstreamModel };
    if (!row) {
      difference.gone.push({ ...about, changes: { retiresOn: today } });
      continue;
    }
    const retiresOn = retirementOf(row);
    if (retiresOn && retiresOn !== model.retiresOn) difference.retires.push({ ...about, changes: { retiresOn } });
    const changes = priceChanges(model, pricesOf(row));
    const rises = Object.entries(changes).some(([field, price]) => price > model[field]);
    if (Object.keys(changes).length > 0) difference[rises ? 'dearer' : 'cheaper'].push({ ...about, before: model, changes });
  }
  const known = new Set(own.map(({ upstreamModel }) => bare(upstreamModel)));
  for (const [upstreamModel, row] of listed) {
    if (known.has(upstreamModel) || !['chat', 'language', undefined].includes(row.type)) continue;
    difference.new.push({ upstreamModel, prices: pricesOf(row) });
  }
  return difference;
}

/** The prices of a model that are others in a listing: where the catalogue has one, or where one must be. */
function priceChanges(model, prices) {
  const fields = Object.entries(prices ?? {}).filter(([field]) => model[field] !== undefined);
  return Object.fromEntries(fields.filter(([field, price]) => price !== model[field]));
}

/** Asks each provider that serves a model of the catalogue, side by side. */
export async function compare({ providers, models }, only, today, env = process.env) {
  const all = [...models.values()];
  const asked = [...providers.values()].filter(({ id }) => (
    only ? only.includes(id) : all.some(({ provider, enabled }) => provider === id && enabled !== false)
  ));
  return Promise.all(asked.map(async (provider) => {
    try {
      const rows = await listingOf(provider, env);
      return { provider: provider.id, listed: rows.length, ...differenceOf(provider, all, rows, today) };
    } catch (error) {
      const problem = error.cause?.code ?? error.cause?.message ?? error.message;
      return { provider: provider.id, problem };
    }
  }));
}

/** Writes into a folder what is another, and entries for the new models that are named; returns how many it wrote. */
export function write(folder, { models }, results, add) {
  const changes = results.flatMap((result) => STALE.flatMap((kind) => (result[kind] ?? [])));
  const entries = new Map(entriesIn(folder, 'models').map((entry) => [entry.id, entry]));
  const touched = new Set();
  for (const { modelId, changes: fields } of changes) {
    entries.set(modelId, { ...(entries.get(modelId) ?? models.get(modelId)), ...fields });
    touched.add(modelId);
  }
  for (const entry of additions(results, models, add)) {
    entries.set(entry.id, entry);
    touched.add(entry.id);
  }
  if (touched.size === 0) return 0;
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'models.json');
  const before = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8').replace(/^\uFEFF/, '')) : {};
  // At one stroke: an engine that watches the folder never reads half of it.
  writeFileSync(`${file}.new`, `${inShort({ ...before, models: [...entries.values()] })}\n`);
  renameSync(`${file}.new`, file);
  return touched.size;
}

/** Entries for the new models that are named by their upstream names, or for all that have a price. */
function additions(results, models, add) {
  if (!add) return [];
  const taken = new Set(models.keys());
  const listed = results.flatMap(({ provider, new: rows = [] }) => rows.map((row) => ({ provider, ...row })));
  const wanted = add === 'all' ? listed.filter(({ prices }) => prices) : add.split(',').map((name) => {
    const row = listed.find(({ upstreamModel }) => upstreamModel === name);
    if (!row) throw new Error(`--add: no provider lists ${name} as new`);
    if (!row.prices) throw new Error(`--add: ${row.provider} lists no price for ${name}`);
    return row;
  });
  return wanted.map(({ provider, upstreamModel, prices }) => {
    const short = upstreamModel.split('/').at(-1).toLowerCase();
    const id = taken.has(short) ? `${short}-${provider}` : short;
    if (taken.has(id)) throw new Error(`--add: ${upstreamModel}: the id ${id} is taken`);
    taken.add(id);
    const { promptUsdPer1M, completionUsdPer1M } = prices;
    return { id, provider, upstreamModel, promptUsdPer1M, completionUsdPer1M };
  });
}

/** JSON with each list of plain values on one line. */
const inShort = (value) => JSON.stringify(value, null, 2)
  .replaceAll(/\[\n\s+([^[\]{}]*?)\n\s+\]/g, (_, items) => `[${items.split(/,\n\s+/).join(', ')}]`);

/** What is another, for people. */
export function report(results) {
  const lines = results.flatMap(({ provider, problem, listed, ...difference }) => {
    if (problem !== undefined) return [`${provider}: not asked: ${problem}`];
    const rows = Object.entries(difference).flatMap(([kind, entries]) => entries.map((entry) => [kind, ...cells(entry)]));
    const widths = [0, 1].map((column) => Math.max(0, ...rows.map((row) => row[column].length)));
    const texts = rows.map(([kind, name, what]) => `  ${kind.padEnd(widths[0])}  ${name.padEnd(widths[1])}  ${what}`.trimEnd());
    return [`${provider}: lists ${listed}${rows.length === 0 ? ', nothing is another' : ''}`, ...texts];
  });
  return lines.join('\n');
}

const NAMES = {
  promptUsdPer1M: 'prompt', completionUsdPer1M: 'completion', cachedPromptUsdPer1M: 'cached prompt', reasoningUsdPer1M: 'reasoning',
};

function cells({ modelId, upstreamModel, before, changes, prices }) {
  if (before) {
    const parts = Object.entries(changes).map(([field, price]) => `${NAMES[field]} ${before[field]} → ${price}`);
    return [modelId, parts.join(', ')];
  }
  if (modelId === undefined) return [upstreamModel, prices ? `${prices.promptUsdPer1M} / ${prices.completionUsdPer1M}` : 'no price'];
  return [modelId, changes.retiresOn && `${upstreamModel}, from ${changes.retiresOn} on`];
}

/** Runs the command. The exit code: 1 if the catalogue is out of date, 3 if a provider could not be asked, else 0. */
export async function catalogDiff(folder, { write: writes, add, provider, json }, check) {
  if ((writes || add) && folder === undefined) throw new Error('--write: names no folder: fallcast catalog diff <folder> --write');
  check(folder);
  const catalog = catalogOf(folder);
  const only = provider?.split(',');
  for (const id of only ?? []) {
    if (!catalog.providers.has(id)) throw new Error(`--provider: the catalogue has no ${id}`);
  }
  const results = await compare(catalog, only, new Date().toISOString().slice(0, 10));
  const shown = results.map(({ ...result }) => {
    for (const kind of ['dearer', 'cheaper']) {
      result[kind] &&= result[kind].map(({ before, ...entry }) => ({
        ...entry, before: Object.fromEntries(Object.keys(entry.changes).map((field) => [field, before[field]])),
      }));
    }
    return result;
  });
  console.log(json ? JSON.stringify(shown, null, 2) : report(shown));
  const problems = results.some(({ problem }) => problem !== undefined);
  if (writes || add) {
    const count = write(folder, catalog, results, add);
    console.error(`\n${count} ${count === 1 ? 'entry' : 'entries'} written to ${join(folder, 'models.json')}`);
    check(folder);
    return problems ? 3 : 0;
  }
  const isStale = results.some((result) => STALE.some((kind) => result[kind]?.length > 0));
  return isStale ? 1 : problems ? 3 : 0;
}
