'use strict';

/**
 * The package's entry: the generated loader, `index.js`, with an error that says what to do where no binary loads, and
 * what crosses in JavaScript before it.
 */
try {
  module.exports = require('./index.js');
} catch (error) {
  throw new Error(advice(error), { cause: error });
}
require('./crossing.js')(module.exports);
require('./slate.js')(module.exports);
require('./ask.js')(module.exports);

/** What is supported, what was tried, and how to go on. */
function advice(error) {
  const tried = [];
  for (let { cause } = error; cause; { cause } = cause) tried.push(`  ${cause.message.split('\n')[0]}`);
  return `Fallcast has no binary that loads on ${process.platform}-${process.arch} with Node.js ${process.version}.

There are binaries for Node.js 20.17 or later on
  Linux   x64 and arm64, with glibc 2.17 or later or with musl
  macOS   x64 and arm64
  Windows x64 and arm64
Each is a package of its own, an optional dependency of fallcast. If yours is among them, it was not installed: install
without --omit=optional (--no-optional), on the platform that runs it, and after removing a package-lock.json that was
made on another platform.

Elsewhere, build it from source with a stable Rust toolchain (https://rustup.rs): in a clone of the repository run
"npm run setup", and depend on that folder ("npm install <folder>").

What was tried:
${tried.reverse().join('\n')}`;
}
