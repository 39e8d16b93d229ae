/** The types of `fallcast/status`. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { FleetReport, Status } from 'fallcast'

/** What a page asks of: an engine, or the whole of what `fallcast` exports, for the engine that the process shares. */
export interface StatusSource {
  getStatus(): Status
  getFleetStatus(): Promise<FleetReport>
  getMetricsText(): string
  explain(request: { modelId: string; matches: { id: string; homeTeam: string; awayTeam: string }[] }): unknown
  onEvent(listener: (event: any) => void): () => void
  disableModel(modelId: string, reason: string): void
  enableModel(modelId: string): void
  activatePrompts(version?: string | null): void
}

/** Options of a page. */
export interface StatusPageOptions {
  /** Its head, 1 to 100 characters. Default: `Fallcast`. */
  title?: string
  /** The path under which it stands, such as `/status`, where no framework takes it away. Default: none. */
  basePath?: string
  /**
   * Whether a request may be answered: only `true` is a yes, and what it throws is a no, which is 403. It is asked for
   * everything but `/healthz`. Default: every request is answered.
   */
  authorize?(request: IncomingMessage | Request): boolean | Promise<boolean>
  /** Whether models can be switched off and on and prompts be pinned from the page; `authorize` is required then. Default: false. */
  actions?: boolean
  /** How many streams there may be at once, 1 to 100,000; more get 503. Default: 1,000. */
  maxStreams?: number
}

/** A page: a handler for `node:http`, Express and Fastify, and in `fetch` one for whoever has a `Request`. */
export interface StatusPage {
  /** Answers a request; one that is for nobody here goes to `next`, or gets 404 without it. */
  (request: IncomingMessage, response: ServerResponse, next?: (error?: unknown) => void): void
  /** Answers a request. It may be called apart from the page. */
  fetch(request: Request): Promise<Response>
  /** Ends every stream; whatever comes later gets 503. The engine stays open. */
  close(): void
}

/**
 * Makes a page of an engine: `/` the page, `/status.json` a `Status`, `/events` a stream of changes, `/metrics` for
 * Prometheus, `/healthz` 200, or 503 when the engine is closed or no model is active.
 *
 * Throws `INVALID_CONFIG` with every fault, a line each, and its path.
 */
export function statusPage(engine: StatusSource, options?: StatusPageOptions | null): StatusPage
