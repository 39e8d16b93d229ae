/** The types of `fallcast/otel`. */
import type { Fallcast } from 'fallcast'

/** What can be instrumented: an engine, or the default export of `fallcast`, for the engine that the process shares. */
export type Instrumentable = Pick<Fallcast, 'predictWithFallback' | 'predictSlate' | 'buildPrompt'>

/** How an engine is instrumented. */
export interface OtelOptions {
  /** Where spans go: a `TracerProvider` of `@opentelemetry/api`. Default: the one that the program has registered. */
  tracerProvider?: { getTracer(name: string, version?: string): unknown }
  /** Where measurements go: a `MeterProvider` of `@opentelemetry/api`. Default: the one that the program has registered. */
  meterProvider?: { getMeter(name: string, version?: string): unknown }
  /** Whether requests to providers have the header `traceparent`, which names the span of the call. Default: false. */
  traceparent?: boolean
  /** Whether spans have prompts and replies. Default: false. */
  content?: boolean
}

/**
 * Has each call of an engine make a span below the active one, each of its attempts a client span below that, and both metrics
 * of `gen_ai.client`. Returns a function that ends it.
 *
 * Throws `INVALID_CONFIG` with every fault, a line each, and its path; also if the engine is instrumented already, or without
 * the package `@opentelemetry/api`.
 */
export function instrument(engine: Instrumentable, options?: OtelOptions | null): () => void
