'use strict';

/**
 * `fallcast/otel`: a span for each call, one below it for each attempt, and metrics, as the semantic conventions for
 * generative AI have them (1.41), over whatever OpenTelemetry a program has set up. It puts its own functions before those of
 * one engine; an engine that is not instrumented knows nothing of it.
 */
const { Options } = require('../options.js');
const { observe } = require('../slate.js');
const { Recorder } = require('./recorder.js');

/** The functions that make one call each. */
const CALLS = ['predictWithFallback', 'askWithFallback'];
const instrumented = new WeakSet();

const isProvider = (name) => (value) => typeof value?.[name] === 'function';

/** The optional peer, asked for only when it is needed. */
function peer() {
  try {
    return require('@opentelemetry/api');
  } catch (cause) {
    const message = 'fallcast/otel needs the package @opentelemetry/api, in the version of your OpenTelemetry SDK';
    throw Object.assign(new Error(message, { cause }), { code: 'INVALID_CONFIG' });
  }
}

function readOptions(engine, given) {
  const options = new Options(engine, ['predictWithFallback', 'buildPrompt'], given);
  const read = {
    tracerProvider: options.read('tracerProvider', undefined, isProvider('getTracer'), 'a tracer provider, which has getTracer'),
    meterProvider: options.read('meterProvider', undefined, isProvider('getMeter'), 'a meter provider, which has getMeter'),
    traceparent: options.boolean('traceparent'),
    content: options.boolean('content'),
  };
  if (instrumented.has(engine)) options.refuse('engine', 'is instrumented already');
  else if (engine && !Object.isExtensible(engine)) options.refuse('engine', "cannot be changed: give an engine, or the default export of 'fallcast'");
  options.check();
  return read;
}

/** The caller's options, with where the call stands in the trace, unless the caller has said that. */
function withTraceparent(options, traceparent) {
  if (traceparent === null || (options !== undefined && options !== null && typeof options !== 'object')) return options;
  return options?.traceparent ? options : { ...options, traceparent };
}

exports.instrument = function instrument(engine, options) {
  const settings = readOptions(engine, options);
  const recorder = new Recorder(peer(), engine, settings);
  const before = new Map();

  const put = (name, wrap) => {
    const original = engine[name];
    if (typeof original !== 'function') return;
    before.set(name, Object.getOwnPropertyDescriptor(engine, name));
    const value = wrap(original);
    Object.defineProperty(value, 'length', { value: original.length });
    Object.defineProperty(engine, name, { value, configurable: true, writable: true });
  };

  for (const name of CALLS) {
    put(name, (original) => ({ [name](request, given) {
      const call = recorder.begin(name, request, given);
      return Reflect.apply(original, this, [request, withTraceparent(given, call.traceparent)]).then((outcome) => {
        call.answered(outcome);
        return outcome;
      }, (error) => {
        call.failed(error);
        throw error;
      });
    } })[name]);
  }
  put('predictSlate', (original) => function predictSlate(request, given) {
    const call = recorder.begin('predictSlate', undefined, given);
    let slate;
    try {
      slate = Reflect.apply(original, this, [request, withTraceparent(given, call.traceparent)]);
    } catch (error) {
      call.failed(error);
      throw error;
    }
    slate[observe]((event) => call.told(event));
    slate.result().then((outcome) => call.answered(outcome), (error) => call.failed(error));
    return slate;
  });
  instrumented.add(engine);

  return function restore() {
    if (!instrumented.delete(engine)) return;
    for (const [name, descriptor] of before) {
      if (descriptor) Object.defineProperty(engine, name, descriptor);
      else delete engine[name];
    }
  };
};
