/**
 * The two ends of `index.d.ts`.
 *
 * `join`, before the build, puts the types that are written by hand, a file for each subject, into the one file that the
 * napi CLI takes for a header.
 *
 * `tidy`, after it, takes Rust's quotes off the comments: a documentation comment that goes through a macro, as those of
 * `src/binding/methods.rs` do, reaches the napi CLI as a raw string.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';

/** In the order of a reader; what is not named here comes last. */
const SUBJECTS = ['requests', 'questions', 'slates', 'config', 'catalog', 'prompts', 'logs', 'events', 'snapshot', 'errors'];

const root = new URL('..', import.meta.url);

function join() {
  const folder = new URL('src/binding/types/', root);
  const place = (file) => (SUBJECTS.indexOf(file.split('.')[0]) + SUBJECTS.length + 1) % (SUBJECTS.length + 1);
  const files = readdirSync(folder).filter((file) => file.endsWith('.d.ts')).sort((a, b) => place(a) - place(b));
  const parts = files.map((file) => readFileSync(new URL(file, folder), 'utf8').trim());
  mkdirSync(new URL('target/', root), { recursive: true });
  writeFileSync(new URL('target/types.d.ts', root), `${parts.join('\n\n')}\n\n`);
}

function tidy() {
  const file = new URL('index.d.ts', root);
  const quoted = /^(\s*(?:\/\*)?\*) r(#*)" ?(.*?)(?:"\2)?( \*\/)?$/gm;
  const plain = (_, star, __, text, end = '') => `${star} ${text}`.trimEnd() + end;
  writeFileSync(file, readFileSync(file, 'utf8').replaceAll(quoted, plain));
}

({ join, tidy })[process.argv[2]]();
