'use strict';

/** Makes spans and measurements of what a call came to. What goes wrong here is OpenTelemetry's to tell, and no call's affair. */
const { version } = require('../package.json');
const { inputOf, outputOf } = require('./content.js');

/** Buckets as the conventions advise. */
const SECONDS = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92];
const TOKENS = [1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864];

/** The attributes that are there. */
const present = (attributes) => Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== undefined && value !== null));

exports.Recorder = class Recorder {
  constructor(api, engine, { tracerProvider, meterProvider, traceparent, content }) {
    this.api = api;
    this.engine = engine;
    this.sendsTraceparent = traceparent;
    this.keepsContent = content;
    this.tracer = (tracerProvider ?? api.trace).getTracer('fallcast', version);
    const meter = (meterProvider ?? api.metrics).getMeter('fallcast', version);
    this.durations = meter.createHistogram('gen_ai.client.operation.duration', {
      description: 'GenAI operation duration.', unit: 's', advice: { explicitBucketBoundaries: SECONDS },
    });
    this.tokens = meter.createHistogram('gen_ai.client.token.usage', {
      description: 'Number of input and output tokens used.', unit: '{token}', advice: { explicitBucketBoundaries: TOKENS },
    });
  }

  /** Begins the span of a call, below whatever span is active. */
  begin(workflow, request, options) {
    return this.guarded(() => new Call(this, this.api.context.active(), { workflow, request, options, startTime: Date.now() })) ?? NO_CALL;
  }

  /** What `act` gives; undefined if it throws. */
  guarded(act) {
    try {
      return act();
    } catch (error) {
      this.api.diag.error('fallcast/otel', error);
      return undefined;
    }
  }
};

/** A call of which nothing can be told. */
const NO_CALL = { traceparent: null, answered() {}, failed() {}, told() {} };

/** The span of a call, while it is under way. */
class Call {
  #recorder;
  #request;
  #options;
  #span;
  #context;
  #end;
  /** The calls of a slate that were told of. */
  #known = new Set();

  constructor(recorder, context, { workflow, request, options, startTime }) {
    const { SpanKind, trace } = recorder.api;
    this.#recorder = recorder;
    this.#request = request;
    this.#options = options;
    this.#end = this.startTime = startTime;
    const modelId = typeof request?.modelId === 'string' ? request.modelId : undefined;
    this.#span = recorder.tracer.startSpan(`invoke_workflow ${workflow}`, {
      kind: SpanKind.INTERNAL,
      startTime,
      attributes: present({ 'gen_ai.operation.name': 'invoke_workflow', 'gen_ai.workflow.name': workflow, 'gen_ai.request.model': modelId }),
    }, context);
    this.#context = trace.setSpan(context, this.#span);
  }

  /** The span as the header of W3C Trace Context names it; null if it is not to be sent. */
  get traceparent() {
    const { api, sendsTraceparent } = this.#recorder;
    const { traceId, spanId, traceFlags } = this.#span.spanContext();
    if (!sendsTraceparent || !api.isSpanContextValid({ traceId, spanId, traceFlags })) return null;
    return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`;
  }

  /** The call has an outcome. */
  answered(outcome) {
    this.#recorder.guarded(() => {
      this.#describe(outcome);
      this.#attempts(outcome.attempts, outcome);
      this.#finish(Date.now());
    });
  }

  /** The call has an error. */
  failed(error) {
    this.#recorder.guarded(() => {
      this.#describe(error);
      this.#attempts(error.attempts);
      this.#fail(error.code ?? 'INTERNAL_ERROR');
      this.#finish(Date.now());
    });
  }

  /** A slate tells what became of one of its calls. */
  told(event) {
    this.#recorder.guarded(() => {
      const ended = event.type === 'answered' ? event.outcome : event.type === 'missed' ? event.error : undefined;
      if (!ended?.callId || this.#known.has(ended.callId)) return;
      this.#known.add(ended.callId);
      const first = ended.attempts?.find(({ reused }) => !reused);
      const request = { modelId: ended.originalModelId ?? event.modelId };
      const startTime = first ? Date.parse(first.startedAt) : Date.now();
      const call = new Call(this.#recorder, this.#context, { workflow: 'predictSlate.call', request, options: this.#options, startTime });
      call.#describe(ended);
      call.#attempts(ended.attempts, event.outcome);
      if (event.error) call.#fail(ended.code);
      call.#finish(call.startTime);
      this.#end = Math.max(this.#end, call.#end);
    });
  }

  #describe({ callId, requestId, modelId, fallbackReason, costUsd, originalCostUsd, skips }) {
    this.#span.setAttributes(present({
      'fallcast.call_id': callId,
      'fallcast.request_id': requestId,
      'fallcast.model': modelId,
      'fallcast.fallback_reason': fallbackReason,
      'fallcast.cost_usd': costUsd,
      'fallcast.original_cost_usd': originalCostUsd,
      'fallcast.skips': skips?.length > 0 ? skips.map((skip) => `${skip.modelId}: ${skip.reason}`) : undefined,
    }));
  }

  #fail(code) {
    this.#span.setAttribute('error.type', code);
    this.#span.setStatus({ code: this.#recorder.api.SpanStatusCode.ERROR, message: code });
  }

  #finish(time) {
    this.#span.end(Math.max(time, this.#end));
  }

  /** Spans of the attempts, each with its own times. One that stands in for another call's is that call's. */
  #attempts(attempts = [], outcome = undefined) {
    const answering = attempts.findLastIndex(({ modelId, failure }) => failure === null && modelId === outcome?.modelId);
    const { responseModel } = attempts[answering] ?? {};
    if (responseModel) this.#span.setAttribute('gen_ai.response.model', responseModel);
    let isWhole = true;
    for (const [index, attempt] of attempts.entries()) {
      if (!attempt.reused) this.#attempt(attempt, { isWhole, outcome: index === answering ? outcome : undefined });
      // Those after an answer are asked for what it left out.
      isWhole &&= attempt.failure !== null;
    }
  }

  #attempt(attempt, { isWhole, outcome }) {
    const { api: { SpanKind, SpanStatusCode, trace }, tracer, durations, tokens, keepsContent } = this.#recorder;
    const { modelId, providerId, failure, usage } = attempt;
    // Times of attempts are whole milliseconds of another clock.
    const startTime = Math.max(Date.parse(attempt.startedAt), this.startTime);
    const endTime = startTime + attempt.durationMs;
    this.#end = Math.max(this.#end, endTime);
    const common = { 'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': providerId, 'gen_ai.request.model': modelId };
    const failed = failure === null ? {} : { 'error.type': failure };
    const span = tracer.startSpan(`chat ${modelId}`, {
      kind: SpanKind.CLIENT,
      startTime,
      attributes: present({
        ...common,
        ...failed,
        'gen_ai.request.temperature': this.#sent(attempt, 'temperature', 'temperature'),
        'gen_ai.request.max_tokens': this.#sent(attempt, 'max_tokens', 'maxTokens'),
        'gen_ai.response.model': attempt.responseModel,
        'gen_ai.usage.input_tokens': usage?.promptTokens,
        'gen_ai.usage.output_tokens': usage?.completionTokens,
        'gen_ai.usage.cache_read.input_tokens': usage?.cachedTokens || undefined,
        'gen_ai.usage.reasoning.output_tokens': usage?.reasoningTokens || undefined,
        'http.response.status_code': attempt.status,
        'http.request.resend_count': attempt.retries || undefined,
        'fallcast.prompt_version': attempt.promptVersion,
        'fallcast.cost_usd': attempt.costUsd,
        ...(keepsContent && inputOf(this.#recorder.engine, this.#request, attempt, isWhole)),
        ...(keepsContent && outcome && outputOf(outcome)),
      }),
    }, this.#context);
    // What was seen of a reply that failed may quote it.
    if (failure !== null) span.setStatus({ code: SpanStatusCode.ERROR, message: keepsContent ? attempt.message : failure });
    span.end(endTime);
    const context = trace.setSpan(this.#context, span);
    durations.record(attempt.durationMs / 1000, { ...common, ...failed }, context);
    if (!usage) return;
    tokens.record(usage.promptTokens, { ...common, 'gen_ai.token.type': 'input' }, context);
    tokens.record(usage.completionTokens, { ...common, 'gen_ai.token.type': 'output' }, context);
  }

  /** A parameter as it was sent: fitted to the provider, or as the caller gave it. */
  #sent({ adjusted }, parameter, option) {
    const change = adjusted.find((each) => each.parameter === parameter);
    return change ? change.to : this.#options?.[option];
  }
}
