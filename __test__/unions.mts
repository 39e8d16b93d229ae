/** Compiled, never run: the unions and the nullability of what an engine tells. */
import { expectTypeOf } from 'expect-type';

import type {
  Budget, CatalogChanges, EngineEvent, ErrorCode, FailureKind, FallbackReason, FallcastError, InvalidationEvent, Metrics,
  ModelStatus, Plan, PredictionOutcome, SkipReason, Snapshot,
} from 'fallcast';
import type { Manner, UpstreamRequest } from 'fallcast/testing';

/** An event is told apart by its `type`, and every type is handled: a new one breaks this, as it should. */
export function describe(event: EngineEvent): string {
  switch (event.type) {
    case 'disabled':
      expectTypeOf(event.disabledUntil).toEqualTypeOf<string | null>();
      return event.reason;
    case 'enabled':
    case 'recovered':
    case 'cooled':
      return event.modelId;
    case 'cooling':
      expectTypeOf(event.kind).toEqualTypeOf<FailureKind>();
      expectTypeOf(event.callId).toEqualTypeOf<string | null>();
      return event.coolingUntil;
    case 'provider_cooling':
      // @ts-expect-error it speaks of a provider
      event.modelId;
      return event.providerId;
    case 'provider_cooled':
      return event.providerId;
    case 'restored':
      return event.ignoredModelIds.join();
    case 'fallback':
      expectTypeOf(event.callId).toEqualTypeOf<string>();
      expectTypeOf(event.requestId).toEqualTypeOf<string | null>();
      expectTypeOf(event.reason).toEqualTypeOf<FallbackReason>();
      return event.promptVersion;
    case 'cost_warning':
      return event.priceRatio.toFixed();
    case 'usage_doubted':
      return `${event.told.promptTokens} ${event.booked.promptTokens} ${event.problem}`;
    case 'budget':
      return `${event.day} ${event.spentUsd}`;
    case 'fleet_joined':
      return event.members.toFixed();
    case 'fleet_lost':
      return event.problem;
    case 'grant_lapsed':
      expectTypeOf(event.heldUsd).toBeNumber();
      return `${event.memberId} ${event.day}`;
    case 'state_damaged':
      return event.movedTo;
    case 'state_unsaved':
      return event.problem;
    case 'model_retiring':
      expectTypeOf(event.daysLeft).toBeNumber();
      return `${event.modelId} ${event.retiresOn}`;
    case 'catalog_reloaded':
      return [event.addedModelIds, event.removedModelIds, event.changedModelIds].join();
    case 'catalog_rejected':
      return event.faults.join();
    case 'prompts_reloaded':
      return event.versions.join();
    case 'prompts_rejected':
      return event.faults.join();
    default:
      return event satisfies never;
  }
}

/** A caught error is narrowed by its code. */
export function retryAfter(error: unknown): number | null | undefined {
  const { code, retryAfterMs, attempts } = error as FallcastError;
  expectTypeOf(code).toEqualTypeOf<ErrorCode>();
  expectTypeOf(attempts?.[0]?.failure).toEqualTypeOf<FailureKind | null | undefined>();
  return code === 'ALL_ATTEMPTS_FAILED' ? retryAfterMs : undefined;
}

expectTypeOf<FallbackReason>().toEqualTypeOf<FailureKind | SkipReason | 'incomplete'>();
expectTypeOf<PredictionOutcome['fallbackReason']>().toEqualTypeOf<FallbackReason | null>();
expectTypeOf<PredictionOutcome['predictions'][number]['homeScore']>().toBeNumber();
expectTypeOf<InvalidationEvent['key']>().toEqualTypeOf<'stats:active_model_count'>();
expectTypeOf<InvalidationEvent['modelId']>().toEqualTypeOf<string | null>();
expectTypeOf<Budget['state']>().toEqualTypeOf<'open' | 'fallbacks_paused' | 'exhausted'>();
expectTypeOf<Budget['remainingUsd']>().toEqualTypeOf<number | null>();
expectTypeOf<Metrics['routes'][number]['modelId']>().toEqualTypeOf<string | null>();
expectTypeOf<Metrics['models'][number]['failures']>().toEqualTypeOf<Partial<Record<FailureKind, number>>>();
expectTypeOf<Plan['attempts'][number]['priceRatio']>().toEqualTypeOf<number | null>();
expectTypeOf<ModelStatus['lastFailure']>().exclude<null>().toHaveProperty('kind').toEqualTypeOf<FailureKind>();
expectTypeOf<Snapshot['version']>().toEqualTypeOf<1>();
expectTypeOf<CatalogChanges>().toHaveProperty('fallbacks').toEqualTypeOf<Record<string, string | string[]> | undefined>();
expectTypeOf<(request: UpstreamRequest) => 'clean'>().toExtend<Manner>();
