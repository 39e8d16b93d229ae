/** The package by `require`: its exports, its manifest and the data that ships. */
const assert = require('node:assert/strict');

const fallcast = require('fallcast');

assert.equal(require('fallcast/package.json').name, 'fallcast');
assert.ok(require('fallcast/catalog/models.json').models.length > 0);
assert.ok(require('fallcast/catalog/models.schema.json').properties);
assert.ok(require.resolve('fallcast/catalog/prompts/base.md'));
for (const inner of ['fallcast/index.js', 'fallcast/main.js', 'fallcast/examples/upstream.js']) {
  assert.throws(() => require(inner), { code: 'ERR_PACKAGE_PATH_NOT_EXPORTED' });
}

assert.equal(typeof require('fallcast/testing').startUpstream, 'function');
assert.equal(typeof require('fallcast/status').statusPage, 'function');

import('./exercise.mjs').then(({ exercise }) => exercise('CommonJS', fallcast));
