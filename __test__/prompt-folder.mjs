/** Folders of prompts for the specs. */
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { onTestFinished } from 'vitest';

/** The folder of the built-in prompts. */
export const BUILTIN = fileURLToPath(new URL('../catalog/prompts', import.meta.url));

/** A version of the small prompts below, with more fields. */
export const version = (fields = {}) => ({
  system: ['task', 'scoring'], output: 'output', user: ['matches'], ...fields,
});

/** The texts of small prompts. */
export const components = {
  task: 'Predict, as one of {{active_models}}, on {{date}}.',
  scoring: 'The exact score earns the most.',
  output: 'Answer as JSON.',
  matches: 'The matches:\n{{matches}}',
  calm: 'Keep calm.',
};

/** A folder that is removed after the test. */
export function temporaryFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'fallcast-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Writes files into a folder: by name, a text, or anything else as JSON. */
export function write(folder, files) {
  for (const [name, content] of Object.entries(files)) {
    const file = join(folder, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  }
  return folder;
}

/** A folder with small prompts in these versions, and with more files. */
export function promptFolder(versions = { first: version() }, files = {}) {
  const texts = Object.entries(components).map(([name, text]) => [`${name}.md`, `${text}\n`]);
  return write(temporaryFolder(), { ...Object.fromEntries(texts), 'manifest.json': { versions }, ...files });
}

/** A copy of the folder of the built-in prompts. */
export function copyOfBuiltin() {
  const folder = join(temporaryFolder(), 'prompts');
  cpSync(BUILTIN, folder, { recursive: true });
  return folder;
}
