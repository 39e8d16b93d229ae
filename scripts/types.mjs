/**
 * Takes Rust's quotes off the comments in `index.d.ts`: a documentation comment that goes through a macro, as those of
 * `src/binding/methods.rs` do, reaches the napi CLI as a raw string.
 */
import { readFileSync, writeFileSync } from 'node:fs';

const TYPES = new URL('../index.d.ts', import.meta.url);
const types = readFileSync(TYPES, 'utf8');
writeFileSync(TYPES, types.replaceAll(/^(\s*(?:\/\*)?\*) r(#*)" ?(.*?)(?:"\2)?( \*\/)?$/gm, (_, star, __, text, end = '') => `${star} ${text}`.trimEnd() + end));
