/** Writes `docs/configuration.md` and `docs/functions.md` from `index.d.ts`, comments included; a test compares them. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import ts from 'typescript';

const TYPES = new URL('../index.d.ts', import.meta.url);
const CONFIGURATION = new URL('../docs/configuration.md', import.meta.url);
const FUNCTIONS = new URL('../docs/functions.md', import.meta.url);

const INTRODUCTION = `# Configuration

Generated from \`index.d.ts\` by \`npm run docs\`.

\`new Fallcast(config)\` and \`configure(config)\` take an object. One with faults is refused with \`INVALID_CONFIG\`, which
names the first hundred faults, each with its path, and its value where no secret can stand, and changes nothing. A field
that is not listed here is a fault.

| environment variable | read | what for |
| --- | --- | --- |
| \`TOGETHER_API_KEY\`, \`SYNTHETIC_API_KEY\` | when an engine is built | keys of the built-in providers; an empty one is no key |
| what \`apiKeyEnv\` of a provider names | when an engine is built | its key |
| \`DAILY_BUDGET\` | when an engine is built | \`dailyBudgetUsd\`, unless the configuration has it |
| \`HTTPS_PROXY\`, \`HTTP_PROXY\`, \`ALL_PROXY\`, \`NO_PROXY\` | when an engine is built | proxies (http, https, socks4a, socks5h), except to this machine; or in small letters. One that cannot be used is \`INVALID_CONFIG\` |
`;

/** The sections in order: a head, what stands under it, and the interface whose fields follow. */
const SECTIONS = [
  ['An engine', '', 'Config'],
  ['A provider', 'In `providers` of the configuration, or in `providers.json` of the folder `catalog`.', 'Provider'],
  ['A model', 'In `models` of the configuration, or in `models.json` of the folder `catalog`.', 'Model'],
  ['Limits', 'Of a provider, or of a model.', 'Limits'],
  ['Limits of a provider alone', '', 'ProviderLimits'],
  ['Prompts', 'As an object. In a folder, `manifest.json` has `versions`, and each component is a Markdown file.', 'Prompts'],
  ['A version of the prompts', '', 'PromptVersion'],
  ['Options of a request', 'The second argument of `predictWithFallback` and `explain`.', 'PredictOptions'],
  ['Options of a slate', 'Of `predictSlate` and `explainSlate`; [slate.md](slate.md) tells what they are for.', 'SlateOptions'],
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

/** `docs/configuration.md`. */
export function configurationPage() {
  const sections = SECTIONS.map(([head, text, name]) => `## ${head}\n\n${text && `${text}\n\n`}${table(name)}\n`);
  return [INTRODUCTION, ...sections].join('\n');
}

/** A function's or a method's documentation, a paragraph a line. */
function documentation(node) {
  const [comment] = ts.getJSDocCommentsAndTags(node);
  const text = ts.getTextOfJSDocComment(comment?.comment);
  if (!text) throw new Error(`${node.name?.getText()} is not documented`);
  return text.split(/\n\s*\n/).map((paragraph) => paragraph.replaceAll(/\s+/g, ' ').trim()).join('\n\n');
}

/** Its arguments as they are written, and what it returns. */
function signature(node) {
  const parameters = node.parameters.map((parameter) => parameter.getText().replaceAll(/\s+/g, ' ')).join(', ');
  return `${node.name.getText()}(${parameters}): ${node.type.getText().replaceAll(/\s+/g, ' ')}`;
}

/** `docs/functions.md`. */
export function functionsPage() {
  const functions = source.statements.filter(ts.isFunctionDeclaration);
  const { members } = source.statements.find(ts.isClassDeclaration);
  const names = functions.map((node) => node.name.text);
  const methods = members.filter((member) => ts.isMethodDeclaration(member) && (
    member.name.text === 'close' || !names.includes(member.name.text)
  ));
  const constructor = members.find(ts.isConstructorDeclaration);
  const section = (head, node) => `### \`${head}\`\n\n${documentation(node)}\n`;
  return [
    '# Functions\n',
    'Generated from `index.d.ts` by `npm run docs`.\n',
    `## \`new Fallcast(config?: Config | null)\`\n\n${documentation(constructor)}\n`,
    'It has every function of the module but `configure` as a method of the same name. Closed, it stays so:\n',
    ...methods.map((node) => section(signature(node), node)),
    '## The module\n',
    'The functions of the module share one engine for the whole process, worker threads included; its first use fixes its\nconfiguration, until `close()`. `MODEL_FALLBACKS` has the fallbacks of the built-in catalogue.\n',
    ...functions.map((node) => section(signature(node), node)),
  ].join('\n');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(CONFIGURATION, configurationPage());
  writeFileSync(FUNCTIONS, functionsPage());
}
