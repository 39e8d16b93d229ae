/** Writes `docs/configuration.md` from the types in `index.d.ts`, comments included; a test compares the two. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import ts from 'typescript';

const TYPES = new URL('../index.d.ts', import.meta.url);
const PAGE = new URL('../docs/configuration.md', import.meta.url);

const INTRODUCTION = `# Configuration

Generated from \`index.d.ts\` by \`npm run docs\`.

\`new Fallcast(config)\` and \`configure(config)\` take an object. One with faults is refused with \`INVALID_CONFIG\`, which
names every fault with its path and value, and changes nothing. A field that is not listed here is a fault.

| environment variable | read | what for |
| --- | --- | --- |
| \`TOGETHER_API_KEY\`, \`SYNTHETIC_API_KEY\` | when an engine is built | keys of the built-in providers; an empty one is no key |
| what \`apiKeyEnv\` of a provider names | when an engine is built | its key |
| \`DAILY_BUDGET\` | when an engine is built | \`dailyBudgetUsd\`, unless the configuration has it |
| \`HTTPS_PROXY\`, \`HTTP_PROXY\`, \`ALL_PROXY\`, \`NO_PROXY\` | when an engine is built | proxies, except to this machine |
`;

/** The sections in order: a head, what stands under it, and the interface whose fields follow. */
const SECTIONS = [
  ['An engine', '', 'Config'],
  ['A provider', 'In `providers` of the configuration, or in `providers.json` of the folder `catalog`.', 'Provider'],
  ['A model', 'In `models` of the configuration, or in `models.json` of the folder `catalog`.', 'Model'],
  ['Limits', 'Of a provider, or of a model.', 'Limits'],
  ['Prompts', 'As an object. In a folder, `manifest.json` has `versions`, and each component is a Markdown file.', 'Prompts'],
  ['A version of the prompts', '', 'PromptVersion'],
  ['Options of a request', 'The second argument of `predictWithFallback` and `explain`.', 'PredictOptions'],
];

const source = ts.createSourceFile('index.d.ts', readFileSync(TYPES, 'utf8'), ts.ScriptTarget.Latest, true);

/** The documented fields of an interface; those of an object in it have its name before theirs. */
export function fieldsOf(name) {
  const declaration = source.statements.find((node) => ts.isInterfaceDeclaration(node) && node.name.text === name);
  return declaration.members.flatMap((member) => field(member, ''));
}

function field(member, prefix) {
  const name = `${prefix}${member.name.getText()}`;
  if (ts.isTypeLiteralNode(member.type)) return member.type.members.flatMap((inner) => field(inner, `${name}.`));
  const [comment] = ts.getJSDocCommentsAndTags(member);
  const text = ts.getTextOfJSDocComment(comment?.comment)?.replaceAll(/\s+/g, ' ').trim();
  if (!text) throw new Error(`${name} is not documented`);
  const [, what, byDefault = ''] = /^(.*?)(?: Default: (.+)\.)?$/.exec(text);
  const type = member.type.getText().replaceAll(/\s+/g, ' ');
  return [{ name, type, what, byDefault, optional: member.questionToken !== undefined }];
}

function table(name) {
  const cell = (text) => text.replaceAll('|', '\\|');
  const rows = fieldsOf(name).map(({ name, type, what, byDefault, optional }) =>
    `| \`${name}\` | \`${cell(type)}\` | ${optional ? cell(byDefault) : 'required'} | ${cell(what)} |`);
  return ['| field | type | default | |', '| --- | --- | --- | --- |', ...rows].join('\n');
}

/** The page. */
export function configurationPage() {
  const sections = SECTIONS.map(([head, text, name]) => `## ${head}\n\n${text && `${text}\n\n`}${table(name)}\n`);
  return [INTRODUCTION, ...sections].join('\n');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(PAGE, configurationPage());
