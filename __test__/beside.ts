/** Compiled, never run: the types of what stands beside the engine. */
import { metrics, trace } from '@opentelemetry/api';
import { Fallcast } from 'fallcast';
import * as all from 'fallcast';
import { alerts, type AlertOptions, type Alerts } from 'fallcast/alerts';
import { instrument, type OtelOptions } from 'fallcast/otel';
import { statusPage, type StatusPage, type StatusPageOptions } from 'fallcast/status';

const engine = new Fallcast();
const tracing: Required<OtelOptions> = {
  tracerProvider: trace.getTracerProvider(), meterProvider: metrics.getMeterProvider(), traceparent: true, content: false,
};
export const ends: (() => void)[] = [instrument(engine), instrument(all, tracing), instrument(engine, null)];
// @ts-expect-error there is no such option
instrument(engine, { prompts: true });

const options: Required<StatusPageOptions> = {
  title: 'Models', basePath: '/status', authorize: async (request) => request.headers !== undefined, actions: true, maxStreams: 5,
};
export const pages: StatusPage[] = [statusPage(engine), statusPage(all, options), statusPage(engine, null)];
// @ts-expect-error a page is of an engine
statusPage({});

const posted: Required<AlertOptions> = {
  url: 'https://example.com/alerts', secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', format: 'slack', on: ['disabled', 'fleet_lost'],
  allowInsecureHttp: false, timeoutMs: 1000, firstRetryMs: 100, maxAttempts: 3, maxWaiting: 10,
};
export const posting: Alerts[] = [alerts(engine, posted), alerts(all, { url: posted.url })];
export const waiting: number = posting[0]!.status().waiting;
// @ts-expect-error it must be told where to
alerts(engine, {});
// @ts-expect-error there is no such event
alerts(engine, { url: posted.url, on: ['exploded'] });
