#!/usr/bin/env node
/**
 * The command `fallcast`: checks a catalogue and prompts, prints the prompt that a model would be sent, runs a slate, shows a
 * status, and holds a catalogue against what its providers list.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { Fallcast } from '../main.js';
import { catalogDiff } from './catalog.mjs';
import { numberOf, requestIn, runSlate } from './slate.mjs';
import { showStatus, sourceOf } from './status.mjs';

const USAGE = `Usage:
  fallcast check [folder]        load catalogue and prompts, render every model; exits 1 on any fault
  fallcast catalog diff [folder] [--provider a,b] [--json] [--write] [--add <name>,<name> | all]
                                 ask each provider what it lists, with the keys of the environment, and show which models
                                 are gone, retire, are dearer, cheaper or new; --write brings the folder's models.json up
                                 to date, --add puts new models in; exits 1 if the catalogue is out of date, 3 if a
                                 provider could not be asked
  fallcast prompt <model> --match <file.json> [--version <name>]
                                 print the prompt that the model would be sent; the file holds a match, or an array
  fallcast slate <file.json> [--config <file.json>] [--models a,b | active] [--max-cost <usd>]
                 [--deadline <seconds>] [--allow-started] [--json]
                                 ask every model about every match, with a bar for each provider, and print what they
                                 say; the file holds an array of matches, or a whole request; exits 1 if a cell is missing
  fallcast status --url <page> [--header 'name: value'] | --fleet <redis://…> | --state <file.json>
                  [--config <file.json>] [--watch | --json | --serve <port>] [--allow-insecure-http]
                                 show what an operator sees: of a status page, of a fleet (read only), or of what a
                                 state file holds, as text or JSON, again whenever it changes, or as a page on this machine;
                                 exits 1 if no model is active

A folder holds models.json and providers.json, or prompts (manifest.json), or both with the prompts in its folder
prompts. Without one, what ships is meant.

Options of all:
  --catalog <folder>             a folder with models.json, providers.json or both
  --prompts <folder>             a folder with manifest.json
  --help`;

const SAMPLE = { id: 'sample', homeTeam: 'Home', awayTeam: 'Away', competition: 'Cup', kickoff: '2026-02-05' };

const OPTIONS = {
  catalog: { type: 'string' },
  prompts: { type: 'string' },
  match: { type: 'string' },
  version: { type: 'string' },
  config: { type: 'string' },
  models: { type: 'string' },
  'max-cost': { type: 'string' },
  deadline: { type: 'string' },
  json: { type: 'boolean' },
  'allow-started': { type: 'boolean' },
  url: { type: 'string' },
  header: { type: 'string', multiple: true },
  fleet: { type: 'string' },
  state: { type: 'string' },
  watch: { type: 'boolean' },
  serve: { type: 'string' },
  'allow-insecure-http': { type: 'boolean' },
  provider: { type: 'string' },
  write: { type: 'boolean' },
  add: { type: 'string' },
  help: { type: 'boolean' },
};

/** The configuration that a folder holds. */
function configIn(folder) {
  if (!existsSync(folder)) throw new Error(`${folder}: there is no such folder`);
  const holds = (name) => existsSync(join(folder, name));
  const isCatalog = holds('models.json') || holds('providers.json');
  const prompts = holds('prompts') ? join(folder, 'prompts') : folder;
  return { ...(isCatalog && { catalog: folder }), ...((!isCatalog || prompts !== folder) && { prompts }) };
}

/** Renders every model in every version that is for it, and prints how many tokens that takes. */
function check(engine) {
  const versions = engine.getPrompts();
  const rows = engine.getModels().flatMap(({ id }) => versions
    .filter(({ models }) => models === null || models.includes(id))
    .map(({ version }) => {
      const { estimatedTokens, overrides } = engine.buildPrompt(id, [SAMPLE], version);
      return [id, version, String(estimatedTokens), overrides.join(', ')];
    }));
  const table = [['model', 'version', 'tokens', 'overrides'], ...rows];
  const widths = table[0].map((_, column) => Math.max(...table.map((row) => row[column].length)));
  for (const row of table) console.log(row.map((cell, column) => cell.padEnd(widths[column])).join('  ').trimEnd());
  console.log('\nNo faults. Tokens are estimates, for one match.');
  const soon = new Date(Date.now() + 30 * 24 * 3_600_000).toISOString().slice(0, 10);
  for (const { id, state, retiresOn } of engine.getModels()) {
    if (state === 'retired') console.error(`warning: ${id} is retired since ${retiresOn} and is passed over`);
    else if (state !== 'not_enabled' && retiresOn !== null && retiresOn <= soon) console.error(`warning: ${id} retires on ${retiresOn}`);
  }
}

/** Throws what is wrong with a folder as a catalogue, if it is to be one already, with `models` laid over it. */
function loads(folder, models) {
  const holds = folder !== undefined && ['models.json', 'providers.json'].some((name) => existsSync(join(folder, name)));
  void new Fallcast({ ...(holds && { catalog: folder }), ...(models && { models }) }).close();
}

/** What a file of JSON holds. */
function jsonIn(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8').replace(/^\uFEFF/, ''));
  } catch (error) {
    throw new Error(`${file}: ${error.message}`);
  }
}

/** Prints the prompt for the matches in a file. */
function prompt(engine, modelId, { match, version }) {
  const matches = [jsonIn(match)].flat();
  const { system, user, promptVersion, overrides, estimatedTokens } = engine.buildPrompt(modelId, matches, version);
  console.log(`[system]\n${system}\n\n[user]\n${user}`);
  const names = overrides.join(', ') || 'none';
  console.error(`\nversion ${promptVersion}, overrides: ${names}, about ${estimatedTokens} tokens`);
}

/** Runs the slate that a file holds. */
function slate(engine, file, { models, json, deadline, 'max-cost': maxCost, 'allow-started': allowStarted }) {
  const request = requestIn(jsonIn(file), models);
  const seconds = numberOf('deadline', deadline);
  const deadlineMs = seconds === undefined ? undefined : Math.round(seconds * 1000);
  const options = { maxCostUsd: numberOf('max-cost', maxCost), deadlineMs, allowStarted };
  return runSlate(engine, request, options, { json });
}

/** Shows a status. */
async function show(values, config) {
  const source = await sourceOf({ ...values, config, readJson: jsonIn });
  try {
    return await showStatus(source, values);
  } finally {
    await source.close();
  }
}

/** Whether a command has all that it needs. */
function isComplete(command, operand, { match, url, fleet, state }) {
  switch (command) {
    case 'check': return true;
    case 'prompt': return Boolean(operand && match);
    case 'slate': return Boolean(operand);
    case 'status': return !operand && [url, fleet, state].filter((each) => each !== undefined).length === 1;
    default: return false;
  }
}

/** Runs the command; the exit code. */
async function main(args) {
  const { values, positionals } = parseArgs({ args, options: OPTIONS, allowPositionals: true });
  const [command, operand, ...rest] = positionals;
  const isDiff = command === 'catalog' && operand === 'diff';
  if (values.help || !(isDiff || isComplete(command, operand, values)) || rest.length > (isDiff ? 1 : 0)) {
    (values.help ? console.log : console.error)(USAGE);
    return values.help ? 0 : 2;
  }
  const { catalog, prompts } = values;
  if (isDiff) return catalogDiff(rest[0] ?? catalog, values, loads);
  const found = command === 'check' && operand ? configIn(operand) : values.config ? jsonIn(values.config) : {};
  const config = { ...found, ...(catalog && { catalog }), ...(prompts && { prompts }) };
  if (command === 'status') return await show(values, config);
  const engine = new Fallcast(config);
  try {
    if (command === 'slate') return await slate(engine, operand, values);
    if (command === 'check') check(engine);
    else prompt(engine, operand, values);
    return 0;
  } finally {
    await engine.close();
  }
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(error.message);
  process.exitCode = error.code?.startsWith('ERR_PARSE_ARGS') ? 2 : 1;
}
