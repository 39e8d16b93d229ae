/** The package by `import`: named exports, and all of them. */
import assert from 'node:assert/strict';

import * as fallcast from 'fallcast';
import { Fallcast, MODEL_FALLBACKS, predictWithFallback } from 'fallcast';

import { exercise } from './exercise.mjs';

assert.deepEqual([Fallcast, MODEL_FALLBACKS, predictWithFallback].map((value) => typeof value), ['function', 'object', 'function']);
await exercise('ESM', fallcast);
