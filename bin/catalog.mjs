/** `fallcast catalog diff`: holds a catalogue against what its providers list, shows what is another, and writes it down. */
import { existsSync, mkdirSync, readFileSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { edited } from './edited.mjs';
import { listingOf, pricesOf, retirementOf } from './listing.mjs';

const BUILTIN = new URL('../catalog/', import.meta.url);
/** What kinds of models answer chat completions, of those hosts that name the kind. */
const ANSWERING = ['chat', 'language', 'model', null, undefined];
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

/** What is another at one provider than the catalogue says; `today` is a day in UTC as `YYYY-MM-DD`. */
export function differenceOf(provider, models, rows, today) {
  const { modelIdPrefix: prefix = '' } = provider;
  const bare = (id) => (id.startsWith(prefix) ? id.slice(prefix.length) : id);
  const listed = new Map(rows.map((row) => [bare(row.id), row]));
  // A host that writes a name with other capitals has not taken the model away.
  const inLowerCase = new Map([...listed].map(([name, row]) => [name.toLowerCase(), row]));
  const rowOf = (name) => listed.get(name) ?? inLowerCase.get(name.toLowerCase());
  const own = models.filter((model) => model.provider === provider.id);
  const difference = { gone: [], retires: [], dearer: [], cheaper: [], new: [] };
  for (const model of own.filter(({ enabled, retiresOn }) => enabled !== false && !(retiresOn <= today))) {
    const row = rowOf(bare(model.upstreamModel));
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
  const known = new Set(own.map(({ upstreamModel }) => bare(upstreamModel).toLowerCase()));
  for (const [upstreamModel, row] of listed) {
    if (known.has(upstreamModel.toLowerCase()) || !ANSWERING.includes(row.type)) continue;
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
      return { provider: provider.id, problem: problemOf(error, provider, env) };
    }
  }));
}

/** What is wrong, without the key and the values of headers, should it cite them. */
function problemOf(error, { apiKey, apiKeyEnv, headers = {} }, env) {
  const problem = String(error.cause?.code ?? error.cause?.message ?? error.message);
  const secrets = [apiKey, env[apiKeyEnv], ...Object.values(headers)].filter((secret) => secret);
  return secrets.reduce((safe, secret) => safe.replaceAll(secret, '[key]'), problem);
}

/**
 * Writes into a folder what is another, and entries for the new models that are named, once `check` has found that all of it is
 * sound; returns how many entries it wrote.
 */
export function write(folder, { models }, results, add, check) {
  const own = new Set(entriesIn(folder, 'models').map(({ id }) => id));
  const changes = new Map();
  for (const { modelId, changes: fields } of results.flatMap((result) => STALE.flatMap((kind) => result[kind] ?? []))) {
    changes.set(modelId, { ...changes.get(modelId), ...fields });
  }
  const laidOver = [...changes].filter(([id]) => !own.has(id)).map(([id, fields]) => ({ ...models.get(id), ...fields }));
  const more = [...laidOver, ...additions(results, models, add)];
  const count = [...changes.keys()].filter((id) => own.has(id)).length + more.length;
  if (count === 0) return 0;

  mkdirSync(folder, { recursive: true });
  const named = join(folder, 'models.json');
  const exists = existsSync(named);
  // Where a link leads, not the link, is what is written anew.
  const file = exists ? realpathSync(named) : named;
  const text = edited(exists ? readFileSync(file, 'utf8') : undefined, 'models', changes, more);
  check(folder, JSON.parse(text.replace(/^\uFEFF/, '')).models);
  // At one stroke: an engine that watches the folder never reads half of it.
  try {
    writeFileSync(`${file}.new`, text, { mode: exists ? statSync(file).mode : 0o666, flush: true });
    renameSync(`${file}.new`, file);
  } catch (error) {
    rmSync(`${file}.new`, { force: true });
    throw error;
  }
  return count;
}

/** Entries for the new models that are named by their upstream names, or for all that have a price. */
function additions(results, models, add) {
  if (!add) return [];
  const taken = new Set(models.keys());
  const listed = results.flatMap(({ provider, new: rows = [] }) => rows.map((row) => ({ provider, ...row })));
  const wanted = add === 'all' ? listed.filter(({ prices }) => prices) : [...new Set(add.split(','))].map((name) => {
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

/** Text of a provider, so that a terminal shows it and does nothing else. */
const printable = (text) => text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\u{fffd}');

/** What is another, for people. */
export function report(results) {
  const lines = results.flatMap(({ provider, problem, listed, ...difference }) => {
    if (problem !== undefined) return [`${provider}: not asked: ${printable(problem)}`];
    const rows = Object.entries(difference).flatMap(([kind, entries]) => entries.map((entry) => [kind, ...cells(entry).map(printable)]));
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
  if (folder !== undefined && !writes && !add && !existsSync(folder)) throw new Error(`${folder}: there is no such folder`);
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
    const count = write(folder, catalog, results, add, check);
    console.error(`\n${count} ${count === 1 ? 'entry' : 'entries'} written to ${join(folder, 'models.json')}`);
    return problems ? 3 : 0;
  }
  const isStale = results.some((result) => STALE.some((kind) => result[kind]?.length > 0));
  return isStale ? 1 : problems ? 3 : 0;
}
